"""The good end of a contract: its term is over, and nothing under it is left open."""

import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from deals import tracking_selectors
from deals.choices import TermsRight, Turn
from deals.lifecycle import DEAL
from deals.models import Contract
from deals.services.common import advance, lock, tell_both
from deals.services.nda import close_documents
from deals.services.tracking import lock_contract


@transaction.atomic
def complete_contract(*, contract: Contract, on: datetime.date | None = None) -> bool:
    """Complete a contract in effect that nothing holds open any more; tell whether it was. For the periodic task.

    Level-triggered and idempotent: it looks at what stands under the deal's lock (`tracking_selectors.holds`). With a
    licence ends the right to the documents that were opened under the confidentiality agreement; what was assigned is
    the buyer's own. What the supplier still owes its inventors stays to be paid.
    """
    day = on or timezone.localdate()
    deal = lock(contract.deal)
    if not DEAL.can(deal.state, "complete"):
        return False
    contract = lock_contract(contract.pk)
    contract.deal = deal
    if tracking_selectors.holds(contract, on=day):
        return False
    advance(deal, "complete", actor=None, turn=Turn.NOBODY, contract=contract.pk)
    if contract.terms.right == TermsRight.LICENCE:
        close_documents(deal, actor=None)
    title = deal.technology.title
    tell_both(
        deal, kind="deal.completed", actor=None, page="tracking",
        text=lambda: _("The contract for “%(title)s” is completed: its term is over and nothing is left open.")
        % {"title": title},
    )  # fmt: skip
    return True
