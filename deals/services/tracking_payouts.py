"""Payments received, and how they are divided among inventors, intermediary and licensor."""

import datetime
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from accounts.selectors import holder_of
from accounts.services import notify, settle
from audit.services import record
from deals import tracking_policies, tracking_selectors
from deals.choices import Side
from deals.models import Contract, Invoice, Payment, Payout, RoyaltyShare, SharePlan
from deals.services.common import address, check, tell
from deals.services.tracking import lock_contract, meet_obligation
from deals.services.tracking_invoices import lock_invoice, source_of
from deals.services.tracking_years import settle_minimum
from deals.tracking_choices import OF_YEAR, Beneficiary
from deals.tracking_lifecycle import InvoiceState, PayoutState
from ledger.choices import AccountKind
from ledger.models import Account
from ledger.selectors import next_key
from ledger.services import Posting, get_account, post_transfer
from ledger.waterfall import Division, Receipt, divide
from marketplace.kit.errors import Conflict, Stale, require
from marketplace.kit.lifecycle import move
from rules.models import Rule
from rules.selectors import RuleMissing, in_force

ZERO = Decimal(0)
HUNDRED = Decimal(100)
RULES = ("inventor.licence.share", "intermediary.share", "author.state.share", "tax.cit.standard")


@dataclass(frozen=True)
class Part:
    """One inventor's share in percent of the inventors' money: of an account, or of whoever proves to own the address."""

    name: str
    share_pct: Decimal
    user: User | None = None
    email: str = ""


def rules_of_shares(on: datetime.date) -> dict[str, Rule]:
    """Give the rules by which payments of a day are divided where nothing else was agreed, by code."""
    return {row.code: row for row in in_force(on).filter(code__in=RULES) if row.value is not None}


def _bonus_applies(contract: Contract, on: datetime.date) -> bool:
    """Tell whether the authors' bonus by the law of 2025 covers the task that the technology comes from."""
    assigned = contract.deal.technology.state_task_assigned_on
    row = in_force(on).filter(code="author.state.share.assigned_from").first()
    return row is not None and assigned is not None and assigned >= datetime.date.fromisoformat(row.text)


def receipt_of(plan: SharePlan, amount: Decimal, costs: Decimal, on: datetime.date) -> Receipt:
    """Give what a payment on a day is divided by: agreed shares, or those by law on that day.

    Raises RuleMissing when a share neither was agreed nor is in force on that day.
    """
    rates = {code: row.value for code, row in rules_of_shares(on).items() if row.value is not None}

    def by_law(code: str) -> Decimal:
        if code not in rates:
            raise RuleMissing(code)
        return rates[code]

    intermediary = None
    if plan.intermediary_id is not None:
        intermediary = by_law("intermediary.share") if plan.intermediary_pct is None else plan.intermediary_pct
    return Receipt(
        amount=amount,
        inventor_pct=by_law("inventor.licence.share") if plan.inventor_pct is None else plan.inventor_pct,
        inventors=[share.share_pct for share in plan.shares.order_by("-share_pct", "pk")],
        costs=costs,
        intermediary_pct=intermediary,
        state_funding_pct=plan.state_funding_pct,
        author_state_pct=rates.get("author.state.share", ZERO) if _bonus_applies(plan.contract, on) else ZERO,
        tax_pct=rates.get("tax.cit.standard", ZERO),
    )


def _as_record(plan: SharePlan, receipt: Receipt, division: Division, on: datetime.date) -> dict[str, Any]:
    values = {**asdict(receipt), **asdict(division)}
    kept = {name: str(value) for name, value in values.items() if isinstance(value, Decimal)}
    return {
        **kept,
        "inventors_shares": [str(share) for share in receipt.inventors],
        "parts": [str(part) for part in division.parts],
        "intermediary_pct": None if receipt.intermediary_pct is None else str(receipt.intermediary_pct),
        "inventor_pct_agreed": plan.inventor_pct is not None,
        "intermediary_pct_agreed": plan.intermediary_pct is not None,
        "agreement": plan.agreement,
        "sources": {code: row.source for code, row in rules_of_shares(on).items()},
    }


