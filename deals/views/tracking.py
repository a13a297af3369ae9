"""Pages of what follows a contract in effect."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from deals import describe
from deals import tracking_policies as policies
from deals import tracking_selectors as selectors
from deals.forms.tracking import (
    QuestionForm,
    ReasonForm,
    ReportForm,
    StatementForm,
    period_label,
)
from deals.lifecycle import DealState
from deals.models import RoyaltyStatement
from deals.reasons import in_words
from deals.services import tracking as obligations
from deals.services import tracking_statements as statements
from deals.services import tracking_waivers as waivers
from deals.tracking_choices import DeductionKind, ObligationKind
from deals.tracking_due import Deadlines
from deals.tracking_lifecycle import OPEN, PaymentState, StatementState
from deals.views.common import actor_of, pages, reached_by
from deals.views.tracking_common import (
    act_page,
    attempt,
    contract_of,
    crumbs_of,
    exact,
    obligation_of,
    tracking_url,
)
from deals.views.tracking_money_words import divided, late_interest, movement_of, shares_by_law
from deals.views.tracking_next import acts_on, by_time, coming, hold_words, next_steps
from marketplace.kit.errors import Conflict, require
from marketplace.kit.pagination import paginate
from rules.words import citation


@require_GET
def tracking(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what is owed under a contract, declared, invoiced, paid, and to whom it goes."""
    viewer = actor_of(request)
    contract = contract_of(request, pk)
    deal = contract.deal
    sees_shares = policies.sees_shares(viewer, deal)
    obligations_ = list(selectors.obligations_of(contract))
    today = timezone.localdate()
    open_rows = [row for row in obligations_ if row.state in OPEN]
    periods = [(row.period_end, row) for row in open_rows if row.kind == ObligationKind.STATEMENT and row.period_end]
    may_file = policies.can_file(viewer, deal) and contract.terms.has_royalty
    declared = list(selectors.statements_of(contract))
    invoices = list(selectors.invoices_of(contract))
    days = Deadlines(today)
    days.mark(obligations_)
    days.mark(invoices)
    ended = timezone.localdate(deal.state_since) if deal.state == DealState.TERMINATED else None
    next_ones = coming(viewer, contract, obligations_, on=today, ended=ended)
    payments = [divided(payment) for payment in selectors.payments_of(contract)] if sees_shares else []
    plan: Any = selectors.share_plan(contract) if sees_shares else None
    to_settle = plan is not None and plan.to_settle
    steps = next_steps(viewer, contract, declared, invoices, next_ones, settle_shares=to_settle)
    context = {
        "contract": contract,
        "deal": deal,
        "crumbs": crumbs_of(contract, tracking=False),
        "pages": pages(deal, "tracking", reached_by(deal)),
        "ended": ended,
        "groups": by_time(obligations_, today, lambda row: acts_on(viewer, contract, row), ended=ended),
        "next": steps,
        "yours": any(step["yours"] for step in steps),
        "statements": declared,
        "invoices": invoices,
        "vat_source": citation(invoices[0].vat_source) if invoices else "",
        "ends_on": selectors.last_day(contract),
        "holds": [hold_words(hold) for hold in selectors.holds(contract, on=today)],
        "late": late_interest(invoices, today, days=days),
        "payments": payments,
        "plan_is_fixed": any(row["payment"].state == PaymentState.RECORDED for row in payments),
        "plan": plan,
        "law": shares_by_law(today) if sees_shares else {},
        "lines": [
            (line, movement_of(line.transfer), in_words(line.transfer.description))
            for line in selectors.ledger_lines(contract, viewer)
        ],
        "summary": selectors.tracking_summary([deal], days=days).get(pk),
        "sees_shares": sees_shares,
        "machinery": "MACHINERY_WITH" in contract.terms.object_types,
        "can_file": may_file and any(end < today for end, _row in periods) and not any(step["act"] for step in steps),
        "next_period": None
        if any(end < today for end, _row in periods)
        else next((row for _end, row in periods), None),
        "can_invoice": policies.can_invoice(viewer, deal),
        "can_share_out": policies.can_share_out(viewer, deal),
    }
    return render(request, "deals/tracking/tracking.html", context)


