"""What is forgiven of an invoice was asked for: it counts for the year's minimum, is not charged again, and is shown."""

from decimal import Decimal
from importlib import import_module

import pytest
from django.db import connection
from django.utils.html import strip_tags

from accounts.models import Notification
from deals.models import Invoice, Obligation
from deals.services.tracking_invoices import cancel_invoice, issue_invoice
from deals.services.tracking_reversals import reverse_payment
from deals.services.tracking_statements import correct_statement
from deals.services.tracking_sweep import sweep
from deals.services.tracking_waivers import forgive_rest, waive_obligation
from deals.tracking_selectors import due_for, holds
from marketplace.kit.errors import Conflict
from tests.factories.tracking import Tracked, figures, tracked

pytestmark = pytest.mark.django_db
WHY = "Lũ lụt"


def year(room: Tracked, *kinds: str) -> list[tuple[str, str, Decimal | None, Decimal | None]]:
    """Kind, state, amount and what was forgiven of it, in the first contract year."""
    rows = room.contract.obligations.filter(kind__in=kinds, contract_year=1).order_by("kind", "pk")
    return list(rows.values_list("kind", "state", "amount", "forgiven"))


def forgiven_top_up() -> Tracked:
    """A minimum of 50 million, charged without a statement: 30 million were received, the rest is forgiven."""
    room = tracked(minimum_annual=Decimal(50_000_000))
    for name in ("buyer", "tto"):
        room.person(name)
    sweep()
    invoice = issue_invoice(obligation=room.obligations("top_up")[0], actor=room.tto)
    room.pay(invoice, 30_000_000)
    forgive_rest(invoice=invoice, reason=WHY, actor=room.tto)
    return room


def test_a_top_up_whose_rest_was_forgiven_is_not_charged_again_and_settles_the_minimum():
    room = forgiven_top_up()
    Notification.objects.all().delete()

    assert "topped_up" not in sweep()

    assert year(room, "top_up", "minimum") == [
        ("minimum", "forgiven", 50_000_000, 20_000_000), ("top_up", "forgiven", 50_000_000, 20_000_000)
    ]  # fmt: skip
    assert not Notification.objects.filter(kind="obligation.top_up").exists()
    with pytest.raises(Conflict):
        waive_obligation(obligation=room.obligations("minimum")[0], reason=WHY, actor=room.tto)


def test_what_is_declared_after_it_is_set_off_against_all_that_was_charged():
    room = forgiven_top_up()

    filed = [room.file(number, 100_000_000) for number in (1, 2, 3)]
    more = room.file(4, 1_500_000_000)  # the year comes to 63,000,000

    assert [(row.royalty, row.top_up, row.amount) for row in filed] == [(3_500_000, 0, 0)] * 3
    assert (more.royalty, more.credit, more.amount) == (52_500_000, 39_500_000, 13_000_000)


def test_what_was_forgiven_before_the_upgrade_is_brought_in_order():
    room = forgiven_top_up()
    upgrade = import_module("deals.migrations.0016_forgiven_rests")
    top_up = room.obligations("top_up")[0]
    with connection.cursor() as cursor:
        cursor.execute(upgrade.BACKWARD)
        room.contract.obligations.filter(kind="minimum", contract_year=1).update(state="overdue", closed_on=None)
        top_up.pk, top_up.key, top_up.state, top_up.forgiven = None, "top_up:1:2", "overdue", None
        top_up.save()  # it was charged again

        cursor.execute(upgrade.FORWARD)

    assert year(room, "top_up", "minimum") == [
        ("minimum", "forgiven", 50_000_000, 20_000_000), ("top_up", "forgiven", 50_000_000, 20_000_000),
        ("top_up", "waived", 50_000_000, None),
    ]  # fmt: skip


def last_of(room: Tracked, first: Invoice) -> Invoice:
    """Declare and pay what follows the first period, and declare the last one; give its invoice."""
    for number in (2, 3):
        room.pay(room.invoice(number, 100_000_000), None, f"R{number}")
    last = room.invoice(4, 100_000_000)
    assert (first.amount, last.amount) == (10_000_000, 30_000_000)
    return last


def test_the_forgiven_rest_of_an_earlier_royalty_leaves_no_minimum_open():
    room = tracked(minimum_annual=Decimal(50_000_000), royalty_pct=Decimal(5))
    first = room.invoice(1, 200_000_000)
    room.pay(first, 6_000_000, "A")
    forgive_rest(invoice=first, reason=WHY, actor=room.tto)
    last = last_of(room, first)
    assert year(room, "minimum") == [("minimum", "upcoming", 50_000_000, None)]

    paid = room.pay(last)

    [minimum] = room.contract.obligations.filter(kind="minimum", contract_year=1)
    assert (minimum.state, minimum.forgiven) == ("forgiven", 4_000_000)
    assert "miễn" in minimum.waived_words
    reverse_payment(payment=paid, reason="Nhầm", actor=room.tto)
    minimum.refresh_from_db()
    assert (minimum.state, minimum.forgiven, minimum.closed_on, minimum.waived_reason) == ("upcoming", None, None, "")


def test_a_royalty_that_was_cancelled_and_waived_counts_until_a_correction_asks_anew():
    room = tracked(minimum_annual=Decimal(50_000_000), royalty_pct=Decimal(5))
    first = room.invoice(1, 200_000_000)
    cancel_invoice(invoice=first, reason=WHY, actor=room.tto)
    room.pay(last_of(room, first), None, "R4")
    assert year(room, "minimum")[0][1] == "upcoming"

    waive_obligation(obligation=Obligation.objects.get(pk=first.obligation_id), reason=WHY, actor=room.tto)

    assert year(room, "minimum") == [("minimum", "forgiven", 50_000_000, 10_000_000)]


def test_a_minimum_that_waited_for_a_royalty_is_open_again_once_that_is_corrected():
    room = tracked(minimum_annual=Decimal(9_000_000), royalty_pct=Decimal(5))
    first = room.invoice(1, 200_000_000)
    cancel_invoice(invoice=first, reason=WHY, actor=room.tto)
    waive_obligation(obligation=Obligation.objects.get(pk=first.obligation_id), reason=WHY, actor=room.tto)
    assert year(room, "minimum") == [("minimum", "forgiven", 9_000_000, 9_000_000)]

    correct_statement(statement=first.statement, figures=figures(100_000_000), actor=room.buyer)

    assert year(room, "minimum") == [("minimum", "upcoming", 9_000_000, None)]
    room.pay(room.invoice(2, 200_000_000))
    assert year(room, "minimum") == [("minimum", "met", 9_000_000, None)]


def test_page_and_api_show_how_much_was_forgiven(client):
    room = tracked()
    invoice = room.invoice(1)
    room.pay(invoice, 30_000_000)
    forgive_rest(invoice=invoice, reason=WHY, actor=room.tto)
    client.force_login(room.buyer)

    page = " ".join(strip_tags(client.get(f"/en/deals/{room.deal.pk}/tracking/").content.decode()).split())
    told = client.get(f"/api/v1/deals/{room.deal.pk}/tracking/").json()["obligations"]

    assert "₫5,000,000 of it forgiven" in page
    assert [(row["state"], row["amount"], row["forgiven"]) for row in told if row["kind"] == "royalty"] == [
        ("forgiven", "35000000", "5000000")
    ]
    assert due_for(room.buyer, by=invoice.due_on).filter(kind="royalty").count() == 0
    assert all(hold.code != "invoices" for hold in holds(room.contract, on=invoice.due_on))