def settled_of(invoice: Invoice) -> Decimal:
    """Give how much of an invoice is settled, in VND: what was received and what was withheld as tax."""
    payments = Payment.objects.standing().filter(invoice=invoice)
    return payments.aggregate(total=Sum(F("amount") + F("withheld")))["total"] or ZERO


def _check_payment(
    invoice: Invoice, amount: Decimal, withheld: Decimal, certificate: str, costs: Decimal, paid_on: datetime.date
) -> Decimal:
    """Give what is left to pay. Raises ValidationError for figures or a day that cannot be."""
    left = invoice.amount - settled_of(invoice)
    errors: dict[str, list[str]] = {}
    if amount < 0 or amount != amount.to_integral_value():
        errors["amount"] = [_("Enter a whole amount in đồng of 0 or more.")]
    elif not amount and not withheld:
        errors["amount"] = [_("Enter a whole amount in đồng above 0.")]
    elif amount > left:
        errors["amount"] = [_("Only %(left)s đồng are left to pay on this invoice.") % {"left": left}]
    elif amount + withheld > left:
        errors["withheld"] = [
            _("Received and withheld come to more than is left to pay on this invoice: %(left)s đồng.") % {"left": left}
        ]
    if withheld < 0 or withheld != withheld.to_integral_value():
        errors["withheld"] = [_("Enter a whole amount in đồng of 0 or more.")]
    elif withheld and not certificate:
        errors["withheld_certificate"] = [_("Give the number and date of the certificate or receipt of the tax.")]
    elif certificate and not withheld:
        errors.setdefault("withheld", [_("How much tax does this certificate prove?")])
    if costs < 0 or costs != costs.to_integral_value():
        errors["costs"] = [_("Enter a whole amount in đồng of 0 or more.")]
    effective = invoice.contract.effective_on
    if paid_on > timezone.localdate():
        errors["paid_on"] = [_("This day has not come yet.")]
    elif effective is not None and paid_on < effective:
        errors["paid_on"] = [_("The contract was not in effect on this day.")]
    if errors:
        raise ValidationError(errors)
    return left