@require_http_methods(["GET", "POST"])
def statement_file(request: HttpRequest, pk: int) -> HttpResponse:
    """File a royalty statement: what it comes to is shown first, then it is filed."""
    actor = actor_of(request)
    contract = contract_of(request, pk)
    require(policies.can_file(actor, contract.deal))
    if not contract.terms.has_royalty:
        raise Conflict(_("No running royalty is agreed in this contract."))
    periods = list(selectors.open_periods(contract, on=timezone.localdate()))
    initial = {"period": request.GET.get("period", "")}
    form = StatementForm(request.POST or None, base=contract.terms.royalty_base, periods=periods, initial=initial)
    computed, status, changed = None, 200, False
    if request.method == "POST":
        status = 400
        if form.is_valid():
            period = form.periods[form.cleaned_data["period"]]
            values: Any = {
                "contract": contract, "period_start": period.period_start, "period_end": period.period_end,
                "figures": form.figures(), "actor": actor,
            }  # fmt: skip
            computed, status = attempt(form, lambda: statements.preview_statement(**values))
            wants_file = computed is not None and request.POST.get("act") == "file"
            changed = wants_file and request.POST.get("previewed", _previewed(computed)) != _previewed(computed)
            if changed:
                status = 409  # what is filed is what was shown
            elif wants_file:
                filed, status = attempt(form, lambda: statements.file_statement(**values))
                if filed is not None:
                    messages.success(request, _("The statement is filed. The supplier answers next."))
                    return redirect("deals:statement", filed.pk)
    context = {
        "form": form, "contract": contract, "deal": contract.deal, "crumbs": crumbs_of(contract), "old": None,
        "steps": steps_of(computed.steps) if computed else [], "periods": periods,
        "next": selectors.next_period(contract) if not periods else None,
        "royalty": describe.royalty(contract.terms), "changed": changed,
        "previewed": _previewed(computed) if computed else "",
    }  # fmt: skip
    return render(request, "deals/tracking/statement_form.html", context, status=status)


def _previewed(computed: Any) -> str:
    """Write what a statement comes to, for the form to send back: nobody files an amount that was not shown."""
    return f"{computed.royalty}+{computed.top_up}-{computed.credit}={computed.amount}"


def steps_of(steps: Any) -> list[dict[str, Any]]:
    """Give the lines of a computation for people: label, value, and whether the value is a percentage."""
    labels = {
        "gross_sales": _("Invoiced sales"),
        "net_revenue": _("Net revenue"),
        "loss": _("Loss, counted as zero"),
        "base": _("Base of the royalty"),
        "rate": _("Rate"),
        "royalty": _("Royalty of the period"),
        "earlier": _("Royalties of the earlier periods of the year"),
        "year": _("Royalties of the year"),
        "minimum": _("Minimum of the year"),
        "top_up": _("Top-up to the minimum"),
        "asked": _("Asked for in the year before, the top-up without a statement included"),
        "amount": _("To be paid"),
    }
    rows = []
    for step in steps:
        code, kind, value = (
            (step["code"], step["kind"], step["value"])
            if isinstance(step, dict)
            else (step.code, step.kind, step.value)
        )
        label = (
            _("less %(what)s") % {"what": _in_sentence(DeductionKind(kind).label)}
            if code == "deduction"
            else labels[code]
        )
        rows.append(
            {"label": label, "value": value, "percent": code == "rate", "total": code in {"base", "royalty", "amount"}}
        )
    return rows


def _in_sentence(label: Any) -> str:
    """Write a label within a sentence: its first letter small, but for an abbreviation."""
    text = str(label)
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def statement_of(request: HttpRequest, pk: int) -> RoyaltyStatement:
    """Give a statement that the viewer may see, else 404."""
    return get_object_or_404(selectors.visible_statements(actor_of(request)), pk=pk)


