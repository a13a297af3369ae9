"""What the law asks by is what the contract states, whatever becomes of the listing afterwards."""

import datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.migrations import RunSQL
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from deals import certificates, selectors, services
from deals.effect import LegalFacts
from deals.legal.lint import WARN, lint
from deals.lifecycle import DealState
from deals.models import Contract, Deal, Obligation, Permit, SharePlan
from deals.tasks import start_due_contracts
from listings.models import Technology
from listings.services import save_technology, withdraw_listing
from marketplace.kit.errors import Conflict
from tests.factories.appraisals import certified
from tests.factories.deals import Room, deal_room, province, signed_pdf, terms
from tests.factories.listings import ReviewFactory, TechnologyFactory
from valuation.models import Appraisal

pytestmark = pytest.mark.django_db


def funded(**fields):
    return TechnologyFactory(published=True, state_funding_pct=Decimal(70), **fields)


def edit(room: Room, **fields) -> None:
    """Write into the listing, as its author may once it is withdrawn, or a reviewer who classifies it anew."""
    Technology.objects.filter(pk=room.technology.pk).update(**fields)


def standing(room: Room) -> Contract:
    contract = selectors.current_contract(room.running)
    assert contract is not None
    return contract


def upload(room: Room) -> None:
    services.upload_signed_copy(deal=room.running, actor=room.tto, upload=signed_pdf(), signed_on=timezone.localdate())


def register(room: Room) -> None:
    services.record_registration(
        deal=room.running, actor=room.operator, certificate_no="12/2026", issued_on=timezone.localdate(),
        value_vnd=Decimal(1), province=province(),
    )  # fmt: skip


def test_state_money_that_the_contract_states_asks_for_certificate_and_registration_though_the_listing_denies_it():
    room = deal_room(DealState.AGREED, technology=funded())
    edit(room, state_funding_pct=0)
    assert certificates.purpose_for(room.running) == Appraisal.Purpose.STATE
    with pytest.raises(Conflict) as refused:
        upload(room)
    assert refused.value.detail["rule"] == "appraisal.state_capital.required"
    certified(room.technology)
    upload(room)
    services.confirm_signed_copy(deal=room.running, actor=room.signatory)
    assert (room.running.state, standing(room).effective_on) == (DealState.SIGNED, None)
    register(room)
    assert room.running.state == DealState.EFFECTIVE
    assert SharePlan.objects.get().state_funding_pct == 70


def test_state_money_that_comes_to_light_later_asks_for_a_certificate_and_leaves_the_registration_as_stated():
    room = deal_room(DealState.AGREED)
    edit(room, state_funding_pct=70)
    with pytest.raises(Conflict):
        upload(room)
    certified(room.technology)
    upload(room)
    services.confirm_signed_copy(deal=room.running, actor=room.signatory)
    assert room.running.state == DealState.EFFECTIVE


def test_registration_stays_mandatory_when_the_certificate_of_the_result_is_entered_after_the_signature(client):
    room = deal_room(DealState.SIGNED, technology=funded())
    edit(room, result_certificate_no="KQ-2025-17")
    client.force_login(room.tto)
    page = client.get(f"/en/deals/{room.running.pk}/registration/")
    assert (page.context["effect"].must_register, page.context["effect"].waits_for) == (True, "certificate")
    assert start_due_contracts() == 0
    register(room)
    assert room.running.state == DealState.EFFECTIVE
    assert Obligation.objects.exists()


def test_permit_is_still_recorded_when_the_listing_is_classified_anew():
    room = deal_room(DealState.SIGNED, technology=TechnologyFactory(published=True, legal_class="restricted"))
    edit(room, legal_class="none")
    services.record_permit(
        deal=room.running, actor=room.operator, number="GP-7", authority="UBND tỉnh Hà Nam",
        issued_on=timezone.localdate(),
    )  # fmt: skip
    assert room.running.state == DealState.EFFECTIVE


def test_day_of_a_contract_for_which_nothing_lacks_is_written_where_it_was_not():
    ahead = timezone.localdate() + datetime.timedelta(days=30)
    room = deal_room(DealState.SIGNED, offered=terms(effective_from=ahead))
    Contract.objects.update(effective_on=None)
    assert start_due_contracts() == 0
    assert (standing(room).effective_on, list(selectors.due_to_take_effect())) == (ahead, [])