@transaction.atomic
def record_payment(
    *,
    invoice: Invoice,
    amount: Decimal,
    paid_on: datetime.date,
    bank_reference: str,
    actor: User,
    costs: Decimal = ZERO,
    withheld: Decimal = ZERO,
    withheld_certificate: str = "",
) -> Payment:
    """Confirm money received for an invoice, in full or in part, and divide it at once.

    `withheld`: tax kept back by the licensee, by a certificate; received and withheld together settle the invoice, and
    both together are what is divided: the inventors' share by law is of each payment before tax (IP Law, article 135),
    and the tax is the licensor's own. A certificate that came after the money is recorded alone, with an `amount` of 0;
    where no reference is given the payment goes by the certificate's. No bank moved money then: its transfer names none.
    Posts what was received and, if anybody but the licensor gets a part, how it was divided. Raises ValidationError
    for figures or a day that cannot be; Conflict when the invoice is closed, this reference was recorded before, or
    nobody has said yet who the inventors are.
    """
    invoice = lock_invoice(invoice)
    contract = invoice.contract
    deal = contract.deal
    require(tracking_policies.can_invoice(actor, deal))
    bank_reference, withheld_certificate = bank_reference.strip(), withheld_certificate.strip()
    if not amount and withheld:
        bank_reference = bank_reference or withheld_certificate
    elif not bank_reference:
        raise ValidationError({"bank_reference": [_("Give the bank's reference.")]})
    if invoice.state != InvoiceState.ISSUED:
        raise Conflict(_("This invoice is closed: nothing is left to pay on it."))
    named = Payment.objects.filter(invoice=invoice, bank_reference=bank_reference)
    if named.standing().exists():
        raise Conflict(_("A payment with this reference was recorded already."))
    again = named.count()  # reversed ones, whose transfers stay
    nth = f"-{again + 1}" if again else ""
    left = _check_payment(invoice, amount, withheld, withheld_certificate, costs, paid_on)
    gross = amount + withheld
    plan = SharePlan.objects.select_for_update(of=("self",)).get(contract=contract)
    if tracking_selectors.plans_to_settle().filter(pk=plan.pk).exists():
        message = _("First settle who gets what: a payment is divided at once, and nobody has named the inventors yet.")
        raise Conflict(message, shares=address(deal, "share_plan"))
    plan.contract = contract
    try:
        receipt = receipt_of(plan, gross, costs, paid_on)
    except RuleMissing as missing:
        message = _("No share by law is in force on this day. Enter the agreed shares in the plan first.")
        raise ValidationError({"paid_on": [message]}) from missing
    division = divide(receipt)
    tax = (
        [
            Posting(get_account(kind=AccountKind.TAX_WITHHELD, organisation=deal.licensee), -withheld),
            Posting(get_account(kind=AccountKind.TAX_WITHHELD, organisation=deal.licensor), withheld),
        ]
        if withheld
        else []
    )
    received = post_transfer(
        key=f"{source_of(invoice)}:{'received' if amount else 'withheld'}{nth}:{bank_reference}",
        entries=[
            Posting(get_account(kind=AccountKind.PAYABLE, organisation=deal.licensee), gross),
            Posting(get_account(kind=AccountKind.PAID_OUT, organisation=deal.licensee), -amount),
            Posting(get_account(kind=AccountKind.RECEIVABLE, organisation=deal.licensor), -gross),
            Posting(get_account(kind=AccountKind.ROYALTY_INCOME, organisation=deal.licensor), amount),
            *tax,
        ],
        date=paid_on,
        description=invoice.number,
        source=source_of(invoice),
        bank_reference=bank_reference if amount else "",
        actor=actor,
    )
    payouts = _payouts(contract, plan, division)
    divided = None
    if payouts:
        divided = post_transfer(
            key=f"{source_of(invoice)}:divided{nth}:{bank_reference}",
            entries=[
                Posting(
                    get_account(kind=AccountKind.ROYALTY_INCOME, organisation=deal.licensor),
                    -sum((payout.amount for payout in payouts), ZERO),
                ),
                *(Posting(due_account(payout, contract), payout.amount) for payout in payouts),
            ],
            date=paid_on,
            description=invoice.number,
            source=source_of(invoice),
            actor=actor,
        )
    payment = Payment(
        invoice=invoice, amount=amount, costs=costs, paid_on=paid_on, bank_reference=bank_reference,
        withheld=withheld, withheld_certificate=withheld_certificate,
        computation=_as_record(plan, receipt, division, paid_on), received=received, divided=divided, recorded_by=actor,
    )  # fmt: skip
    check(payment, exclude=["invoice", "received", "divided", "recorded_by", "computation"])
    payment.save()
    for payout in payouts:
        payout.payment = payment
    Payout.objects.bulk_create(payouts)
    data = {"invoice": invoice.number, "amount": amount, "withheld": withheld}
    record(tag="payment.record", subject=payment, actor=actor, data=data)
    if gross == left:
        move(invoice, "settle", actor=actor, data={"payment": payment.pk})
        settle(invoice)
        meet_obligation(invoice.obligation, on=paid_on, actor=actor, data={"invoice": invoice.pk})
        if invoice.obligation.kind in OF_YEAR:
            settle_minimum(contract, invoice.obligation.contract_year, on=paid_on, actor=actor)
    _tell_about(payment, contract, payouts)
    return payment


def _holder(share: RoyaltyShare) -> User | None:
    """Give the person of a share: known when it was settled, or who owns its address by now."""
    return share.user or (holder_of(share.email) if share.email else None)


def _payouts(contract: Contract, plan: SharePlan, division: Division) -> list[Payout]:
    shares = list(plan.shares.select_related("user").order_by("-share_pct", "pk"))
    rows = [
        Payout(role=Beneficiary.INVENTOR, user=_holder(share), name=share.name, amount=part)
        for share, part in zip(shares, division.parts, strict=True)
        if part
    ]
    if division.intermediary:
        intermediary = plan.intermediary
        assert intermediary is not None
        rows.append(
            Payout(
                role=Beneficiary.INTERMEDIARY,
                organisation=intermediary,
                name=intermediary.name_vi,
                amount=division.intermediary,
            )
        )
    return rows


