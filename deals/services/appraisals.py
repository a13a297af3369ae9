"""Commission a valuation firm for a side of a deal."""

import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Organisation, User
from audit.services import record
from deals import certificates, policies
from deals.models import Deal
from deals.services.common import acting_side, lock, other, require_no_conflict
from marketplace.kit.errors import Conflict, require
from valuation.models import Appraisal
from valuation.services.appraisals import commission_appraisal


@transaction.atomic
def commission_for_deal(
    *,
    deal: Deal,
    actor: User,
    firm: Organisation,
    brief: str,
    purpose: str = "",
    right: str | None = None,
    term_years: int | None = None,
    due_on: datetime.date | None = None,
) -> Appraisal:
    """Commission a firm for the own side; the buyer's commission waits for the owner's consent.

    Without a `purpose` it is the one that the signature asks for; without a `right` (empty text: as in `brief`) it is
    that of the agreed terms, with their term unless another is given. Raises NotAllowed for a firm with an interest in
    either side, Conflict once the deal is over, ValidationError.
    """
    deal = lock(deal)
    require_no_conflict(actor, deal)
    require(policies.acts(actor, deal))
    if deal.is_over:
        raise Conflict(_("This deal is over."))
    scope = certificates.scope_of(deal)
    side = acting_side(actor, deal)
    appraisal = commission_appraisal(
        technology=deal.technology, firm=firm, client=deal.organisation_of(side),
        counterparty=deal.organisation_of(other(side)), deal_id=deal.pk, actor=actor, brief=brief, purpose=purpose or certificates.purpose_for(deal),
        right=scope.right if right is None else right,
        term_years=scope.term_years if right is None and term_years is None else term_years,
        due_on=due_on,
    )  # fmt: skip
    data = {"appraisal": appraisal.pk, "firm": firm.pk, "side": side}
    record(tag="deal.commission_appraisal", subject=deal, actor=actor, data=data)
    return appraisal
