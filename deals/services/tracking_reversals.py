"""What was recorded by mistake: a payment is reversed, a payout taken back. The rows stay, the ledger posts the opposite."""

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import notify
from deals import tracking_policies
from deals.choices import Side
from deals.models import Invoice, Payment, Payout
from deals.services.common import need_reason, tell
from deals.services.tracking import lock_contract
from deals.services.tracking_invoices import lock_invoice
from deals.services.tracking_years import settle_minimum
from deals.tracking_choices import OF_YEAR
from deals.tracking_lifecycle import PAYMENT, InvoiceState, ObligationState, PayoutState
from ledger.services import reverse_transfer
from marketplace.kit.errors import Conflict, require
from marketplace.kit.lifecycle import move


@transaction.atomic
def reverse_payment(*, payment: Payment, reason: str, actor: User) -> Payment:
    """Reverse a payment that the supplier recorded by mistake, with a reason that the buyer reads.

    Both its transfers are reversed and its payouts are void; an invoice that it closed is open again, with the
    obligation, and with the year's minimum where that was met by it; the buyer is called to pay it, and reminded anew
    once it is overdue. Conflict when it was reversed before, while a part
    of it counts as paid on, and once the rest of its invoice was forgiven.
    """
    stored = Payment.objects.select_related("invoice").get(pk=payment.pk)
    invoice = lock_invoice(stored.invoice)
    deal = invoice.contract.deal
    require(tracking_policies.can_invoice(actor, deal))
    reason = need_reason(reason)
    payment = (
        Payment.objects.select_for_update(of=("self",)).select_related("received", "divided").get(pk=payment.pk)
    )  # fmt: skip
    payment.invoice = invoice
    payouts = list(payment.payouts.select_for_update(of=("self",)).select_related("user").order_by("pk"))
    if PAYMENT.can(payment.state, "reverse"):
        paid = next((row for row in payouts if row.state == PayoutState.PAID), None)
        if paid is not None:
            raise Conflict(
                _("The part of %(name)s was paid on already. Take that back first, if it was recorded by mistake too.")
                % {"name": paid.name}
            )
        if invoice.state == InvoiceState.FORGIVEN:
            raise Conflict(_("The rest of this invoice was forgiven on the strength of this payment."))
    today = timezone.localdate()
    data = {"invoice": invoice.number, "amount": payment.amount, "withheld": payment.withheld, "reason": reason}
    move(payment, "reverse", actor=actor, data=data, reversed_on=today, reversed_reason=reason)
    for row in payouts:
        move(row, "void", actor=actor, data={"payment": payment.pk})
    for transfer in (payment.divided, payment.received):
        if transfer is not None:
            reverse_transfer(transfer=transfer, date=today, reason=reason, actor=actor)
    if invoice.state == InvoiceState.PAID:
        _reopen(invoice, payment, actor)
    number = invoice.number
    tell(
        deal, Side.LICENSEE, kind="payment.reversed", actor=actor, page="tracking", awaits=invoice,
        text=lambda: (
            _("The supplier reversed the payment that it had recorded on invoice %(number)s: %(reason)s")
            if payment.amount
            else _("The supplier reversed the tax certificate that it had recorded on invoice %(number)s: %(reason)s")
        )
        % {"number": number, "reason": reason},
    )  # fmt: skip
    notify(
        users=[row.user for row in payouts if row.user is not None],
        kind="payout.void",
        text=lambda: (
            _("A payment under contract %(number)s was recorded by mistake: your share in it is void.")
            % {"number": invoice.contract.number}
        ),
        url=lambda: reverse("deals:my_payouts"),
    )
    return payment


def _reopen(invoice: Invoice, payment: Payment, actor: User) -> None:
    """Open the invoice that a payment had closed, and what had been met by it."""
    data = {"payment": payment.pk}
    move(invoice, "reopen", actor=actor, data=data)
    owed = invoice.obligation
    if owed.state == ObligationState.MET:
        move(owed, "reopen", actor=actor, data=data, closed_on=None)
    if owed.kind in OF_YEAR:
        settle_minimum(invoice.contract, owed.contract_year, on=timezone.localdate(), actor=actor)


@transaction.atomic
def take_back_payout(*, payout: Payout, reason: str, actor: User) -> Payout:
    """Take back that a beneficiary's part was paid, which was recorded by mistake, with a reason: it is due again.

    Conflict when it does not count as paid.
    """
    stored = Payout.objects.select_related("payment__invoice").get(pk=payout.pk)
    contract = lock_contract(stored.payment.invoice.contract_id)
    payout = Payout.objects.select_for_update(of=("self",)).select_related("user", "transfer").get(pk=payout.pk)
    require(tracking_policies.can_share_out(actor, contract.deal))
    reason = need_reason(reason)
    transfer, told = payout.transfer, {"reason": reason, "bank_reference": payout.bank_reference}
    move(payout, "take_back", actor=actor, data=told, paid_on=None, bank_reference="", transfer=None)
    if transfer is not None:
        reverse_transfer(transfer=transfer, date=timezone.localdate(), reason=reason, actor=actor)
    if payout.user is not None:
        notify(
            users=[payout.user],
            kind="payout.taken_back",
            text=lambda: (
                _("Your share under contract %(number)s was not paid yet after all: %(reason)s")
                % {"number": contract.number, "reason": reason}
            ),
            url=lambda: reverse("deals:my_payouts"),
        )
    return payout
