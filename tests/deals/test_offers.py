"""Offers: rounds, answers, rivals, and what bad input gets."""

import datetime
import threading
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from deals import describe, selectors, services
from deals.choices import Turn
from deals.lifecycle import DealState, OfferState
from deals.models import Offer, Terms
from deals.tasks import lapse_expired_offers
from marketplace.kit.errors import Conflict, NotAllowed, Stale
from tests.factories.deals import MILESTONES, Room, deal_room, terms, yesterday

pytestmark = pytest.mark.django_db


@pytest.fixture
def room() -> Room:
    return deal_room(DealState.NEGOTIATING)


def offered(room: Room, who: str = "buyer", **values):
    return services.make_offer(
        deal=room.running, actor=room.people[who], terms=terms(), milestones=MILESTONES, **values
    )


def test_offer_takes_the_next_round_and_the_turn_passes(room):
    first = offered(room)
    assert (first.round, first.side, room.running.turn) == (1, "licensee", Turn.LICENSOR)
    second = services.counter_offer(offer=first, actor=room.tto, terms=terms(royalty_pct=Decimal("4.25")))
    first.refresh_from_db()
    assert (first.state, second.round, room.running.turn) == (OfferState.COUNTERED, 2, Turn.LICENSEE)
    services.accept_offer(offer=second, actor=room.signatory)
    assert room.running.state == DealState.TERMS_AGREED
    assert selectors.accepted_offer(room.running) == second


def test_offer_is_refused_while_one_is_open(room):
    offered(room)
    with pytest.raises(Conflict):
        offered(room)
    with pytest.raises(Conflict):
        offered(room, "tto")


def test_offer_on_an_older_round_is_stale(room):
    offered(room, last_round=0)
    with pytest.raises(Stale):
        offered(room, "tto", last_round=0)


def test_own_offer_is_neither_accepted_nor_countered(room):
    first = offered(room)
    with pytest.raises(NotAllowed):
        services.accept_offer(offer=first, actor=room.signatory)
    with pytest.raises(NotAllowed):
        services.counter_offer(offer=first, actor=room.buyer, terms=terms())


def test_withdrawn_offer_cannot_be_accepted(room):
    first = services.withdraw_offer(offer=offered(room), actor=room.buyer)
    with pytest.raises(Conflict):
        services.accept_offer(offer=first, actor=room.tto)
    assert offered(room, "tto").round == 2


def test_offer_cannot_be_accepted_twice(room):
    first = services.accept_offer(offer=offered(room), actor=room.tto)
    with pytest.raises(Conflict):
        services.accept_offer(offer=first, actor=room.tto)


def expire(offer: Offer) -> None:
    Offer.objects.filter(pk=offer.pk).update(valid_until=yesterday())


def test_expired_offer_is_not_accepted_and_the_task_closes_it_once(room):
    first = offered(room, valid_until=timezone.localdate())
    expire(first)
    with pytest.raises(Conflict):
        services.accept_offer(offer=first, actor=room.tto)
    assert lapse_expired_offers() == 1
    assert lapse_expired_offers() == 0
    first.refresh_from_db()
    assert (first.state, room.running.turn) == (OfferState.LAPSED, Turn.BOTH)


def test_page_no_longer_offers_to_accept_an_offer_whose_last_day_has_passed(room, client):
    first = offered(room, valid_until=timezone.localdate())
    client.force_login(room.tto)
    address = f"/en/deals/{room.running.pk}/"
    assert "Accept this offer" in client.get(address).content.decode()
    expire(first)

    page = client.get(address).content.decode()

    assert "Accept this offer" not in page
    assert "Its last day has passed" in page
    assert "Make a counter-offer" in page


def test_expired_offer_does_not_block_a_new_one(room):
    first = offered(room)
    expire(first)
    assert offered(room, "tto").round == 2
    first.refresh_from_db()
    assert first.state == OfferState.LAPSED