@require_GET
def statement(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a statement with its computation and its versions."""
    viewer = actor_of(request)
    found = statement_of(request, pk)
    lifecycle, deal = found.lifecycle, found.contract.deal
    invoice = selectors.standing_invoice(found)
    paid = bool(invoice is not None and (getattr(invoice, "received", 0) or getattr(invoice, "withheld", 0)))
    may_answer, may_file = policies.can_answer(viewer, deal), policies.can_file(viewer, deal)
    due = found.obligation.last_day
    may_accept = may_answer and lifecycle.can(found.state, "accept") and not statements.why_not_to_accept(found)
    context = {
        "statement": found,
        "contract": found.contract,
        "deal": deal,
        "crumbs": crumbs_of(found.contract),
        "period": period_label(found),
        "steps": steps_of(found.computation["steps"]),
        "versions": selectors.versions_of(found),
        "can_accept": may_accept,
        "can_question": may_answer and lifecycle.can(found.state, "question"),
        "can_correct": may_file and not paid and lifecycle.can(found.state, "supersede"),
        "must_answer": may_file and found.state == StatementState.QUESTIONED,
        "due": due,
        "late": found.version == 1 and found.filed_on > due,
        "invoice": invoice,
    }
    return render(request, "deals/tracking/statement.html", context)


@require_http_methods(["GET", "POST"])
def statement_correct(request: HttpRequest, pk: int) -> HttpResponse:
    """File a corrected version of a statement."""
    actor = actor_of(request)
    found = statement_of(request, pk)
    require(policies.can_file(actor, found.contract.deal))
    form = StatementForm(request.POST or None, base=found.royalty_base, initial=StatementForm.typed(found))
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            corrected, status = attempt(
                form, lambda: statements.correct_statement(statement=found, figures=form.figures(), actor=actor)
            )
            if corrected is not None:
                messages.success(request, _("The correction is filed. The supplier answers next."))
                return redirect("deals:statement", corrected.pk)
    crumbs = [*crumbs_of(found.contract), (period_label(found), found.get_absolute_url())]
    context = {
        "form": form, "contract": found.contract, "deal": found.contract.deal, "crumbs": crumbs, "old": found, "steps": [], "periods": [], "next": None, "period": period_label(found),
        "royalty": describe.royalty(found.contract.terms),
    }  # fmt: skip
    return render(request, "deals/tracking/statement_form.html", context, status=status)


@require_POST
def statement_accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept a statement."""
    found = statement_of(request, pk)
    accepted = statements.accept_statement(statement=found, actor=actor_of(request))
    messages.success(
        request,
        _("The statement is accepted, and its invoice is issued. Record the payment once your bank shows it.")
        if accepted.amount
        else _("The statement is accepted."),
    )
    return redirect("deals:tracking", found.contract.deal_id)


@require_http_methods(["GET", "POST"])
def statement_question(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the buyer about a statement."""
    actor = actor_of(request)
    found = statement_of(request, pk)
    require(policies.can_answer(actor, found.contract.deal))
    form = QuestionForm(request.POST or None)
    return act_page(
        request, form,
        lambda: statements.question_statement(statement=found, question=form.cleaned_data["reason"], actor=actor),
        contract=found.contract, title=_("Ask about the statement for %(period)s") % {"period": period_label(found)},
        lead=_("The buyer reads your question, and corrects the statement or explains it."), button=_("Send"),
        done=_("Your question is sent."), to=found.get_absolute_url(),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def obligation_waive(request: HttpRequest, pk: int) -> HttpResponse:
    """Give up what the other side owes."""
    actor = actor_of(request)
    found = obligation_of(request, pk)
    require(policies.can_waive(actor, found))
    form = ReasonForm(request.POST or None)
    return act_page(
        request, form,
        lambda: waivers.waive_obligation(obligation=found, reason=form.cleaned_data["reason"], actor=actor),
        contract=found.contract, title=_("Waive: %(what)s") % {"what": found},
        lead=_("You give up this obligation for good. The other side reads your reason."), button=_("Waive"),
        facts=[
            *([(_("Period"), period_label(found))] if found.period_start else []),
            *([(_("Amount"), exact(found.amount))] if found.amount is not None else []),
            (_("Due"), date_format(found.last_day, "SHORT_DATE_FORMAT")), (_("Owed by"), found.contract.deal.licensee),
        ],
        done=_("The obligation is waived."), to=tracking_url(found.contract), danger=True,
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def obligation_report(request: HttpRequest, pk: int) -> HttpResponse:
    """File the annual report."""
    actor = actor_of(request)
    found = obligation_of(request, pk)
    require(policies.can_file(actor, found.contract.deal))
    form = ReportForm(request.POST or None)
    lead = _("Contract year %(period)s.") % {"period": period_label(found)} if found.period_start else ""
    return act_page(
        request, form,
        lambda: obligations.file_annual_report(obligation=found, body=form.cleaned_data["body"], actor=actor),
        contract=found.contract, title=_("Annual report"), lead=lead, button=_("File the report"),
        done=_("The report is filed."), to=tracking_url(found.contract),
    )  # fmt: skip


@require_GET
def obligation_list(request: HttpRequest) -> HttpResponse:
    """List what is owed under the viewer's contracts, or only what is past its day."""
    viewer = actor_of(request)
    overdue = request.GET.get("show") == "overdue"
    page = paginate(request, selectors.open_obligations(viewer, overdue_only=overdue))
    Deadlines().mark(page)
    url = reverse("deals:obligation_list")
    tabs = [
        {"label": _("All that is owed"), "href": url, "current": not overdue},
        {"label": _("Past its day"), "href": f"{url}?show=overdue", "current": overdue},
    ]
    return render(request, "deals/tracking/obligations.html", {"page_obj": page, "tabs": tabs, "overdue": overdue})
