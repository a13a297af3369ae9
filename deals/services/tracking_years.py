"""What was received and what was given up for a contract year, and the year's minimum that is settled by it."""

import datetime
from decimal import Decimal

from django.db.models import Exists, F, OuterRef, Sum

from accounts.models import User
from accounts.services import settle
from deals import reasons
from deals.models import Contract, Invoice, Obligation, Payment
from deals.tracking_choices import OF_YEAR, ObligationKind
from deals.tracking_lifecycle import OPEN, InvoiceState, ObligationState, StatementState
from marketplace.kit.lifecycle import move

ZERO = Decimal(0)


def received_of_year(contract: Contract, year: int | None) -> Decimal:
    """Give what was received and withheld on the closed invoices for the use in a contract year, in VND."""
    payments = Payment.objects.standing().filter(
        invoice__contract=contract, invoice__obligation__kind__in=OF_YEAR, invoice__obligation__contract_year=year,
        invoice__state__in=[InvoiceState.PAID, InvoiceState.FORGIVEN],
    )  # fmt: skip
    return payments.aggregate(total=Sum(F("amount") + F("withheld")))["total"] or ZERO


def given_up_of_year(contract: Contract, year: int | None) -> Decimal:
    """Give what the supplier asked for the use in a contract year and then gave up, in VND: rests of invoices, and
    royalties of accepted statements that it waived. What a correction replaced was not given up.
    """
    asked = Obligation.objects.filter(contract=contract, kind__in=OF_YEAR, contract_year=year)
    rests = asked.filter(state=ObligationState.FORGIVEN).aggregate(total=Sum("forgiven"))["total"]
    accepted = Invoice.objects.filter(obligation=OuterRef("pk"), statement__state=StatementState.ACCEPTED)
    waived = asked.filter(Exists(accepted), kind=ObligationKind.ROYALTY, state=ObligationState.WAIVED)
    return (rests or ZERO) + (waived.aggregate(total=Sum("amount"))["total"] or ZERO)


def settle_minimum(contract: Contract, year: int | None, *, on: datetime.date, actor: User) -> None:
    """Bring the minimum of a contract year to what was received and given up, in the caller's transaction.

    Met once the received reaches it; forgiven by the difference once received and given up reach it together; open
    again when neither does any more. One that was waived stays so. The contract is locked.
    """
    minimum = (
        Obligation.objects.select_for_update(of=("self",))
        .filter(contract=contract, kind=ObligationKind.MINIMUM, contract_year=year)
        .exclude(state=ObligationState.WAIVED)
        .first()
    )
    if minimum is None:
        return
    amount, received = minimum.amount or ZERO, received_of_year(contract, year)
    met = received >= amount
    forgiven = amount - received if not met and received + given_up_of_year(contract, year) >= amount else None
    is_open = minimum.state in OPEN
    if is_open if not met and forgiven is None else (not is_open and minimum.forgiven == forgiven):
        return
    data = {"received": str(received)}
    if not is_open:
        move(minimum, "reopen", actor=actor, data=data, closed_on=None, waived_reason="", forgiven=None)
    if met:
        move(minimum, "meet", actor=actor, data=data, closed_on=on)
        settle(minimum)
    elif forgiven is not None:
        data |= {"forgiven": str(forgiven)}
        reason = reasons.PART_GIVEN_UP
        move(minimum, "forgive", actor=actor, data=data, closed_on=on, waived_reason=reason, forgiven=forgiven)
        settle(minimum)
