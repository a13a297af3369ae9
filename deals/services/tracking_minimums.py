"""The minimum royalty of a year whose last statement never came: its top-up falls due without it, once."""

import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import settle
from audit.services import record
from deals.choices import Side
from deals.models import Obligation
from deals.services.common import tell
from deals.services.tracking import lock_contract
from deals.services.tracking_statements import standing_statements
from deals.tracking_choices import ObligationKind
from deals.tracking_due import Deadlines
from deals.tracking_lifecycle import OPEN, InvoiceState, ObligationState
from marketplace.kit.errors import Conflict
from marketplace.kit.lifecycle import move

ZERO = Decimal(0)


@transaction.atomic
def charge_top_up(*, pk: int, on: datetime.date | None = None) -> int:
    """Charge what the declared royalties of a contract year leave of its minimum; give 1 when it was charged now.

    For the periodic task, on a minimum (`pk`) whose day has passed while nobody declared the last period of its year.
    Level-triggered: it looks at what stands under the contract's lock, so a run that is repeated, or rivals another,
    charges nothing twice; a unique constraint keeps it so. What is declared later is set off (`deals.royalty`).
    Royalties that reach the minimum without the last statement leave nothing to charge: the minimum waits for payment.
    """
    day = on or timezone.localdate()
    contract = lock_contract(Obligation.objects.values_list("contract_id", flat=True).get(pk=pk))
    minimum = Obligation.objects.select_for_update(of=("self",)).get(pk=pk)
    if (
        minimum.kind != ObligationKind.MINIMUM
        or minimum.state not in OPEN
        or minimum.due_on >= Deadlines(day).first_in_time
    ):
        return 0
    assert minimum.contract_year is not None
    earlier = Obligation.objects.filter(
        contract=contract, kind=ObligationKind.TOP_UP, contract_year=minimum.contract_year
    )
    statements = standing_statements(contract, minimum.contract_year)
    if earlier.exclude(state=ObligationState.WAIVED).exists() or any(row.obligation.closes_year for row in statements):
        return 0
    left = (minimum.amount or ZERO) - sum((row.royalty for row in statements), ZERO)
    if left <= 0:
        return 0
    top_up = Obligation.objects.create(
        contract=contract, key=f"top_up:{minimum.contract_year}:{earlier.count() + 1}", kind=ObligationKind.TOP_UP,
        side=Side.LICENSEE, period_start=minimum.period_start, period_end=minimum.period_end,
        contract_year=minimum.contract_year, due_on=minimum.due_on, amount=left,
    )  # fmt: skip
    record(
        tag="obligation.charge_top_up", subject=top_up, actor=None,
        data={"minimum": minimum.amount, "declared": (minimum.amount or ZERO) - left, "amount": left},
    )  # fmt: skip
    number = contract.number
    for side in Side.values:
        tell(
            contract.deal, side, kind="obligation.top_up", actor=None, page="tracking", awaits=top_up,
            text=lambda: _("The year's last royalty statement under contract %(number)s has not come: its minimum is due.")
            % {"number": number},
        )  # fmt: skip
    return 1


def release_with(obligation: Obligation, *, reason: str, actor: User) -> None:
    """Waive a year's top-up with its minimum, or its minimum with the top-up, in the caller's transaction: one debt.

    Conflict while an invoice for the other one stands, or once a statement of the year was reckoned against the top-up.
    """
    pair = {ObligationKind.MINIMUM: ObligationKind.TOP_UP, ObligationKind.TOP_UP: ObligationKind.MINIMUM}
    year = {"contract_id": obligation.contract_id, "contract_year": obligation.contract_year}
    assert obligation.contract_year is not None
    statements = standing_statements(obligation.contract, obligation.contract_year)
    if any(row.credit or (row.top_up and not row.obligation.closes_year) for row in statements):
        raise Conflict(_("A statement of the year was reckoned against the top-up: it can no longer be waived."))
    rows = Obligation.objects.select_for_update(of=("self",)).filter(
        **year, kind=pair[ObligationKind(obligation.kind)], state__in=OPEN
    )
    for row in rows.order_by("pk"):
        if row.invoices.exclude(state=InvoiceState.CANCELLED).exists():
            raise Conflict(_("An invoice for this stands. Cancel it first."))
        move(row, "waive", actor=actor, data={"reason": reason}, closed_on=timezone.localdate(), waived_reason=reason)
        settle(row)
