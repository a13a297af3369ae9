"""Agreed, signed, registered, in effect: four facts."""

import datetime
import unicodedata
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone, translation
from django.utils.translation import gettext

from accounts.models import Organisation, User
from deals import selectors, services
from deals.acts import next_act
from deals.lifecycle import DealState
from deals.models import Contract, Deal
from deals.tasks import start_due_contracts
from listings.models import RightOwner
from listings.selectors import has_grant
from marketplace.kit.errors import Conflict, NotAllowed, Stale
from rules.working_days import working_days
from tests.factories.deals import PARTY, Room, certify_where_needed, deal_room, province, signed_pdf, terms
from tests.factories.listings import IPRightFactory, TechnologyFactory

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def standing(room: Room) -> Contract:
    contract = selectors.current_contract(room.running)
    assert contract is not None
    return contract


def sign(room: Room) -> None:
    today = timezone.localdate()
    certify_where_needed(room)
    services.upload_signed_copy(deal=room.running, actor=room.buyer, upload=signed_pdf(), signed_on=today)
    services.confirm_signed_copy(deal=room.running, actor=room.licensor_signatory)


def certify(room: Room, **values):
    base = {"certificate_no": "12/2026", "issued_on": timezone.localdate(), "value_vnd": Decimal(750_000_000)}
    return services.record_registration(
        deal=room.running, actor=room.operator, province=province(), **{**base, **values}
    )


def state_funded(**fields):
    return TechnologyFactory(published=True, state_funding_pct=Decimal(70), **fields)


def test_contract_needs_the_legal_data_of_both_sides():
    room = deal_room(DealState.NEGOTIATING)
    offer = services.make_offer(deal=room.running, actor=room.buyer, terms=terms())
    services.accept_offer(offer=offer, actor=room.tto)
    with pytest.raises(ValidationError) as refused:
        services.generate_contract(deal=room.running, actor=room.buyer)
    assert len(refused.value.message_dict["contract"]) == 2


def test_the_turn_is_with_the_side_whose_legal_data_is_missing():
    room = deal_room(DealState.NEGOTIATING)
    offer = services.make_offer(deal=room.running, actor=room.buyer, terms=terms())
    services.accept_offer(offer=offer, actor=room.tto)
    values = {"legal_name": "A", "country": "VN", "address": "B", "representative": "C", "position": "D"}
    with translation.override("en"):
        both = "Complete the legal data and draw up the contract"
        assert (room.running.turn, next_act(room.running)) == ("both", both)
        services.save_party(deal=room.running, actor=room.buyer, **values)
        assert (room.running.turn, next_act(room.running)) == ("licensor", "Complete the legal data")
        services.save_party(deal=room.running, actor=room.tto, **values)
        assert (room.running.turn, next_act(room.running)) == ("both", "Draw up the contract")


def test_legal_data_that_stands_already_is_not_asked_for_again_once_terms_are_agreed_anew():
    room = deal_room(DealState.TERMS_AGREED)
    services.reopen_terms(deal=room.running, actor=room.buyer, reason="Giá cần bàn lại.")
    offer = services.make_offer(deal=room.running, actor=room.buyer, terms=terms())
    services.accept_offer(offer=offer, actor=room.tto)
    listed = selectors.visible_deals(room.buyer).get()
    with translation.override("en"):
        assert (room.running.turn, next_act(listed)) == ("both", "Draw up the contract")


def test_a_foreign_party_is_entered_with_the_country_of_its_organisation():
    room = deal_room(DealState.NEGOTIATING)
    Organisation.objects.filter(pk=room.licensee.pk).update(country="JP", province=None)
    offer = services.make_offer(deal=room.running, actor=room.buyer, terms=terms())
    services.accept_offer(offer=offer, actor=room.tto)
    countries = {side: party.country for side, party in selectors.parties_of(room.running).items()}
    assert countries == {"licensor": "VN", "licensee": "JP"}


def test_contract_with_a_forbidden_clause_is_not_drawn_up():
    room = deal_room(DealState.TERMS_AGREED, offered=terms(other="Bên B không được cải tiến công nghệ."))
    with pytest.raises(ValidationError):
        services.generate_contract(deal=room.running, actor=room.buyer)
    assert not Contract.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("legal_name", ""), ("country", "Việt"), ("country", "vn\n"), ("address", "x" * 301), ("position", "a\x00b")],
)
def test_bad_legal_data_is_refused_by_field(field, value):
    room = deal_room(DealState.TERMS_AGREED)
    values = {**PARTY, "legal_name": "Công ty Mẫu", "country": "VN", field: value}
    with pytest.raises(ValidationError) as refused:
        services.save_party(deal=room.running, actor=room.buyer, **values)
    assert set(refused.value.message_dict) == {field}