@pytest.mark.parametrize("legal_class", ["none", "restricted"])
def test_recorded_paper_puts_into_effect_what_did_not_follow_it(legal_class):
    room = deal_room(DealState.SIGNED, technology=funded(legal_class=legal_class))
    contract, given = standing(room), {"issued_on": timezone.localdate(), "recorded_by": room.operator}
    assert list(selectors.due_to_take_effect()) == []
    if legal_class == "restricted":
        Permit.objects.create(contract=contract, number="GP-7", authority="UBND", **given)
    else:
        contract.registrations.create(certificate_no="1", value_vnd=1, province=province(), **given)
    assert [row.pk for row in selectors.due_to_take_effect()] == [contract.pk]
    assert start_due_contracts() == 1
    assert (room.running.state, standing(room).effective_on) == (DealState.EFFECTIVE, timezone.localdate())


@pytest.mark.parametrize(
    "change",
    [{"text": {}}, {"sha256": "0" * 64}, {"restricted": True}, {"must_register": False}, {"state_funding_pct": 0},
     {"state_capital": True}],
)  # fmt: skip
def test_database_refuses_to_change_what_a_contract_states(change):
    deal_room(DealState.CONTRACT_DRAFTED, technology=funded())
    with pytest.raises(DatabaseError), transaction.atomic():
        Contract.objects.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Contract.objects.all()._raw_delete("default")
    assert Contract.objects.update(superseded_at=timezone.now()) == 1


def test_terms_that_are_open_again_are_judged_by_the_listing_until_the_next_version():
    room = deal_room(DealState.CONTRACT_DRAFTED, technology=funded())
    edit(room, state_funding_pct=0, legal_class="restricted")
    services.generate_contract(deal=room.running, actor=room.buyer)
    assert standing(room).legal_facts == LegalFacts(
        restricted=True, must_register=False, state_funding_pct=Decimal(0), state_capital=False
    )
    services.reopen_terms(deal=room.running, actor=room.buyer, reason="Giá cần bàn lại.")
    edit(room, state_funding_pct=1, legal_class="none")
    assert (room.running.uses_state_money, room.running.is_restricted) == (True, False)


@pytest.mark.parametrize("state", [DealState.TERMS_AGREED, DealState.CONTRACT_DRAFTED])
def test_lists_say_of_the_law_what_the_deal_itself_says(state):
    room = deal_room(state, technology=funded(legal_class="restricted"))
    edit(room, state_funding_pct=None, legal_class="none")
    [listed] = selectors.my_deals(room.tto)
    alone = Deal.objects.get()
    assert {"uses_state_money", "is_restricted"} <= set(vars(listed))
    facts = (listed.uses_state_money, listed.is_restricted)
    assert facts == (alone.uses_state_money, alone.is_restricted)
    assert facts == ((True, True) if state == DealState.CONTRACT_DRAFTED else (False, False))


def step_of(name: str) -> str:
    """Give the first statement of a migration of deals, by the end of its name."""
    migrations = MigrationLoader(connection).disk_migrations
    [migration] = [migrations[key] for key in migrations if key[0] == "deals" and key[1].endswith(name)]
    return next(step.sql for step in migration.operations if isinstance(step, RunSQL))


@pytest.mark.parametrize(
    ("listing", "since", "wanted"),
    [
        ({"state_funding_pct": 70}, {}, (False, True, 70)),
        ({"state_funding_pct": 70}, {"state_funding_pct": 0}, (False, True, 100)),
        ({"state_funding_pct": 70}, {"result_certificate_no": "KQ-1"}, (False, True, 70)),
        ({"legal_class": "restricted"}, {"legal_class": "none"}, (True, False, 0)),
        ({}, {"legal_class": "restricted", "state_funding_pct": 5}, (False, False, 5)),
    ],
)
def test_contracts_of_before_take_over_what_their_text_states(listing, since, wanted):
    room = deal_room(
        DealState.CONTRACT_DRAFTED,
        technology=TechnologyFactory(published=True, **{"state_funding_pct": None, **listing}),
    )
    edit(room, **since)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        Contract.objects.update(restricted=False, must_register=False, state_funding_pct=0)
        cursor.execute(step_of("_facts_of_contracts"))
        cursor.execute("SET LOCAL session_replication_role = origin")
    found = standing(room)
    assert (found.restricted, found.must_register, found.state_funding_pct) == wanted


