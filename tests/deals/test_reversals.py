"""A payment or payout that was recorded by mistake is reversed, and the rest of an invoice paid in part is forgiven."""

import threading
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django.utils.html import strip_tags

from accounts.models import Notification
from audit.models import Event
from deals.models import Obligation, Payment, Payout
from deals.services.tracking_invoices import cancel_invoice
from deals.services.tracking_payouts import Part, record_payout, set_share_plan
from deals.services.tracking_reversals import reverse_payment, take_back_payout
from deals.services.tracking_statements import correct_statement
from deals.services.tracking_waivers import forgive_rest
from deals.tracking_selectors import invoices_of, payout_totals
from ledger.choices import AccountKind as K
from ledger.models import Account, Transfer
from ledger.selectors import balance, imbalance
from marketplace.kit.errors import Conflict
from tests.factories.tracking import Tracked, figures, tracked

pytestmark = pytest.mark.django_db
WHY = "Ghi nhầm số tiền"


def balances() -> dict[tuple[str, int | None, int | None], Decimal]:
    rows = Account.objects.order_by("pk")
    return {(row.kind, row.organisation_id, row.user_id): balance(row) for row in rows if balance(row)}


def payment_of(room: Tracked, **values: Any) -> Payment:
    return room.pay(room.invoice(1), **values)


def test_a_reversed_payment_leaves_no_trace_in_the_balances_and_can_be_recorded_anew():
    room = tracked()
    assert room.buyer
    invoice = room.invoice(1)
    before = balances()
    wrong = room.pay(invoice, None, "FT1", withheld=Decimal(0))

    reverse_payment(payment=wrong, reason=WHY, actor=room.tto)

    assert (balances(), imbalance()) == (before, 0)
    invoice.refresh_from_db()
    assert (invoice.state, invoice.obligation.state, invoice.obligation.closed_on) == ("issued", "upcoming", None)
    assert [row.state for row in wrong.payouts.all()] == ["void"]
    assert payout_totals(room.author) == {"paid": 0, "due": 0}
    assert invoices_of(room.contract).get().left == 35_000_000
    told = Notification.objects.get(kind="payment.reversed")
    assert (told.user, WHY in told.text) == (room.buyer, True)
    assert Notification.objects.get(kind="payout.void").user == room.author
    assert Event.objects.get(tag="payment.reverse").data["reason"] == WHY
    right = [room.pay(invoice, 30_000_000, "FT1"), room.pay(invoice, 5_000_000, "FT2")]
    invoice.refresh_from_db()
    assert (invoice.state, invoice.obligation.state, imbalance()) == ("paid", "met", 0)
    assert sum(part.amount for row in right for part in row.payouts.all()) == 5_250_000
    with pytest.raises(Conflict):
        reverse_payment(payment=wrong, reason=WHY, actor=room.tto)