def test_contract_is_agreed_when_both_sides_accepted_the_same_document():
    room = deal_room(DealState.CONTRACT_DRAFTED)
    sha256 = standing(room).sha256
    services.accept_contract(
        deal=room.running, actor=room.signatory, sha256=sha256, typed_name=f" {room.signatory.full_name.upper()} "
    )
    assert room.running.state == DealState.CONTRACT_DRAFTED
    with pytest.raises(Conflict):
        services.accept_contract(
            deal=room.running, actor=room.buyer_admin, sha256=sha256, typed_name=room.buyer_admin.full_name
        )
    services.accept_contract(deal=room.running, actor=room.tto, sha256=sha256, typed_name=room.tto.full_name)
    assert room.running.state == DealState.AGREED
    rows = standing(room).acceptances.order_by("side")
    assert [(row.side, row.role, row.sha256) for row in rows] == [
        ("licensee", "signatory", sha256),
        ("licensor", "tto_officer", sha256),
    ]


def test_contract_is_not_accepted_under_another_name_or_in_another_version():
    room = deal_room(DealState.CONTRACT_DRAFTED)
    sha256 = standing(room).sha256
    with pytest.raises(ValidationError):
        services.accept_contract(deal=room.running, actor=room.signatory, sha256=sha256, typed_name="Ai Đó")
    services.generate_contract(deal=room.running, actor=room.tto)
    name = room.signatory.full_name
    if standing(room).sha256 != sha256:  # two versions within a second differ by their number
        with pytest.raises(Stale):
            services.accept_contract(deal=room.running, actor=room.signatory, sha256=sha256, typed_name=name)


def test_name_is_the_same_however_its_letters_are_composed():
    """Forms compose what is typed (NFC); a profile may hold what a telephone sent decomposed."""
    room = deal_room(DealState.CONTRACT_DRAFTED)
    name = "Nguyễn Thị Hiệu"
    User.objects.filter(pk=room.signatory.pk).update(full_name=unicodedata.normalize("NFD", name))
    actor = User.objects.get(pk=room.signatory.pk)
    services.accept_contract(deal=room.running, actor=actor, sha256=standing(room).sha256, typed_name=name)
    assert standing(room).acceptances.get().user == actor


def test_owner_is_one_of_the_sides_however_its_name_is_composed():
    room = deal_room(DealState.TERMS_AGREED)
    owner = unicodedata.normalize("NFD", f"  {room.running.licensor.name_vi.upper()} ")
    IPRightFactory(technology=room.technology, owners=[(owner, 100)])
    RightOwner.objects.update(organisation=None)
    assert selectors.co_owners(room.running) == ()


def test_signed_contract_without_mandatory_registration_is_in_effect_at_once():
    room = deal_room(DealState.EFFECTIVE)
    today = timezone.localdate()
    assert room.running.state == DealState.EFFECTIVE
    assert (standing(room).signed_on, standing(room).effective_on) == (today, today)


def test_agreed_day_ahead_is_reached_by_the_task():
    ahead = timezone.localdate() + 30 * DAY
    room = deal_room(DealState.SIGNED, offered=terms(effective_from=ahead))
    assert (room.running.state, standing(room).effective_on) == (DealState.SIGNED, ahead)
    assert start_due_contracts() == 0
    assert [row.deal_id for row in selectors.due_to_take_effect(on=ahead)] == [room.running.pk]
    Contract.objects.filter(deal=room.running).update(effective_on=timezone.localdate())
    assert start_due_contracts() == 0  # the day is computed anew from the terms, not taken from the row
    assert room.running.state == DealState.SIGNED


def test_state_funded_contract_waits_for_its_certificate():
    room = deal_room(DealState.SIGNED, technology=state_funded())
    effect = selectors.effect(room.running, standing(room))
    assert (room.running.state, effect.waits_for, effect.must_register) == (DealState.SIGNED, "certificate", True)
    last = timezone.localdate() + 90 * DAY
    assert effect.file_by == working_days(since=last).last_day_of_term(last)
    certify(room)
    assert (room.running.state, standing(room).effective_on) == (DealState.EFFECTIVE, timezone.localdate())


def test_certificate_of_the_task_result_frees_from_registration():
    room = deal_room(DealState.EFFECTIVE, technology=state_funded(result_certificate_no="KQ-2025-17"))
    assert room.running.state == DealState.EFFECTIVE


def test_contract_with_a_foreign_party_must_be_registered():
    room = deal_room(DealState.SIGNED, licensee_country="JP")
    assert (standing(room).flow, room.running.state) == ("outbound", DealState.SIGNED)
    certify(room)
    assert room.running.state == DealState.EFFECTIVE


def test_restricted_technology_waits_for_its_permit():
    room = deal_room(DealState.SIGNED, technology=TechnologyFactory(published=True, legal_class="restricted"))
    assert selectors.effect(room.running, standing(room)).waits_for == "permit"
    values = {"number": "GP-7", "authority": "UBND tỉnh Hà Nam", "actor": room.operator, "deal": room.running}
    services.record_permit(issued_on=timezone.localdate(), **values)
    assert room.running.state == DealState.EFFECTIVE
    with pytest.raises(Conflict):
        services.record_permit(issued_on=timezone.localdate(), **values)