def test_both_sides_are_told_that_the_listing_was_changed_since_its_review():
    room = deal_room(DealState.TERMS_AGREED, technology=funded())
    assert not services.draft_of(room.running).changed  # imported: nobody reviewed it
    ReviewFactory(technology=room.technology, decision="approve", decided_at=timezone.now())
    withdraw_listing(listing=room.technology, actor=room.researcher)
    assert "listing_changed" not in {finding.code for finding in lint(services.draft_of(room.running))}
    version = Technology.objects.get(pk=room.technology.pk).version
    save_technology(
        technology=room.technology, actor=room.researcher, version=version, values={"state_funding_pct": Decimal(0)}
    )
    [found] = [finding for finding in lint(services.draft_of(room.running)) if finding.code == "listing_changed"]
    assert found.severity == WARN
    services.generate_contract(deal=room.running, actor=room.buyer)


def record_permit(room: Room) -> None:
    services.record_permit(
        deal=room.running, actor=room.operator, number="GP-7", authority="UBND tỉnh Hà Nam",
        issued_on=timezone.localdate(),
    )  # fmt: skip


def unclassified() -> Technology:
    return TechnologyFactory(published=True, legal_class="unknown", state_funding_pct=None)


def test_class_that_was_unknown_when_the_contract_was_drawn_up_counts_once_it_is_known(client):
    room = deal_room(DealState.AGREED, technology=unclassified())
    last = standing(room).text["articles"][6]["paragraphs"][-1]
    assert last[1].startswith("When the contract was drawn up the exchange had not classified the technology")
    edit(room, legal_class="restricted")
    upload(room)
    services.confirm_signed_copy(deal=room.running, actor=room.signatory)
    assert (room.running.state, standing(room).effective_on) == (DealState.SIGNED, None)
    [listed] = selectors.board_deals(room.operator)
    assert (listed.is_restricted, room.running.is_restricted) == (True, True)
    client.force_login(room.operator)
    page = client.get(f"/en/deals/{room.running.pk}/registration/")
    assert page.context["effect"].waits_for == "permit"
    assert start_due_contracts() == 0
    record_permit(room)
    assert (room.running.state, standing(room).effective_on) == (DealState.EFFECTIVE, timezone.localdate())


def test_day_of_effect_falls_away_when_an_unclassified_technology_proves_restricted():
    ahead = timezone.localdate() + datetime.timedelta(days=30)
    room = deal_room(DealState.SIGNED, technology=unclassified(), offered=terms(effective_from=ahead))
    assert (standing(room).effective_on, list(selectors.due_to_take_effect())) == (ahead, [])
    edit(room, legal_class="restricted")
    assert start_due_contracts() == 0
    assert (standing(room).effective_on, list(selectors.due_to_take_effect())) == (None, [])
    record_permit(room)
    assert (room.running.state, standing(room).effective_on) == (DealState.SIGNED, ahead)


@pytest.mark.parametrize(("legal_class", "waits"), [("unknown", False), ("none", False), ("restricted", True)])
def test_contract_in_effect_of_an_unclassified_technology_asks_for_a_permit_only_if_it_proves_restricted(
    client, legal_class, waits
):
    room = deal_room(DealState.EFFECTIVE, technology=unclassified())
    edit(room, legal_class=legal_class)
    client.force_login(room.operator)
    page = client.get(f"/en/deals/{room.running.pk}/registration/")
    assert ("record_permit" in page.context["acts"]) is waits
    assert "with the permit</dd>" not in page.content.decode()
    if waits:
        record_permit(room)
    else:
        with pytest.raises(Conflict):
            record_permit(room)
    assert room.running.state == DealState.EFFECTIVE


@pytest.mark.parametrize(
    ("listing", "reviewed", "wanted"),
    [
        ("unknown", None, None),
        ("unknown", 1, None),
        ("none", -1, False),
        ("restricted", None, True),
    ],
)
def test_contracts_of_before_leave_open_the_class_that_nobody_had_said(listing, reviewed, wanted):
    technology = TechnologyFactory(published=True, legal_class=listing, state_funding_pct=None)
    room = deal_room(DealState.CONTRACT_DRAFTED, technology=technology)
    if reviewed is not None:
        decided = standing(room).generated_at + datetime.timedelta(hours=reviewed)
        ReviewFactory(technology=technology, stage="operator", decision="approve", decided_at=decided)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        Contract.objects.update(restricted=listing == "restricted")
        cursor.execute("SET LOCAL session_replication_role = origin")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a migration begins with nothing pending
        cursor.execute(step_of("_class_unknown_when_drawn_up"))
    assert standing(room).restricted is wanted
