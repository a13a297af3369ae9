"""Invoices: issued for an obligation, cancelled, and what they post in the ledger."""

import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Min
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import settle
from audit.services import record
from deals import reasons, tracking_policies
from deals.choices import Side
from deals.models import Contract, Invoice, Obligation, RoyaltyStatement
from deals.services.common import need_reason, tell
from deals.services.tracking import lock_contract, lock_obligation, short_date
from deals.tracking_choices import INVOICED, ObligationKind
from deals.tracking_lifecycle import OBLIGATION, InvoiceState
from ledger.choices import AccountKind
from ledger.selectors import transfer_by_key
from ledger.services import Posting, get_account, post_transfer, reverse_transfer
from marketplace.kit import money
from marketplace.kit.errors import Conflict, require
from marketplace.kit.lifecycle import move
from rules.selectors import rule

#: The rule that says why the invoice bears no VAT.
VAT_RULE = "tax.vat.technology_transfer"


def source_of(invoice: Invoice) -> str:
    """Give the name under which the ledger knows what an invoice caused."""
    return f"deals.invoice:{invoice.pk}"


def _issue(
    contract: Contract,
    obligation: Obligation,
    amount: Decimal,
    due_on: datetime.date,
    statement: RoyaltyStatement | None,
    actor: User,
) -> Invoice:
    today = timezone.localdate()
    count = Invoice.objects.filter(contract=contract).count()
    vat = rule(VAT_RULE, on=today)
    invoice = Invoice.objects.create(
        contract=contract,
        obligation=obligation,
        statement=statement,
        number=f"{contract.number}/{count + 1:02d}",
        amount=amount,
        vat_rule=vat.code,
        vat_source=vat.source,
        issued_on=today,
        due_on=max(due_on, today),
        issued_by=actor,
    )
    deal = contract.deal
    post_transfer(
        key=f"{source_of(invoice)}:issue",
        entries=[
            Posting(get_account(kind=AccountKind.RECEIVABLE, organisation=deal.licensor), amount),
            Posting(get_account(kind=AccountKind.PAYABLE, organisation=deal.licensee), -amount),
        ],
        date=today,
        description=invoice.number,
        source=source_of(invoice),
        actor=actor,
    )
    settle(obligation)  # the reminders asked for this invoice; the note of it stands for them
    record(tag="invoice.issue", subject=invoice, actor=actor, data={"number": invoice.number, "amount": amount})
    tell(
        deal, Side.LICENSEE, kind="invoice.issued", actor=actor, page="tracking", awaits=invoice,
        text=lambda: _("Invoice %(number)s for %(amount)s was issued, to be paid by %(date)s.")
        % {
            "number": invoice.number, "date": short_date(invoice.last_day),
            "amount": money.exact(invoice.amount, money.language_of(get_language())),
        },
    )  # fmt: skip
    return invoice


@transaction.atomic
def issue_invoice(*, obligation: Obligation, actor: User) -> Invoice:
    """Invoice a sum that the terms fix, or a royalty whose invoice was cancelled.

    Conflict when the obligation is closed, is no sum to invoice, or has an invoice already.
    """
    obligation = lock_obligation(obligation)
    contract = obligation.contract
    require(tracking_policies.can_invoice(actor, contract.deal))
    if obligation.kind not in INVOICED or not obligation.amount:
        raise Conflict(_("There is no sum to invoice here."))
    if not OBLIGATION.can(obligation.state, "meet"):
        raise Conflict(_("This obligation is closed."))
    if obligation.invoices.exclude(state=InvoiceState.CANCELLED).exists():
        raise Conflict(_("An invoice for this was issued already."))
    before = obligation.invoices.select_related("statement").order_by("-pk").first()
    statement = before.statement if before else None
    return _issue(contract, obligation, obligation.amount, obligation.due_on, statement, actor)


def royalty_key(statement: RoyaltyStatement) -> str:
    """Give the key of the obligation to pay what an accepted statement comes to."""
    return f"royalty:{statement.period_start}:{statement.version}"


def issue_royalty_invoice(*, statement: RoyaltyStatement, actor: User) -> Invoice:
    """Invoice an accepted statement, inside the transaction that accepts it: due so many days after the statement.

    A correction of a statement that was invoiced before puts nothing off: its royalty falls due when the first one did,
    though no invoice asks for payment before the day on which it is issued.
    """
    contract = statement.contract
    before = Obligation.objects.filter(
        contract=contract, kind=ObligationKind.ROYALTY, invoices__statement__obligation=statement.obligation_id
    ).aggregate(first=Min("due_on"))["first"]
    due_on = statement.filed_on + datetime.timedelta(days=contract.terms.payment_days)
    due_on = before or max(due_on, timezone.localdate())
    obligation = Obligation.objects.create(
        contract=contract,
        key=royalty_key(statement),
        kind=ObligationKind.ROYALTY,
        side=Side.LICENSEE,
        period_start=statement.period_start,
        period_end=statement.period_end,
        contract_year=statement.obligation.contract_year,
        closes_year=statement.obligation.closes_year,
        due_on=due_on,
        amount=statement.amount,
    )
    return _issue(contract, obligation, statement.amount, due_on, statement, actor)


def _cancel(invoice: Invoice, reason: str, actor: User) -> None:
    move(invoice, "cancel", actor=actor, data={"reason": reason}, cancelled_reason=reason)
    settle(invoice)
    issued = transfer_by_key(f"{source_of(invoice)}:issue")
    assert issued is not None
    reverse_transfer(transfer=issued, date=timezone.localdate(), reason=reason, actor=actor)


def withdraw_royalty_invoice(*, statement: RoyaltyStatement, actor: User) -> None:
    """Cancel the invoice of a statement that is about to be superseded, and waive its payment.

    Conflict once money was received for it.
    """
    invoice = (
        Invoice.objects.select_for_update(of=("self",))
        .filter(statement=statement)
        .exclude(state=InvoiceState.CANCELLED)
        .select_related("obligation")
        .first()
    )
    if invoice is not None:
        if invoice.payments.standing().exists():
            raise Conflict(_("Money was received for this statement. Settle the difference in the next period."))
        _cancel(invoice, reasons.CORRECTED, actor)
    for row in Obligation.objects.filter(contract=statement.contract_id, key=royalty_key(statement)):
        if OBLIGATION.can(row.state, "waive"):
            move(row, "waive", actor=actor, closed_on=timezone.localdate(), waived_reason=reasons.CORRECTED)
            settle(row)


def lock_invoice(invoice: Invoice) -> Invoice:
    """Lock the contract of an invoice, and give the invoice as stored, with its obligation."""
    contract = lock_contract(invoice.contract_id)
    invoice = (
        Invoice.objects.select_for_update(of=("self",)).select_related("obligation", "statement").get(pk=invoice.pk)
    )
    invoice.contract = contract
    return invoice


@transaction.atomic
def cancel_invoice(*, invoice: Invoice, reason: str, actor: User) -> Invoice:
    """Cancel an invoice with a reason; the ledger reverses it. Conflict once money was received for it."""
    invoice = lock_invoice(invoice)
    require(tracking_policies.can_invoice(actor, invoice.contract.deal))
    reason = need_reason(reason)
    if invoice.payments.standing().exists():
        raise Conflict(_("Money was received for this invoice: it cannot be cancelled."))
    _cancel(invoice, reason, actor)
    deal = invoice.contract.deal
    tell(
        deal, Side.LICENSEE, kind="invoice.cancelled", actor=actor, page="tracking",
        text=lambda: _("Invoice %(number)s was cancelled.") % {"number": invoice.number},
    )  # fmt: skip
    return invoice
