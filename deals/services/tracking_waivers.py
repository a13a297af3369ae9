"""Waivers: what a side gives up, and what else rests on it."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import settle
from deals import reasons, tracking_policies
from deals.choices import Side
from deals.models import Invoice, Obligation
from deals.services.common import need_reason, tell
from deals.services.tracking import lock_obligation
from deals.services.tracking_invoices import lock_invoice, source_of
from deals.services.tracking_minimums import release_with
from deals.services.tracking_payouts import settled_of
from deals.services.tracking_statements import recheck_statements
from deals.services.tracking_years import settle_minimum
from deals.tracking_choices import OF_YEAR, ObligationKind
from deals.tracking_lifecycle import OBLIGATION
from ledger.choices import AccountKind
from ledger.services import Posting, get_account, post_transfer
from marketplace.kit.errors import Conflict, require
from marketplace.kit.lifecycle import move


@transaction.atomic
def waive_obligation(*, obligation: Obligation, reason: str, actor: User) -> Obligation:
    """Give up what the other side owes, with a reason that it reads. Conflict while an invoice for it stands.

    With the minimum of a year goes the top-up of its last statement: one that waits is asked for anew, and after one
    that was accepted with a top-up, whose payment was not waived, the minimum can no longer be waived (Conflict). A
    top-up that was charged without a statement is the minimum itself: one goes with the other. A royalty that is waived
    counts towards the minimum of its year, as one that is paid does.
    """
    obligation = lock_obligation(obligation)
    contract = obligation.contract
    require(tracking_policies.can_waive(actor, obligation))
    reason = need_reason(reason)
    if obligation.invoices.exclude(state="cancelled").exists():
        raise Conflict(_("An invoice for this stands. Cancel it first."))
    data = {"reason": reason}
    move(obligation, "waive", actor=actor, data=data, closed_on=timezone.localdate(), waived_reason=reason)
    settle(obligation)
    if obligation.kind in {ObligationKind.MINIMUM, ObligationKind.TOP_UP}:
        release_with(obligation, reason=reason, actor=actor)
    if obligation.kind == ObligationKind.MINIMUM:
        recheck_statements(
            contract, obligation,
            accepted=_("The year's last statement was accepted with this minimum: it can no longer be waived."),
            question=reasons.MINIMUM_WAIVED,
        )  # fmt: skip
    if obligation.kind == ObligationKind.ROYALTY:
        settle_minimum(contract, obligation.contract_year, on=timezone.localdate(), actor=actor)
    tell(
        contract.deal, obligation.side, kind="obligation.waived", actor=actor, page="tracking",
        text=lambda: _("%(what)s under contract %(number)s was waived: %(reason)s")
        % {"what": str(obligation), "number": contract.number, "reason": reason},
    )  # fmt: skip
    return obligation


@transaction.atomic
def forgive_rest(*, invoice: Invoice, reason: str, actor: User) -> Invoice:
    """Give up what is left of an invoice that was paid in part, with a reason that the buyer reads.

    The ledger takes the rest off both sides; what was received stays divided. What the invoice asked for was asked for:
    it counts towards the minimum of its year, and is not charged again. Conflict when the invoice is closed, and
    when nothing was received: then it is cancelled, and what it asked for waived.
    """
    invoice = lock_invoice(invoice)
    contract, deal = invoice.contract, invoice.contract.deal
    require(tracking_policies.can_waive(actor, invoice.obligation))
    reason = need_reason(reason)
    left = invoice.amount - settled_of(invoice)
    if left == invoice.amount:
        raise Conflict(_("Nothing was received for this invoice. Cancel it, then waive what it asks for."))
    move(invoice, "forgive", actor=actor, data={"reason": reason, "left": left}, cancelled_reason=reason)
    settle(invoice)
    post_transfer(
        key=f"{source_of(invoice)}:forgiven",
        entries=[
            Posting(get_account(kind=AccountKind.RECEIVABLE, organisation=deal.licensor), -left),
            Posting(get_account(kind=AccountKind.PAYABLE, organisation=deal.licensee), left),
        ],
        date=timezone.localdate(),
        description=invoice.number,
        source=source_of(invoice),
        actor=actor,
    )
    owed = invoice.obligation
    today = timezone.localdate()
    if OBLIGATION.can(owed.state, "forgive"):
        data = {"reason": reason, "invoice": invoice.pk, "forgiven": left}
        move(owed, "forgive", actor=actor, data=data, closed_on=today, waived_reason=reason, forgiven=left)
        settle(owed)
    if owed.kind in OF_YEAR:
        settle_minimum(contract, owed.contract_year, on=today, actor=actor)
    tell(
        deal, Side.LICENSEE, kind="invoice.forgiven", actor=actor, page="tracking",
        text=lambda: _("The supplier forgave the rest of invoice %(number)s: %(reason)s")
        % {"number": invoice.number, "reason": reason},
    )  # fmt: skip
    return invoice