def due_account(payout: Payout, contract: Contract) -> Account:
    """Give the account of what a beneficiary is to be paid. A person without an account stands by name and contract."""
    if payout.organisation is not None:
        return get_account(kind=AccountKind.INTERMEDIARY, organisation=payout.organisation)
    if payout.user is not None:
        return get_account(kind=AccountKind.INVENTOR_PAYABLE, user=payout.user)
    return get_account(kind=AccountKind.INVENTOR_PAYABLE, outside=payout.name, reference=contract.number)


def paid_account(payout: Payout, contract: Contract) -> Account:
    """Give the account of what a beneficiary was paid."""
    if payout.organisation is not None:
        return get_account(kind=AccountKind.INTERMEDIARY_PAID, organisation=payout.organisation)
    if payout.user is not None:
        return get_account(kind=AccountKind.INVENTOR_PAID, user=payout.user)
    return get_account(kind=AccountKind.INVENTOR_PAID, outside=payout.name, reference=contract.number)


def _tell_about(payment: Payment, contract: Contract, payouts: Sequence[Payout]) -> None:
    deal = contract.deal
    told = {"number": payment.invoice.number, "certificate": payment.withheld_certificate}
    tell(
        deal, Side.LICENSEE, kind="payment.recorded", actor=payment.recorded_by, page="tracking",
        text=lambda: (
            _("Your payment on invoice %(number)s was confirmed.") % told
            if payment.amount
            else _("Tax certificate %(certificate)s was recorded on invoice %(number)s.") % told
        ),
    )  # fmt: skip
    notify(
        users=[payout.user for payout in payouts if payout.user is not None],
        kind="payout.due",
        text=lambda: _("You have a share in a payment under contract %(number)s.") % {"number": contract.number},
        url=lambda: reverse("deals:my_payouts"),
    )


def why_not_to_pay(payout: Payout) -> str:
    """Say why a beneficiary's part is not to be paid now; nothing when it is."""
    if payout.state == PayoutState.VOID:
        return _("The payment of which this is a part was reversed: nothing is to be paid on.")
    return _("This part was paid already.") if payout.state == PayoutState.PAID else ""


@transaction.atomic
def record_payout(*, payout: Payout, paid_on: datetime.date, bank_reference: str, actor: User) -> Payout:
    """Record that a beneficiary's part was paid. ValidationError for a day that cannot be, Conflict when paid before."""
    stored = Payout.objects.select_related("payment__invoice").get(pk=payout.pk)
    contract = lock_contract(stored.payment.invoice.contract_id)
    payout = (
        Payout.objects.select_for_update(of=("self",))
        .select_related("user", "organisation", "payment__invoice")
        .get(pk=payout.pk)
    )
    require(tracking_policies.can_share_out(actor, contract.deal))
    if obstacle := why_not_to_pay(payout):
        raise Conflict(obstacle, state=payout.state)
    bank_reference = bank_reference.strip()
    if not bank_reference:
        raise ValidationError({"bank_reference": [_("Give the bank's reference.")]})
    if paid_on > timezone.localdate():
        raise ValidationError({"paid_on": [_("This day has not come yet.")]})
    if paid_on < payout.payment.paid_on:
        raise ValidationError({"paid_on": [_("The money had not been received on this day.")]})
    transfer = post_transfer(
        key=next_key(f"deals.payout:{payout.pk}"),
        entries=[
            Posting(due_account(payout, contract), -payout.amount),
            Posting(paid_account(payout, contract), payout.amount),
        ],
        date=paid_on,
        description=payout.payment.invoice.number,
        source=source_of(payout.payment.invoice),
        bank_reference=bank_reference,
        actor=actor,
    )
    move(payout, "pay", actor=actor, paid_on=paid_on, bank_reference=bank_reference, transfer=transfer)
    if payout.user is not None:
        notify(
            users=[payout.user],
            kind="payout.paid",
            text=lambda: _("Your share under contract %(number)s was paid.") % {"number": contract.number},
            url=lambda: reverse("deals:my_payouts"),
        )
    return payout