@pytest.mark.django_db(transaction=True)
def test_a_double_click_reverses_once():
    room = tracked()
    payment, actor = payment_of(room), room.tto
    count = Transfer.objects.count()
    barrier = threading.Barrier(2)
    outcomes: list[str] = []

    def click() -> None:
        try:
            barrier.wait(timeout=10)
            reverse_payment(payment=payment, reason=WHY, actor=actor)
            outcomes.append("reversed")
        except Conflict:
            outcomes.append("conflict")
        finally:
            connection.close()

    threads = [threading.Thread(target=click) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert sorted(outcomes) == ["conflict", "reversed"]
    assert (Transfer.objects.count(), imbalance()) == (count + 2, 0)


def test_a_part_that_was_paid_on_is_taken_back_first():
    room = tracked()
    payment = payment_of(room)
    payout, today = payment.payouts.get(), timezone.localdate()
    record_payout(payout=payout, paid_on=today, bank_reference="FT9", actor=room.tto)
    with pytest.raises(Conflict):
        reverse_payment(payment=payment, reason=WHY, actor=room.tto)

    take_back_payout(payout=payout, reason=WHY, actor=room.tto)

    payout.refresh_from_db()
    assert (payout.state, payout.paid_on, payout.bank_reference, payout.transfer) == ("due", None, "", None)
    assert balances()[K.INVENTOR_PAYABLE, None, room.author.pk] == payout.amount
    with pytest.raises(Conflict):
        take_back_payout(payout=payout, reason=WHY, actor=room.tto)
    again = record_payout(payout=payout, paid_on=today, bank_reference="FT10", actor=room.tto)
    assert (again.state, balances()[K.INVENTOR_PAID, None, room.author.pk]) == ("paid", payout.amount)
    take_back_payout(payout=payout, reason=WHY, actor=room.tto)
    assert reverse_payment(payment=payment, reason=WHY, actor=room.tto).state == "reversed"
    assert imbalance() == 0


def test_the_minimum_of_a_year_that_was_met_by_it_is_open_again():
    room = tracked(minimum_annual=Decimal(20_000_000), royalty_pct=Decimal(5))
    payments = [room.pay(room.invoice(number, 200_000_000), None, f"FT{number}") for number in (1, 2)]
    assert room.obligations("minimum")[0].state == "met"

    reverse_payment(payment=payments[1], reason=WHY, actor=room.tto)

    minimum = room.obligations("minimum")[0]
    assert (minimum.state, minimum.closed_on) == ("upcoming", None)


def test_after_it_invoice_statement_and_shares_are_as_free_as_before():
    room = tracked()
    payment = payment_of(room)
    parts, version = [Part("Another", Decimal(100))], room.contract.share_plan.version
    with pytest.raises(Conflict):
        set_share_plan(contract=room.contract, version=version, parts=parts, actor=room.tto)

    reverse_payment(payment=payment, reason=WHY, actor=room.tto)

    set_share_plan(contract=room.contract, version=version, parts=parts, actor=room.tto)
    correct_statement(statement=payment.invoice.statement, figures=figures(5), actor=room.buyer)
    payment.invoice.refresh_from_db()
    assert (payment.invoice.state, imbalance()) == ("cancelled", 0)
    second = room.invoice(2)
    reverse_payment(payment=room.pay(second, 1_000, "B"), reason=WHY, actor=room.tto)
    assert cancel_invoice(invoice=second, reason=WHY, actor=room.tto).state == "cancelled"


@pytest.mark.parametrize("values", [{"amount": 1}, {"state": "recorded"}, {"reversed_reason": "x"}])
def test_the_database_keeps_what_was_recorded_and_the_reversal(values):
    room = tracked()
    payment = payment_of(room)
    if "amount" not in values:
        reverse_payment(payment=payment, reason=WHY, actor=room.tto)

    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Payment.objects.filter(pk=payment.pk).update(**values)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        Payment.objects.filter(pk=payment.pk)._raw_delete("default")


def test_the_rest_of_an_invoice_that_was_paid_in_part_is_forgiven():
    room = tracked(minimum_annual=Decimal(20_000_000))
    assert room.buyer
    invoice = room.invoice(1)
    with pytest.raises(Conflict):
        forgive_rest(invoice=invoice, reason="Lũ lụt", actor=room.tto)
    payment = room.pay(invoice, 30_000_000)

    forgive_rest(invoice=invoice, reason="Lũ lụt", actor=room.tto)

    invoice.refresh_from_db()
    assert (invoice.state, invoice.obligation.state, invoice.cancelled_reason) == ("forgiven", "forgiven", "Lũ lụt")
    of = balances()
    assert (K.RECEIVABLE, room.deal.licensor_id, None) not in of
    assert (K.PAYABLE, room.deal.licensee_id, None) not in of
    assert imbalance() == 0
    assert "Lũ lụt" in Notification.objects.get(kind="invoice.forgiven", user=room.buyer).text
    assert room.obligations("minimum")[0].state == "met"  # 30,000,000 were received
    assert Payout.objects.get().amount == 4_500_000
    for act in (
        lambda: forgive_rest(invoice=invoice, reason="x", actor=room.tto),
        lambda: room.pay(invoice, 1, "B"),
        lambda: reverse_payment(payment=payment, reason="x", actor=room.tto),
        lambda: cancel_invoice(invoice=invoice, reason="x", actor=room.tto),
    ):
        with pytest.raises(Conflict):
            act()


def test_pages_and_api_do_it_and_show_it(client):
    room = tracked()
    payment = payment_of(room)
    payout = payment.payouts.get()
    record_payout(payout=payout, paid_on=timezone.localdate(), bank_reference="FT9", actor=room.tto)
    client.force_login(room.tto)
    tracking = f"/en/deals/{room.deal.pk}/tracking/"
    page = client.get(tracking).content.decode()
    assert (f"/payouts/{payout.pk}/take-back/" in page, f"/payments/{payment.pk}/reverse/" in page) == (True, False)
    assert client.post(f"/en/payouts/{payout.pk}/take-back/", {"reason": WHY}).status_code == 302
    assert f"/payments/{payment.pk}/reverse/" in client.get(tracking).content.decode()
    assert "recorded by mistake" in client.get(f"/en/payments/{payment.pk}/reverse/").content.decode()
    empty = client.post(f"/en/payments/{payment.pk}/reverse/", {"reason": " "})
    assert empty.status_code == 400

    path = f"/api/v1/payments/{payment.pk}/reverse/"
    done = client.post(path, {"reason": WHY}, content_type="application/json")
    assert (done.status_code, done.json()["state"], done.json()["payouts"][0]["state"]) == (200, "reversed", "void")
    assert client.post(path, {"reason": WHY}, content_type="application/json").status_code == 409
    twice = client.post(f"/en/payments/{payment.pk}/reverse/", {"reason": "Kept"})
    assert (twice.status_code, "Kept" in twice.content.decode()) == (409, True)
    page = strip_tags(client.get(tracking).content.decode())
    for words in (WHY, "Reversed", "Payment reversed", "Shares reversed"):
        assert words in page
    room.pay(payment.invoice, 30_000_000, "FT7")
    assert f"/invoices/{payment.invoice_id}/forgive/" in client.get(tracking).content.decode()
    assert client.post(f"/en/invoices/{payment.invoice_id}/forgive/", {"reason": "Lũ lụt"}).status_code == 302
    page = strip_tags(client.get(tracking).content.decode())
    assert "Paid in part, the rest forgiven" in page
    assert "Rest forgiven" in page
    client.force_login(room.author)
    assert "Void" in client.get("/en/my/payouts/").content.decode()
    assert "Payout taken back" in client.get(tracking).content.decode()
    assert Obligation.objects.filter(kind="royalty").get().state == "forgiven"


def test_a_part_that_is_not_to_be_paid_says_why_by_page_and_api(client):
    room = tracked()
    payment = room.pay(room.invoice(1))
    payout = payment.payouts.get()
    client.force_login(room.tto)
    path, api = f"/en/payouts/{payout.pk}/paid/", f"/api/v1/payouts/{payout.pk}/paid/"
    typed = {"paid_on": timezone.localdate().isoformat(), "bank_reference": "FT9"}
    assert client.post(path, typed).status_code == 302
    paid = client.get(path)
    assert (paid.status_code, "This part was paid already." in paid.content.decode()) == (409, True)
    take_back_payout(payout=payout, reason="Nhầm", actor=room.tto)
    reverse_payment(payment=payment, reason="Nhầm", actor=room.tto)
    void = "The payment of which this is a part was reversed"
    for answer in (
        client.get(path),
        client.post(path, typed),
        client.post(api, typed, headers={"accept-language": "en"}),
    ):
        assert (answer.status_code, void in answer.content.decode()) == (409, True)
    back = client.get(f"/en/payouts/{payout.pk}/take-back/")
    assert (back.status_code, "This part does not count as paid." in back.content.decode()) == (409, True)
