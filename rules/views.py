"""Pages: the dated rows for everybody, proposals for the people of the exchanges."""

import datetime
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marketplace.kit.errors import require
from marketplace.kit.pagination import paginate
from rules import policies, selectors, services, words
from rules.forms import ProposalForm, RejectForm
from rules.groups import Choice
from rules.models import Rule, RuleProposal


def _staff(request: HttpRequest) -> Any:
    """Give the actor; whoever serves no exchange finds nothing here."""
    actor: Any = request.user
    if not policies.can_propose(actor):
        raise Http404
    return actor


def plain(value: Decimal | None) -> str:
    """Write a stored value for an input: no trailing zeros, no exponent."""
    return "" if value is None else f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"


def _crumbs() -> list[tuple[str, str]]:
    return [(_("Rules and defaults"), reverse("rules:rule_list"))]


@login_not_required
@require_GET
def rule_list(request: HttpRequest) -> HttpResponse:
    """Show every row in force today with its source."""
    viewer: Any = request.user
    stale = set(selectors.stale().values_list("pk", flat=True))
    context = {
        "groups": words.listed(list(selectors.in_force()), stale_ids=stale),
        "stale_count": len(stale),
        "proposals_url": reverse("rules:proposals"),
        "may_propose": viewer.is_authenticated and policies.can_propose(viewer),
    }
    return render(request, "rules/rule_list.html", context)


@login_not_required
@require_GET
def rule(request: HttpRequest, code: str) -> HttpResponse:
    """Show every row of a code, past and future, with who put it there."""
    rows = list(selectors.history(code))
    if not rows:
        raise Http404
    viewer: Any = request.user
    today = timezone.localdate()
    stale = set(selectors.stale(code).values_list("pk", flat=True))
    staff = viewer.is_authenticated and policies.can_propose(viewer)
    waiting = selectors.open_proposals().filter(code=code).first() if staff else None
    context = {
        "code": code,
        "name": words.name_of(code),
        "rows": [
            {
                "rule": row,
                "value": words.value_of(row, row.unit),
                "now": row.valid_from <= today and (row.valid_to is None or row.valid_to > today),
                "stale": row.pk in stale,
                "proposal": getattr(row, "proposal", None),
            }
            for row in rows
        ],
        "may_propose": staff and waiting is None,
        "propose_url": reverse("rules:propose", args=[code]),
        "waiting": waiting,
        "crumbs": _crumbs(),
    }
    return render(request, "rules/rule.html", context)


@require_http_methods(["GET", "POST"])
def propose(request: HttpRequest, code: str) -> HttpResponse:
    """Propose a new row for a code."""
    actor = _staff(request)
    last = selectors.history(code).first()
    if last is None:
        raise Http404
    start = {
        "value": plain(last.value),
        "text": last.text,
        "valid_from": timezone.localdate(),
        "certainty": last.certainty,
    }
    form = ProposalForm(request.POST if request.method == "POST" else None, rule=last, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            services.propose_rule(code=code, actor=actor, **form.cleaned_data)
        except ValidationError as error:
            for name, problems in error.message_dict.items():
                form.add_error(name if name in form.fields else None, problems)
        else:
            messages.success(request, _("Proposed. It comes into force once another person approves it."))
            return redirect("rules:proposals")
    context = {
        "form": form, "code": code, "name": words.name_of(code), "last": last, "unit": last.unit,
        "last_value": words.value_of(last, last.unit), "crumbs": [*_crumbs(), (words.name_of(code), reverse("rules:rule", args=[code]))],
    }  # fmt: skip
    return render(request, "rules/propose.html", context, status=400 if form.errors else 200)


def _day(day: datetime.date | None) -> str:
    return date_format(day, "SHORT_DATE_FORMAT") if day is not None else "–"


def _changes(*rows: tuple[str, str, str]) -> list[dict[str, str]]:
    return [{"label": label, "before": before, "after": after} for label, before, after in rows]


def _shown(proposal: RuleProposal, last: Rule, actor: Any, choice: Choice | None = None) -> dict[str, Any]:
    waits = proposal.lifecycle.can(proposal.state, "approve")
    can_decide = waits and policies.can_decide(actor, proposal)
    others, problem = (choice.others, choice.problem) if choice is not None else ([], "")
    can_decide_others = policies.can_decide_all(actor, others)
    return {
        "proposal": proposal,
        "name": words.name_of(proposal.code),
        "value": words.value_of(proposal, last.unit),
        "changes": _changes(
            (_("Value"), words.value_of(last, last.unit), words.value_of(proposal, last.unit)),
            (_("In force from"), _day(last.valid_from), _day(proposal.valid_from)),
            (_("Source"), last.source, proposal.source),
            (_("Certainty"), last.certainty, proposal.certainty),
            (_("To be reviewed by"), _day(last.review_by), _day(proposal.review_by)),
        ),
        "approve_url": reverse("rules:approve", args=[proposal.pk]),
        "reject_url": reverse("rules:reject", args=[proposal.pk]),
        "withdraw_url": reverse("rules:withdraw", args=[proposal.pk]),
        "beside": ", ".join(words.name_of(one.code) for one in others),
        "beside_pks": ",".join(str(one.pk) for one in others),
        "problem": problem,
        "can_decide": can_decide,
        "can_approve": can_decide and can_decide_others and not problem,
        "stands_in_own_way": can_decide and not can_decide_others,
        "can_withdraw": waits and policies.can_withdraw(actor, proposal),
    }


@require_GET
def proposals(request: HttpRequest) -> HttpResponse:
    """List what waits for a second person, and what was decided."""
    actor = _staff(request)
    page = paginate(request, selectors.decided_proposals())
    waiting = list(selectors.open_proposals())
    before = selectors.rows_before([*waiting, *page])
    choices = selectors.choices(waiting)
    context = {
        "waiting": [_shown(row, before[row.pk], actor, choices[row.pk]) for row in waiting],
        "decided": [_shown(row, before[row.pk], actor) for row in page],
        "page": page,
        "form": RejectForm(),
        "crumbs": _crumbs(),
        "rules_url": reverse("rules:rule_list"),
    }
    return render(request, "rules/proposals.html", context)


def _proposal(request: HttpRequest, pk: int) -> tuple[RuleProposal, Any]:
    actor = _staff(request)
    return get_object_or_404(selectors.proposals(), pk=pk), actor


@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve a proposal, with those that the page named beside it."""
    proposal, actor = _proposal(request, pk)
    seen = [int(part) for part in request.POST.get("together_with", "").split(",") if part.isdecimal()]
    made = services.approve_rule(proposal=proposal, actor=actor, together_with=seen)
    messages.success(request, _("Approved. The row is in force from its day."))
    return redirect(reverse("rules:rule", args=[made.code]))


@require_POST
def reject(request: HttpRequest, pk: int) -> HttpResponse:
    """Reject a proposal with a reason."""
    proposal, actor = _proposal(request, pk)
    require(policies.can_decide(actor, proposal))
    form = RejectForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Nothing was rejected: give a reason."))
        return redirect("rules:proposals")
    services.reject_rule(proposal=proposal, actor=actor, reason=form.cleaned_data["reason"])
    messages.success(request, _("Rejected."))
    return redirect("rules:proposals")


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back a proposal of one's own."""
    proposal, actor = _proposal(request, pk)
    services.withdraw_rule(proposal=proposal, actor=actor)
    messages.success(request, _("Withdrawn."))
    return redirect("rules:proposals")
