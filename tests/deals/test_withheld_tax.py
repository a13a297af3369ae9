"""Tax that the buyer withholds: it settles the invoice with what was received, and the inventors' share is before it."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.html import strip_tags

from accounts.models import Notification
from deals.models import Invoice, Payment, Payout
from deals.services.tracking_reversals import reverse_payment
from deals.views.tracking_money_words import late_interest, withholding_words
from ledger.choices import AccountKind as K
from ledger.models import Account
from ledger.money import whole_dong
from ledger.selectors import balance, imbalance
from marketplace.kit.money import exact
from rules.models import Rule
from rules.working_days import last_day_of_term
from tests.factories.tracking import Tracked, tracked

pytestmark = pytest.mark.django_db
CERTIFICATE = "CT-07/2026 of 20/11/2026"


def invoiced(room: Tracked) -> Invoice:
    return room.invoice(1, 1_000_000_000)  # 3.5 % of it: 35,000,000


def words_of(client: Any, room: Tracked) -> str:
    return strip_tags(client.get(f"/en/deals/{room.deal.pk}/tracking/").content.decode())


def test_what_was_received_and_what_was_withheld_settle_an_invoice_together():
    room = tracked()
    invoice = invoiced(room)

    payment = room.pay(invoice, 31_500_000, withheld=Decimal(3_500_000), withheld_certificate=CERTIFICATE)

    invoice.refresh_from_db()
    assert (invoice.state, invoice.obligation.state) == ("paid", "met")
    assert payment.gross == 35_000_000
    deal = room.deal
    of = {(row.kind, row.organisation_id): balance(row) for row in Account.objects.order_by("pk")}
    assert of[K.RECEIVABLE, deal.licensor_id] == of[K.PAYABLE, deal.licensee_id] == 0
    assert of[K.PAID_OUT, deal.licensee_id] == -31_500_000
    assert (of[K.TAX_WITHHELD, deal.licensor_id], of[K.TAX_WITHHELD, deal.licensee_id]) == (3_500_000, -3_500_000)
    assert of[K.ROYALTY_INCOME, deal.licensor_id] == 31_500_000 - 5_250_000
    assert imbalance() == 0


def test_the_inventors_share_by_law_is_of_the_payment_before_tax():
    room = tracked()

    payment = room.pay(
        invoiced(room), 31_500_000, withheld=Decimal(3_500_000), withheld_certificate=CERTIFICATE,
        costs=Decimal(1_000_000),
    )  # fmt: skip

    assert payment.payouts.get().amount == 5_250_000  # 15 % of 35,000,000, not of 31,500,000
    assert payment.computation["amount"] == "35000000"
    assert payment.computation["profit"] == "28750000"


def test_without_tax_withheld_an_invoice_that_is_paid_net_stays_open():
    room = tracked()
    invoice = invoiced(room)

    room.pay(invoice, 31_500_000)

    invoice.refresh_from_db()
    assert invoice.state == "issued"
    paper = room.pay(invoice, 0, "", withheld=Decimal(3_500_000), withheld_certificate=CERTIFICATE)
    invoice.refresh_from_db()
    assert (invoice.state, invoice.obligation.state) == ("paid", "met")
    assert (paper.bank_reference, paper.received.bank_reference) == (CERTIFICATE, "")  # no bank moved money
    assert sum(part.amount for part in Payout.objects.all()) == 5_250_000  # 15 % of both together
    account = Account.objects.get(kind=K.TAX_WITHHELD, organisation=room.deal.licensor)
    assert (balance(account), imbalance()) == (3_500_000, 0)
    with pytest.raises(IntegrityError, match="settles_something"), transaction.atomic():
        Payment.objects.create(
            invoice=invoice, amount=0, paid_on=paper.paid_on, bank_reference="X", computation={}, recorded_by=room.tto,
            received=paper.received,
        )  # fmt: skip


def test_a_certificate_that_comes_alone_is_recorded_once_and_locks_the_invoice(client):
    room = tracked()
    invoice = invoiced(room)
    client.force_login(room.tto)
    path, today = f"/en/invoices/{invoice.pk}/payment/", timezone.localdate().isoformat()
    alone = {"amount": "0", "paid_on": today, "withheld": "3500000", "withheld_certificate": CERTIFICATE}

    nothing = client.post(path, {**alone, "withheld": "0", "withheld_certificate": ""})
    unnamed = client.post(path, {**alone, "amount": "5"})
    assert (nothing.status_code, unnamed.status_code, Payment.objects.count()) == (400, 400, 0)
    assert "Give the bank&#x27;s reference." in unnamed.content.decode()
    room.person("buyer")
    assert client.post(path, alone).status_code == 302
    assert client.post(path, alone).status_code == 409
    again = client.post(f"/api/v1/invoices/{invoice.pk}/payments/", alone, content_type="application/json")
    assert (again.status_code, Payment.objects.count()) == (409, 1)
    page = client.get(f"/en/deals/{room.deal.pk}/tracking/").content.decode()
    assert f"/invoices/{invoice.pk}/cancel/" not in page
    assert ("Received on" in page, "Tax certificate recorded" in page) == (False, True)
    assert "Tax withheld at source, recorded for" in page
    [told] = Notification.objects.filter(user=room.buyer, kind="payment.recorded").order_by("pk")
    assert told.text == f"Chứng từ khấu trừ thuế {CERTIFICATE} đã được ghi nhận cho hóa đơn {invoice.number}."
    [shown] = client.get(f"/api/v1/deals/{room.deal.pk}/tracking/").json()["payments"]
    assert (shown["bank_reference"], shown["withheld_certificate"]) == ("", CERTIFICATE)
    paper = Payment.objects.get()
    asked = client.get(f"/en/payments/{paper.pk}/reverse/").content.decode()
    assert ("Received" in asked, "Bank&#x27;s reference" in asked, CERTIFICATE in asked) == (False, False, True)
    reverse_payment(payment=paper, reason="Nhầm", actor=room.tto)
    told = Notification.objects.get(user=room.buyer, kind="payment.reversed")
    assert told.text.startswith("Bên giao đã đảo chứng từ khấu trừ thuế")
    assert "Tax certificate reversed" in client.get(f"/en/deals/{room.deal.pk}/tracking/").content.decode()


@pytest.mark.parametrize(
    ("amount", "withheld", "certificate", "field"),
    [
        (31_500_000, "3500001", CERTIFICATE, "withheld"),
        (31_500_000, "3500000", " ", "withheld_certificate"),
        (31_500_000, "0", CERTIFICATE, "withheld"),
        (31_500_000, "-1", CERTIFICATE, "withheld"),
        (31_500_000, "0.5", CERTIFICATE, "withheld"),
    ],
)
def test_tax_that_cannot_be_is_refused_and_nothing_is_recorded(amount, withheld, certificate, field):
    room = tracked()
    invoice = invoiced(room)

    with pytest.raises(ValidationError) as refused:
        room.pay(invoice, amount, withheld=Decimal(withheld), withheld_certificate=certificate)

    assert list(refused.value.message_dict) == [field]
    assert Payment.objects.count() == 0


def test_page_and_api_record_tax_and_show_it(client):
    room = tracked()
    invoice = invoiced(room)
    client.force_login(room.tto)
    today = timezone.localdate().isoformat()

    kept = client.post(
        f"/en/invoices/{invoice.pk}/payment/",
        {"amount": "31500000", "paid_on": today, "bank_reference": "FT1", "withheld": "3500000"},
    )
    assert kept.status_code == 400
    assert "Give the number and date of the certificate" in kept.content.decode()
    done = client.post(
        f"/api/v1/invoices/{invoice.pk}/payments/",
        {
            "amount": "31500000", "paid_on": today, "bank_reference": "FT1", "withheld": "3500000",
            "withheld_certificate": CERTIFICATE,
        },
        content_type="application/json",
    )  # fmt: skip
    assert (done.status_code, done.json()["withheld"]) == (201, "3500000")
    page = words_of(client, room)
    assert "and ₫3,500,000 withheld as tax" in page
    assert CERTIFICATE in page
    assert "of what was received and withheld, before tax (₫35,000,000)" in page


def test_a_supplier_abroad_reads_what_the_rule_of_the_day_withholds():
    with translation.override("en"):
        [(label, words)] = withholding_words("inbound", Decimal(35_000_000))
        assert withholding_words("domestic", Decimal(1)) == []
        assert "keeps no rate" in withholding_words("outbound", Decimal(1))[0][1]
    assert label == "Contractor tax that the buyer withholds"
    assert words.startswith("10% of what is left to pay: ₫3,500,000")
    Rule.objects.filter(code="tax.fct.royalty").update(valid_to=timezone.localdate())
    assert withholding_words("inbound", Decimal(1)) == []


def test_interest_on_a_late_invoice_runs_by_the_dated_rate_on_what_is_left(client):
    room = tracked()
    invoice = invoiced(room)
    room.pay(invoice, 5_000_000)
    today = timezone.localdate()
    day = today - datetime.timedelta(days=73)
    Invoice.objects.filter(pk=invoice.pk).update(issued_on=day, due_on=day)
    client.force_login(room.buyer)

    page = words_of(client, room)

    late = (today - last_day_of_term(day)).days  # 73, or less where that day is off
    interest = exact(whole_dong(Decimal(3_000_000) * late / 365), "en")
    assert f"Interest by law up to today: {interest}, which is 10% a year of the ₫30,000,000" in page
    assert f"is {late} days late" in page
    Rule.objects.filter(code="payment.late.interest").update(valid_to=timezone.localdate())
    assert late_interest([invoice], timezone.localdate()) == []
