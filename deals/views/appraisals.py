"""The appraisal of a deal: which firm, how far, and the certificate that state money needs."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from deals import certificates, policies
from deals import selectors as deals
from deals.certificates import Judgement
from deals.models import Deal
from deals.services.appraisals import commission_for_deal
from deals.views.common import actor_of, deal_or_404, frame, submit
from rules.words import citation
from valuation import appraisal_selectors as selectors
from valuation.forms.papers import CommissionForm


def certificate_context(judgement: Judgement, deal: Deal, actor: User) -> dict[str, Any]:
    """Give whether the deal needs a certificate, by which clause, the one that it has, and what does not fit.

    Who may not read the certificate is told that one holds, and until when.
    """
    clause, found = judgement.clause, judgement.standing
    return {
        "needs_certificate": clause is not None,
        "clause": citation(clause.source) if clause is not None else "",
        "waits_for_certificate": judgement.waits,
        "held_once": judgement.held_once,
        "certificate": found,
        "certificate_is_seen": found is not None and judgement.is_seen(found, actor),
        "certificate_needed": judgement.needed() if judgement.waits else [],
        "certificate_doubts": judgement.doubts(actor),
        "under_way": list(certificates.under_way(deal, actor)) if judgement.waits else [],
        "appraisal_url": reverse("deals:appraisal", args=[deal.pk]),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def appraisal(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the appraisals of the deal's technology, and commission a firm for the own side."""
    actor, deal = actor_of(request), deal_or_404(request, pk)
    side = policies.side_of(actor, deal)
    may = side is not None and policies.acts(actor, deal) and not deal.is_over
    contract = deals.current_contract(deal)
    copy = deals.standing_signed_copy(contract) if contract is not None else None
    judgement = certificates.judge(deal, on=copy.signed_on if copy is not None else timezone.localdate())
    form: Any = None
    refused: list[dict[str, Any]] = []
    status = 200
    if may or request.method == "POST":
        client = deal.organisation_of(side) if side is not None else deal.licensee
        firms = selectors.firms_to_commission(deal.technology, client, _other(deal, client))
        free = [row["firm"].pk for row in firms if not row["conflicts"]]
        refused = [row for row in firms if row["conflicts"]]
        form = CommissionForm(
            request.POST or None,
            firms=selectors.verified_firms().filter(pk__in=free),
            initial=_asked(deal),
            compared=_compared(judgement),
        )
    if request.method == "POST":
        if not may:
            commission_for_deal(deal=deal, actor=actor, firm=deal.licensor, brief="")  # the service says why not
        made, status = (
            submit(form, lambda: commission_for_deal(deal=deal, actor=actor, **form.cleaned_data))
            if form.is_valid()
            else (None, 400)
        )
        if made is not None:
            messages.success(request, _("The commission is on record. You hear of it here and by mail."))
            return redirect("valuation:appraisal", made.pk)
    context = {
        **frame(deal, actor, page="signature", judgement=judgement),
        **certificate_context(judgement, deal, actor),
        "appraisals": list(selectors.appraisals_of(actor, deal.technology)),
        "is_signed": contract is not None and contract.signed_on is not None,
        "under_way": [],  # they stand among the appraisals
        "form": form if may else None,
        "refused": refused,
    }
    return render(request, "deals/appraisal.html", context, status=status)


def _compared(judgement: Judgement) -> tuple[str, ...]:
    """Name the fields of a commission whose answer the certificate is compared by with the contract."""
    if judgement.clause is None:
        return ()
    return ("right", "term_years") if judgement.scope.term_years is not None else ("right",)


def _asked(deal: Deal) -> dict[str, Any]:
    """Give what the deal needs appraised: the purpose of its signature, and the right that the agreed terms grant."""
    scope, terms = certificates.scope_of(deal), certificates.agreed_terms(deal)
    brief = [] if terms is None else [terms.product, terms.field_of_use, terms.territory]
    return {
        "purpose": certificates.purpose_for(deal),
        "right": scope.right,
        "term_years": scope.term_years,
        "brief": "\n".join(brief)[:2000],
    }


def _other(deal: Deal, client: Any) -> Any:
    return deal.licensee if client.pk == deal.licensor_id else deal.licensor
