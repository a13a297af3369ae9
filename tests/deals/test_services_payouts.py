"""Payments, their division, and the money from a statement to the inventors."""

import datetime
import threading
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.models import Notification, Role
from deals.models import Invoice, Payment, Payout, RoyaltyShare
from deals.services.tracking_invoices import cancel_invoice, issue_invoice
from deals.services.tracking_payouts import Part, record_payout, set_share_plan
from deals.services.tracking_statements import accept_statement
from ledger.choices import AccountKind as K
from ledger.models import Account, Transfer
from ledger.selectors import balance, imbalance
from marketplace.kit.errors import Conflict, NotAllowed, Stale
from tests.factories.accounts import OrganisationFactory, person
from tests.factories.listings import TechnologyFactory
from tests.factories.tracking import tracked

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def balance_of(kind: str, **owner: object) -> Decimal:
    account = Account.objects.filter(kind=kind, **owner).first()
    return balance(account) if account else Decimal(0)


def plan(room, parts, **values):
    return set_share_plan(
        contract=room.contract, version=room.contract.share_plan.version, parts=parts, actor=room.tto, **values
    )


def test_the_money_from_a_statement_to_the_inventors():
    """Statement → invoice → payment → division → payouts, each đồng followed through the ledger."""
    room = tracked(royalty_pct=Decimal("3.5"), royalty_base="net_selling_price")
    intermediary = OrganisationFactory(intermediary=True, exchange=room.deal.exchange)
    second = person(Role.RESEARCHER, room.deal.licensor)
    parts = [
        Part("Author", Decimal("33.3333"), room.author),
        Part("Second", Decimal("33.3333"), second),
        Part("Gone abroad", Decimal("33.3334")),
    ]
    plan(room, parts, intermediary=intermediary)
    deal = room.deal

    statement = room.file(1, 1_100_000_007, vat=100_000_000, transport=20_000_000)
    assert statement.base_amount == 980_000_007
    assert statement.amount == 34_300_000  # 3.5 % of it is 34,300,000.245
    invoice = accept_statement(statement=statement, actor=room.tto).invoices.get()
    assert balance_of(K.RECEIVABLE, organisation=deal.licensor) == 34_300_000
    assert balance_of(K.PAYABLE, organisation=deal.licensee) == -34_300_000

    payment = room.pay(invoice, costs=Decimal(1_000_000))

    # 15 % by law to the inventors; 10 % by law of (34,300,000 - 5,145,000 - 1,000,000) to the intermediary
    amounts = {payout.name: payout.amount for payout in payment.payouts.all()}
    assert amounts == {
        "Gone abroad": 1_715_004, "Author": 1_714_998, "Second": 1_714_998, intermediary.name_vi: 2_815_500,
    }  # fmt: skip
    assert balance_of(K.RECEIVABLE, organisation=deal.licensor) == 0
    assert balance_of(K.PAYABLE, organisation=deal.licensee) == 0
    assert balance_of(K.PAID_OUT, organisation=deal.licensee) == -34_300_000
    assert balance_of(K.ROYALTY_INCOME, organisation=deal.licensor) == 34_300_000 - 5_145_000 - 2_815_500
    assert balance_of(K.INVENTOR_PAYABLE, user=room.author) == 1_714_998
    assert imbalance() == 0

    for payout in payment.payouts.all():
        record_payout(payout=payout, paid_on=timezone.localdate(), bank_reference="FT9", actor=room.tto)

    assert balance_of(K.INVENTOR_PAYABLE, user=room.author) == 0
    assert balance_of(K.INVENTOR_PAID, user=room.author) == 1_714_998
    assert balance_of(K.INVENTOR_PAID, user=second) == 1_714_998
    assert balance_of(K.INVENTOR_PAID, outside="Gone abroad") == 1_715_004
    assert balance_of(K.INTERMEDIARY_PAID, organisation=intermediary) == 2_815_500
    assert imbalance() == 0
    invoice.refresh_from_db()
    assert (invoice.state, invoice.obligation.state) == ("paid", "met")
    assert set(Payout.objects.values_list("state", flat=True)) == {"paid"}


def test_payments_in_parts_are_each_divided_and_close_the_invoice_together():
    room = tracked()
    invoice = room.invoice(1, 1_000_000_000)

    room.pay(invoice, 10_000_000, "A")
    invoice.refresh_from_db()
    assert invoice.state == "issued"
    with pytest.raises(ValidationError):
        room.pay(invoice, 25_000_001, "B")
    room.pay(invoice, 25_000_000, "B")

    invoice.refresh_from_db()
    assert invoice.state == "paid"
    assert list(Payout.objects.order_by("pk").values_list("amount", flat=True)) == [1_500_000, 3_750_000]
    with pytest.raises(Conflict):
        room.pay(invoice, 1, "C")