def test_terms_are_never_changed(room):
    row = offered(room).terms
    with pytest.raises(DatabaseError), transaction.atomic():
        Terms.objects.filter(pk=row.pk).update(royalty_pct=1)
    with pytest.raises(DatabaseError), transaction.atomic():
        row.delete()


def test_reopened_terms_leave_room_for_a_new_offer():
    room = deal_room(DealState.CONTRACT_DRAFTED)
    services.reopen_terms(deal=room.running, actor=room.tto, reason="Sai lãnh thổ")
    assert (room.running.state, selectors.accepted_offer(room.running)) == (DealState.NEGOTIATING, None)
    assert selectors.current_contract(room.running) is None
    services.accept_offer(offer=offered(room), actor=room.tto)
    assert services.generate_contract(deal=room.running, actor=room.tto).version == 2


def test_breaking_off_ends_the_open_offer(room):
    first = offered(room)
    services.break_off(deal=room.running, actor=room.buyer, reason="Đổi kế hoạch")
    first.refresh_from_db()
    assert (first.state, room.running.state, room.running.ended_reason) == (
        OfferState.LAPSED,
        DealState.LAPSED,
        "Đổi kế hoạch",
    )


BAD = [
    ("lump_sum", {"lump_sum": Decimal(-1)}),
    ("lump_sum", {"lump_sum": Decimal(10) ** 18}),
    ("royalty_pct", {"royalty_pct": Decimal("100.01")}),
    ("royalty_pct", {"royalty_pct": Decimal("-1")}),
    ("royalty_base", {"royalty_base": ""}),
    ("royalty_base", {"royalty_base": "gross"}),
    ("statement_frequency", {"statement_frequency": ""}),
    ("minimum_annual", {"royalty_pct": Decimal(0)}),
    ("lump_sum", {"royalty_pct": Decimal(0), "minimum_annual": Decimal(0), "lump_sum": Decimal(0)}),
    ("exclusivity", {"exclusivity": ""}),
    ("term_years", {"term_years": None}),
    ("term_years", {"term_years": 51}),
    ("object_types", {"object_types": []}),
    ("object_types", {"object_types": ["MACHINERY_WITH"]}),
    ("object_types", {"object_types": ["SECRETS"]}),
    ("methods", {"methods": ["MACHINERY_WITH"]}),
    ("territory", {"territory": "x" * 201}),
    ("warranty", {"warranty": "x" * 4001}),
    ("other", {"other": "a\x00b"}),
    ("product", {"product": "a\u202eb"}),
    ("effective_from", {"effective_from": yesterday}),
    ("right", {"right": "rent"}),
]


@pytest.mark.parametrize(("field", "changes"), BAD, ids=lambda value: value if isinstance(value, str) else "")
def test_offer_with_bad_terms_is_refused_by_field(room, field, changes):
    changes = {name: value() if callable(value) else value for name, value in changes.items()}
    with pytest.raises(ValidationError) as refused:
        services.make_offer(deal=room.running, actor=room.buyer, terms=terms(**changes))
    assert field in refused.value.message_dict
    assert not Offer.objects.exists()


@pytest.mark.parametrize(
    "row",
    [
        {"amount": Decimal(0)},
        {"amount": Decimal(-5)},
        {"amount": Decimal(1)},  # does not add up to the lump sum
        {"due_months": None},
        {"due_on": datetime.date(2027, 1, 1)},  # beside the months
        {"name": ""},
        {"name": "x" * 201},
        {"kind": "gift"},
    ],
)
def test_offer_with_a_bad_payment_is_refused(room, row):
    rows = [{**MILESTONES[0], **row}, MILESTONES[1]]
    with pytest.raises(ValidationError) as refused:
        services.make_offer(deal=room.running, actor=room.buyer, terms=terms(), milestones=rows)
    assert set(refused.value.message_dict) == {"milestones"}