def test_permit_for_an_unrestricted_technology_is_refused():
    room = deal_room(DealState.SIGNED, technology=state_funded())
    with pytest.raises(Conflict):
        services.record_permit(
            deal=room.running, actor=room.operator, number="1", authority="UBND", issued_on=timezone.localdate()
        )


def test_certificate_is_recorded_once_and_amended_after():
    room = deal_room(DealState.SIGNED, technology=state_funded())
    with pytest.raises(ValidationError):
        certify(room, kind="amended")
    certify(room)
    with pytest.raises(Conflict):
        certify(room, certificate_no="13/2026")
    with pytest.raises(Conflict):
        certify(room, kind="amended")  # the same number
    assert certify(room, kind="amended", certificate_no="14/2026").kind == "amended"


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("issued_on", {"issued_on": DAY}),
        ("issued_on", {"issued_on": datetime.date(2020, 1, 1)}),
        ("value_vnd", {"value_vnd": Decimal(-1)}),
        ("certificate_no", {"certificate_no": " "}),
        ("certificate_no", {"certificate_no": "x" * 81}),
        ("kind", {"kind": "lost"}),
    ],
)
def test_bad_certificate_is_refused_by_field(field, values):
    room = deal_room(DealState.SIGNED, technology=state_funded())
    if isinstance(values.get("issued_on"), datetime.timedelta):
        values = {"issued_on": timezone.localdate() + values["issued_on"]}
    with pytest.raises(ValidationError) as refused:
        certify(room, **values)
    assert field in refused.value.message_dict
    assert room.running.state == DealState.SIGNED


def test_nothing_is_registered_before_signing():
    room = deal_room(DealState.AGREED)
    with pytest.raises(Conflict):
        certify(room)


@pytest.mark.parametrize(
    ("field", "content", "ago"),
    [
        ("signed_on", None, -DAY),
        ("signed_on", None, DAY),
        ("file", b"", 0 * DAY),
        ("file", b"<html><script>alert(1)</script></html>", 0 * DAY),
        ("file", b"\x89PNG\r\n\x1a\n" + b"\x00" * 64, 0 * DAY),
    ],
)
def test_bad_signed_copy_is_refused_by_field(field, content, ago):
    room = deal_room(DealState.AGREED)
    upload = signed_pdf() if content is None else signed_pdf(content)
    with pytest.raises(ValidationError) as refused:
        services.upload_signed_copy(
            deal=room.running, actor=room.buyer, upload=upload, signed_on=timezone.localdate() - ago
        )
    assert set(refused.value.message_dict) == {field}
    if field == "file" and content:
        assert refused.value.message_dict == {"file": [gettext("Upload the signed copy as a PDF.")]}
    assert room.running.state == DealState.AGREED


def test_refused_copy_makes_room_for_another():
    room = deal_room(DealState.AGREED)
    today = timezone.localdate()
    services.upload_signed_copy(deal=room.running, actor=room.buyer, upload=signed_pdf(), signed_on=today)
    with pytest.raises(Conflict):
        services.upload_signed_copy(deal=room.running, actor=room.tto, upload=signed_pdf(), signed_on=today)
    with pytest.raises(NotAllowed):
        services.confirm_signed_copy(deal=room.running, actor=room.signatory)
    services.refuse_signed_copy(deal=room.running, actor=room.tto, reason="Thiếu trang 3")
    with pytest.raises(Conflict):
        services.confirm_signed_copy(deal=room.running, actor=room.tto)
    sign(room)
    assert room.running.state == DealState.EFFECTIVE


def test_signed_copy_is_not_recorded_before_both_agreed():
    room = deal_room(DealState.CONTRACT_DRAFTED)
    with pytest.raises(Conflict):
        services.upload_signed_copy(
            deal=room.running, actor=room.buyer, upload=signed_pdf(), signed_on=timezone.localdate()
        )


def test_assignment_of_a_granted_right_is_noted():
    technology = TechnologyFactory(published=True)
    assert not selectors.holds_registered_right(technology)
    IPRightFactory(technology=technology)
    assert selectors.holds_registered_right(technology)


@pytest.mark.parametrize(("value", "fee"), [(0, 5_000_000), (7_000_000_000, 7_000_000), (50_000_000_000, 10_000_000)])
def test_fee_of_registration_has_a_floor_and_a_ceiling(value, fee):
    assert selectors.fee_estimate(Decimal(value)) == fee


def test_terminated_contract_is_over():
    room = deal_room(DealState.EFFECTIVE)
    services.terminate_deal(deal=room.running, actor=room.signatory, reason="Hai bên thỏa thuận chấm dứt")
    assert not has_grant(room.buyer, room.technology)
    assert Deal.objects.get().is_over
    with pytest.raises(Conflict):
        certify(room)