def test_a_reference_is_recorded_once():
    room = tracked()
    invoice = room.invoice(1)
    room.pay(invoice, 1_000, "A")
    count = Transfer.objects.count()

    with pytest.raises(Conflict):
        room.pay(invoice, 1_000, " A ")

    assert Payment.objects.count() == 1
    assert Transfer.objects.count() == count


@pytest.mark.django_db(transaction=True)
def test_a_double_click_records_one_payment():
    room = tracked()
    invoice = room.invoice(1)
    barrier = threading.Barrier(2)
    outcomes: list[str] = []

    def click() -> None:
        try:
            barrier.wait(timeout=10)
            room.pay(invoice, None, "A")
            outcomes.append("recorded")
        except Conflict:
            outcomes.append("conflict")
        finally:
            connection.close()

    threads = [threading.Thread(target=click) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert sorted(outcomes) == ["conflict", "recorded"]
    assert Payment.objects.count() == 1
    assert imbalance() == 0


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": -5}, "amount"),
        ({"paid_on": 2 * DAY}, "paid_on"),
        ({"paid_on": datetime.date(2000, 1, 1)}, "paid_on"),
        ({"costs": Decimal(-1)}, "costs"),
        ({"reference": "  "}, "bank_reference"),
    ],
)
def test_a_payment_that_cannot_be_is_refused(values, field):
    room = tracked()
    invoice = room.invoice(1)
    if isinstance(values.get("paid_on"), datetime.timedelta):
        values = {"paid_on": timezone.localdate() + values["paid_on"]}

    with pytest.raises(ValidationError) as refused:
        room.pay(invoice, **values)

    assert list(refused.value.message_dict) == [field]
    assert Payment.objects.count() == 0
    assert Transfer.objects.count() == 1  # the invoice


def test_a_day_without_a_share_by_law_needs_an_agreement():
    room = tracked(effective_on=datetime.date(2026, 1, 1))
    invoice = room.invoice(1)
    early = datetime.date(2026, 3, 1)  # the share by law is in force from 1 April 2026

    with pytest.raises(ValidationError):
        room.pay(invoice, paid_on=early)
    plan(room, [Part("Author", Decimal(100), room.author)], inventor_pct=Decimal(20), agreement="TT-01")

    payment = room.pay(invoice, paid_on=early)
    assert [row.amount for row in payment.payouts.all()] == [7_000_000]
    assert payment.computation["inventor_pct_agreed"] is True


def test_the_bonus_of_authors_is_shown_and_not_moved():
    technology = TechnologyFactory(
        published=True, state_funding_pct=Decimal(70), state_task_assigned_on=datetime.date(2025, 11, 1)
    )
    room = tracked(technology=technology)

    payment = room.pay(room.invoice(1, 1_000_000_000))

    # 35,000,000 - 15 % = 29,750,000; less tax 20 % = 23,800,000; 70 % of it 16,660,000; 30 % of that
    assert payment.computation["author_bonus"] == "4998000"
    assert balance_of(K.ROYALTY_INCOME, organisation=room.deal.licensor) == 29_750_000


def test_the_bonus_does_not_cover_tasks_assigned_before_the_law():
    technology = TechnologyFactory(
        published=True, state_funding_pct=Decimal(70), state_task_assigned_on=datetime.date(2024, 11, 1)
    )

    payment = tracked(technology=technology)
    assert payment.pay(payment.invoice(1)).computation["author_bonus"] == "0"


def test_the_minimum_of_a_year_is_met_when_its_royalties_are_paid():
    room = tracked(minimum_annual=Decimal(50_000_000), royalty_pct=Decimal(5))
    invoices = [room.invoice(number, 100_000_000) for number in (1, 2, 3, 4)]
    for number, invoice in enumerate(invoices):
        assert room.obligations("minimum")[0].state == "upcoming"
        room.pay(invoice, None, f"FT{number}")

    assert [invoice.amount for invoice in invoices] == [5_000_000] * 3 + [35_000_000]
    assert room.obligations("minimum")[0].state == "met"