def test_offer_open_for_too_long_or_already_over_is_refused(room):
    for day in (yesterday(), timezone.localdate() + datetime.timedelta(days=366)):
        with pytest.raises(ValidationError) as refused:
            offered(room, valid_until=day)
        assert set(refused.value.message_dict) == {"valid_until"}


def test_royalty_without_percentage_has_no_base(room):
    offer = services.make_offer(
        deal=room.running, actor=room.buyer, terms=terms(royalty_pct=Decimal(0), minimum_annual=Decimal(0))
    )
    assert (offer.terms.royalty_base, offer.terms.statement_frequency) == ("", "")


def test_assignment_has_no_exclusivity(room):
    changes = terms(right="assignment", sublicence_allowed=True, term_years=None)
    offer = services.make_offer(deal=room.running, actor=room.buyer, terms=changes)
    assert (offer.terms.exclusivity, offer.terms.sublicence_allowed) == ("", False)


def test_changes_name_what_differs_between_two_offers(room):
    first = offered(room)
    second = services.counter_offer(
        offer=first,
        actor=room.tto,
        terms=terms(
            royalty_base="pretax_profit",
            territory="Hà Nam",
            object_types=["PLAN_PROCESS", "KNOWHOW"],
            methods=["TRAINING", "DOCUMENTS"],
        ),
        milestones=MILESTONES,
    )
    rows = [(offer.terms, list(offer.terms.milestones.all())) for offer in (first, second)]
    assert describe.changes(rows[0], rows[1]) == [
        {"label": "Phạm vi lãnh thổ", "before": "Toàn lãnh thổ Việt Nam", "after": "Hà Nam"},
        {"label": "Phí kỳ vụ", "before": "3,5% doanh thu thuần", "after": "3,5% lợi nhuận trước thuế"},
    ]
    assert describe.changes(None, rows[0]) == []


def at_once(*calls):
    """Run the calls in threads of their own, released together; give what each gave or raised."""
    gate = threading.Barrier(len(calls))
    results: list[object] = [None] * len(calls)

    def run(place, call):
        try:
            gate.wait(10)
            results[place] = call()
        except Exception as error:  # noqa: BLE001 -- what was raised is the result
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def outcome(results) -> list[str]:
    return sorted(type(result).__name__ for result in results)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_accept_at_once_one_succeeds():
    room = deal_room(DealState.NEGOTIATING)
    offer = offered(room)
    results = at_once(
        lambda: services.accept_offer(offer=offer, actor=room.tto),
        lambda: services.accept_offer(offer=offer, actor=room.licensor_signatory),
    )
    assert outcome(results) == ["Conflict", "Offer"]
    assert Offer.objects.filter(state=OfferState.ACCEPTED).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_first_offers_at_once_one_stands():
    room = deal_room(DealState.NEGOTIATING)
    results = at_once(lambda: offered(room, last_round=0), lambda: offered(room, "tto", last_round=0))
    assert outcome(results) == ["Offer", "Stale"]
    assert Offer.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_acceptance_and_withdrawal_at_once_leave_one_of_them():
    room = deal_room(DealState.NEGOTIATING)
    offer = offered(room)
    results = at_once(
        lambda: services.accept_offer(offer=offer, actor=room.tto),
        lambda: services.withdraw_offer(offer=offer, actor=room.buyer),
    )
    assert outcome(results) == ["Conflict", "Offer"]
    offer.refresh_from_db()
    assert (offer.state == OfferState.ACCEPTED) == (room.running.state == DealState.TERMS_AGREED)


@pytest.mark.django_db(transaction=True)
def test_two_counter_offers_at_once_give_one_round():
    room = deal_room(DealState.NEGOTIATING)
    offer = offered(room)
    results = at_once(
        lambda: services.counter_offer(offer=offer, actor=room.tto, terms=terms()),
        lambda: services.counter_offer(offer=offer, actor=room.licensor_signatory, terms=terms()),
    )
    assert outcome(results) == ["Conflict", "Offer"]
    assert Offer.objects.count() == 2