@transaction.atomic
def set_share_plan(
    *,
    contract: Contract,
    version: int,
    parts: Sequence[Part],
    actor: User,
    inventor_pct: Decimal | None = None,
    agreement: str = "",
    intermediary: Organisation | None = None,
    intermediary_pct: Decimal | None = None,
    state_funding_pct: Decimal = ZERO,
) -> SharePlan:
    """Settle who gets what, before the first payment is divided. The inventors' shares sum to 100.

    An inventor's address may be anybody's: whether somebody has an account with it is told to nobody here.
    Raises ValidationError for shares that do not, Stale when someone saved since `version`, Conflict once a payment
    under the contract was divided by a plan that somebody settled; what was divided before stays as it is.
    """
    contract = lock_contract(contract.pk)
    require(tracking_policies.can_share_out(actor, contract.deal))
    plan = SharePlan.objects.select_for_update(of=("self",)).filter(contract=contract).first()
    if plan is None:
        raise Conflict(_("Nothing was ever owed under this contract, so there is nothing to share out."))
    waits = tracking_selectors.plans_to_settle().filter(pk=plan.pk).exists()
    if not waits and Payment.objects.standing().filter(invoice__contract=contract).exists():
        raise Conflict(_("A payment has been divided by this plan: it can no longer be changed."))
    if plan.version != version:
        raise Stale(_("Someone else has changed the plan meanwhile. Compare and save again."))
    _check_parts(parts)
    if intermediary is None and intermediary_pct is not None:
        raise ValidationError({"intermediary": [_("Choose the intermediary that gets this share.")]})
    plan.inventor_pct, plan.agreement = inventor_pct, agreement.strip()
    plan.intermediary, plan.intermediary_pct = intermediary, intermediary_pct
    plan.state_funding_pct = state_funding_pct
    plan.version += 1
    check(plan, exclude=["contract"])
    plan.save()
    named = {share.user.email.lower(): share.user for share in plan.shares.select_related("user") if share.user}
    plan.shares.all().delete()
    shares = [
        RoyaltyShare(
            plan=plan, user=part.user, name=part.name, share_pct=part.share_pct, email=part.email.strip().lower()
        )
        for part in parts
    ]  # fmt: skip
    taken = {share.user_id for share in shares}
    for share in shares:
        holder = None
        if share.user is None and share.email:
            holder = named.get(share.email) or holder_of(share.email)
        if holder is not None and holder.pk not in taken:
            share.user = holder
            taken.add(holder.pk)
    for share in shares:
        check(share, exclude=["plan"])
    RoyaltyShare.objects.bulk_create(shares)
    data = {
        "inventor_pct": inventor_pct, "agreement": plan.agreement, "intermediary_pct": intermediary_pct,
        "intermediary": intermediary.pk if intermediary else None, "state_funding_pct": state_funding_pct,
        "parts": [[share.name, share.user_id, str(share.share_pct)] for share in shares],
    }  # fmt: skip
    record(tag="contract.set_share_plan", subject=contract, actor=actor, data=data)
    return plan


def _check_parts(parts: Sequence[Part]) -> None:
    if not parts:
        raise ValidationError({"shares": [_("Name at least one inventor.")]})
    total = sum((part.share_pct for part in parts), ZERO)
    if total != HUNDRED:
        raise ValidationError(
            {"shares": [_("The inventors' shares sum to %(total)s %%, not to 100 %%.") % {"total": total}]}
        )
    people = [part.user.pk for part in parts if part.user is not None]
    addresses = [part.email.strip().lower() for part in parts if part.email.strip()]
    if len(people) != len(set(people)) or len(addresses) != len(set(addresses)):
        raise ValidationError({"shares": [_("Name each person once.")]})