def test_an_agreed_sum_is_invoiced_once_and_again_after_it_was_cancelled():
    room = tracked(lump_sum=Decimal(500_000_000))
    owed = room.obligations("lump_sum")[0]

    first = issue_invoice(obligation=owed, actor=room.tto)
    with pytest.raises(Conflict):
        issue_invoice(obligation=owed, actor=room.tto)
    cancel_invoice(invoice=first, reason="Wrong address", actor=room.tto)
    second = issue_invoice(obligation=owed, actor=room.tto)

    assert [first.number[-3:], second.number[-3:]] == ["/01", "/02"]
    assert balance_of(K.RECEIVABLE, organisation=room.deal.licensor) == 500_000_000
    assert imbalance() == 0
    room.pay(second)
    owed.refresh_from_db()
    assert owed.state == "met"
    with pytest.raises(Conflict):
        cancel_invoice(invoice=second, reason="Too late", actor=room.tto)


def test_what_is_no_sum_is_not_invoiced():
    room = tracked(minimum_annual=Decimal(1_000))
    for kind in ("statement", "minimum", "report"):
        with pytest.raises(Conflict):
            issue_invoice(obligation=room.obligations(kind)[0], actor=room.tto)
    assert Invoice.objects.count() == 0


def test_a_payout_is_paid_once_and_not_before_the_money_came():
    room = tracked()
    payout = room.pay(room.invoice(1)).payouts.get()
    today = timezone.localdate()
    Notification.objects.all().delete()

    for day in (today + DAY, today - DAY):
        with pytest.raises(ValidationError):
            record_payout(payout=payout, paid_on=day, bank_reference="FT1", actor=room.tto)
    record_payout(payout=payout, paid_on=today, bank_reference="FT1", actor=room.tto)
    with pytest.raises(Conflict):
        record_payout(payout=payout, paid_on=today, bank_reference="FT1", actor=room.tto)

    assert list(Notification.objects.values_list("user", "kind")) == [(room.author.pk, "payout.paid")]
    assert balance_of(K.INVENTOR_PAID, user=room.author) == payout.amount


@pytest.mark.parametrize("parts", [[], [50, 49], [100, 1], [60, "40.0001"]])
def test_shares_that_do_not_sum_to_100_are_refused(parts):
    room = tracked()

    with pytest.raises(ValidationError) as refused:
        plan(room, [Part(f"P{number}", Decimal(part)) for number, part in enumerate(parts)])

    assert list(refused.value.message_dict) == ["shares"]
    assert [share.share_pct for share in RoyaltyShare.objects.all()] == [100]


def test_the_plan_needs_an_agreement_for_an_agreed_share_and_an_intermediary_for_its_share():
    room = tracked()
    parts = [Part("Author", Decimal(100), room.author)]

    with pytest.raises(ValidationError):
        plan(room, parts, inventor_pct=Decimal(20))
    with pytest.raises(ValidationError):
        plan(room, parts, intermediary_pct=Decimal(20))
    with pytest.raises(ValidationError):
        plan(room, [Part("A", Decimal(50), room.author), Part("B", Decimal(50), room.author)])


def test_the_plan_is_settled_before_the_first_payment_and_by_one_at_a_time():
    room = tracked()
    parts = [Part("Author", Decimal(100), room.author)]
    saved = plan(room, parts)
    with pytest.raises(Stale):
        set_share_plan(contract=room.contract, version=saved.version - 1, parts=parts, actor=room.tto)
    room.pay(room.invoice(1), 1_000)
    with pytest.raises(Conflict):
        set_share_plan(contract=room.contract, version=saved.version, parts=parts, actor=room.tto)


@pytest.mark.parametrize("who", ["buyer", "operator", "colleague", "author", "rival_tto", "stranger"])
def test_only_the_suppliers_officers_touch_the_money(who):
    room = tracked()
    invoice = room.invoice(1)
    payout = room.pay(invoice, 1_000_000).payouts.get()
    actor = room.person(who)
    count = Transfer.objects.count()

    for act in (
        lambda: room.pay(invoice, 5, "X", actor=actor),
        lambda: cancel_invoice(invoice=invoice, reason="x", actor=actor),
        lambda: record_payout(payout=payout, paid_on=timezone.localdate(), bank_reference="X", actor=actor),
        lambda: set_share_plan(contract=room.contract, version=1, parts=[], actor=actor),
    ):
        with pytest.raises(NotAllowed):
            act()

    assert Transfer.objects.count() == count


def test_the_database_refuses_shares_that_do_not_sum_to_100():
    room = tracked()

    def spoil() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            RoyaltyShare.objects.filter(plan=room.contract.share_plan).update(share_pct=99)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(DatabaseError, match="percent"):
        spoil()
