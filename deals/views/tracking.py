"""Pages of what follows a contract in effect."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from deals import tracking_policies as policies
from deals import tracking_selectors as selectors
from deals.forms.tracking import (
    PartFormSet,
    PaymentForm,
    PayoutForm,
    PlanForm,
    QuestionForm,
    ReasonForm,
    ReportForm,
    StatementForm,
    period_label,
)
from deals.models import Contract, Obligation, RoyaltyStatement
from deals.services import tracking as obligations
from deals.services import tracking_invoices as invoices
from deals.services import tracking_payouts as payouts
from deals.services import tracking_statements as statements
from deals.tracking_choices import FIXED_SUMS, DeductionKind, ObligationKind
from deals.tracking_lifecycle import InvoiceState, PayoutState
from marketplace.kit.errors import Conflict, require
from marketplace.kit.formrows import wants_row, with_added_row
from marketplace.kit.pagination import paginate

PERIOD_FIELDS = {"period_start", "period_end"}


def actor_of(request: HttpRequest) -> User:
    """Give the signed-in person; the middleware has seen to it that there is one."""
    assert isinstance(request.user, User)
    return request.user


def add_errors(form: Any, error: ValidationError) -> None:
    """Show a service's ValidationError on the form."""
    for name, problems in (error.message_dict if hasattr(error, "error_dict") else {None: error.messages}).items():
        target = "period" if name in PERIOD_FIELDS and "period" in form.fields else name
        form.add_error(target if target in form.fields else None, problems)


def attempt(form: Any, act: Callable[[], Any]) -> tuple[Any, int]:
    """Run a service; give its result and 200, or None and 400 or 409 with the error shown on the form."""
    try:
        return act(), 200
    except ValidationError as error:
        add_errors(form, error)
        return None, 400
    except Conflict as conflict:
        form.add_error(None, conflict.message)
        return None, 409


def crumbs_of(contract: Contract, *, tracking: bool = True) -> list[tuple[str, str]]:
    """Give the way back to the deal."""
    deal = contract.deal
    way = [(deal.code, deal.get_absolute_url())]
    return [*way, (_("Tracking"), reverse("deals:tracking", args=[deal.pk]))] if tracking else way


def contract_of(request: HttpRequest, deal: int) -> Contract:
    """Give the contract in effect of a deal that the viewer may see, else 404."""
    return get_object_or_404(selectors.visible_contracts(actor_of(request)), deal_id=deal)


@require_GET
def tracking(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what is owed under a contract, declared, invoiced, paid, and to whom it goes."""
    viewer = actor_of(request)
    contract = contract_of(request, pk)
    deal = contract.deal
    sees_shares = policies.sees_shares(viewer, deal)
    rows = list(selectors.obligations_of(contract))
    open_rows = [row for row in rows if row.state not in row.lifecycle.final]
    context = {
        "contract": contract,
        "deal": deal,
        "crumbs": crumbs_of(contract, tracking=False),
        "rows": [
            {"obligation": row, "open": row in open_rows, "acts": _acts_on(viewer, contract, row)} for row in rows
        ],
        "next": open_rows[0] if open_rows else None,
        "statements": selectors.statements_of(contract),
        "invoices": selectors.invoices_of(contract),
        "payments": selectors.payments_of(contract) if sees_shares else [],
        "plan": selectors.share_plan(contract) if sees_shares else None,
        "lines": selectors.ledger_lines(contract, viewer),
        "summary": selectors.tracking_summary([deal]).get(pk),
        "sees_shares": sees_shares,
        "machinery": "MACHINERY_WITH" in contract.terms.object_types,
        "can_file": policies.can_file(viewer, deal) and contract.terms.has_royalty,
        "can_invoice": policies.can_invoice(viewer, deal),
        "can_share_out": policies.can_share_out(viewer, deal),
    }
    return render(request, "deals/tracking/tracking.html", context)


def _acts_on(viewer: User, contract: Contract, row: Any) -> list[dict[str, Any]]:
    """Name what the viewer may do about an obligation now: label, address, and whether the button itself acts."""
    if row.state in row.lifecycle.final:
        return []
    row.contract = contract
    deal = contract.deal
    acts = []

    def offer(label: str, name: str, *, query: str = "", post: bool = False, pk: int = row.pk) -> None:
        acts.append({"label": label, "href": reverse(f"deals:{name}", args=[pk]) + query, "post": post})

    over = row.period_end is not None and row.period_end < timezone.localdate()
    if row.kind == ObligationKind.STATEMENT and over and policies.can_file(viewer, deal):
        offer(_("File"), "statement_file", query=f"?period={row.pk}", pk=deal.pk)
    if row.kind == ObligationKind.REPORT and over and policies.can_file(viewer, deal):
        offer(_("Report"), "obligation_report")
    sums = (*FIXED_SUMS, ObligationKind.ROYALTY)
    if row.kind in sums and not row.standing_invoices and policies.can_invoice(viewer, deal):
        offer(_("Issue the invoice"), "obligation_invoice", post=True)
    if not row.standing_invoices and policies.can_waive(viewer, row):
        offer(_("Waive"), "obligation_waive")
    return acts


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
    computed, status = None, 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            period = form.periods[form.cleaned_data["period"]]
            values: Any = {
                "contract": contract, "period_start": period.period_start, "period_end": period.period_end,
                "figures": form.figures(), "actor": actor,
            }  # fmt: skip
            if request.POST.get("act") == "file":
                filed, status = attempt(form, lambda: statements.file_statement(**values))
                if filed is not None:
                    messages.success(request, _("The statement is filed. The supplier answers next."))
                    return redirect("deals:statement", filed.pk)
            else:
                computed, status = attempt(form, lambda: statements.preview_statement(**values))
    context = {
        "form": form, "contract": contract, "deal": contract.deal, "crumbs": crumbs_of(contract), "old": None,
        "steps": steps_of(computed.steps) if computed else [], "periods": periods,
        "next": selectors.next_period(contract) if not periods else None,
    }  # fmt: skip
    return render(request, "deals/tracking/statement_form.html", context, status=status)


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
        "amount": _("To be paid"),
    }
    rows = []
    for step in steps:
        code, kind, value = (
            (step["code"], step["kind"], step["value"])
            if isinstance(step, dict)
            else (step.code, step.kind, step.value)
        )
        label = _("less %(what)s") % {"what": DeductionKind(kind).label} if code == "deduction" else labels[code]
        rows.append(
            {"label": label, "value": value, "percent": code == "rate", "total": code in {"base", "royalty", "amount"}}
        )
    return rows


def statement_of(request: HttpRequest, pk: int) -> RoyaltyStatement:
    """Give a statement that the viewer may see, else 404."""
    return get_object_or_404(selectors.visible_statements(actor_of(request)), pk=pk)


@require_GET
def statement(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a statement with its computation and its versions."""
    viewer = actor_of(request)
    found = statement_of(request, pk)
    lifecycle, deal = found.lifecycle, found.contract.deal
    may_answer, may_file = policies.can_answer(viewer, deal), policies.can_file(viewer, deal)
    context = {
        "statement": found,
        "contract": found.contract,
        "deal": deal,
        "crumbs": crumbs_of(found.contract),
        "period": period_label(found),
        "steps": steps_of(found.computation["steps"]),
        "versions": selectors.versions_of(found),
        "can_accept": may_answer and lifecycle.can(found.state, "accept"),
        "can_question": may_answer and lifecycle.can(found.state, "question"),
        "can_correct": may_file and lifecycle.can(found.state, "supersede"),
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
        "form": form, "contract": found.contract, "deal": found.contract.deal, "crumbs": crumbs, "old": found,
        "steps": [], "periods": [], "next": None, "period": period_label(found),
    }  # fmt: skip
    return render(request, "deals/tracking/statement_form.html", context, status=status)


@require_POST
def statement_accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept a statement."""
    found = statement_of(request, pk)
    statements.accept_statement(statement=found, actor=actor_of(request))
    messages.success(request, _("The statement is accepted."))
    return redirect("deals:tracking", found.contract.deal_id)


def act_page(
    request: HttpRequest,
    form: Any,
    act: Callable[[], Any],
    *,
    contract: Contract,
    title: str,
    lead: str,
    button: str,
    done: str,
    to: str,
    danger: bool = False,
) -> HttpResponse:
    """Ask for what an act needs, then do it. What was typed is kept when it is refused."""
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            result, status = attempt(form, act)
            if status == 200:
                assert result is not None
                messages.success(request, done)
                return redirect(to)
    context = {
        "form": form, "title": title, "lead": lead, "button": button, "danger": danger, "back": to,
        "crumbs": crumbs_of(contract),
    }  # fmt: skip
    return render(request, "deals/tracking/act.html", context, status=status)


def tracking_url(contract: Contract) -> str:
    """Give the address of the tracking page."""
    return reverse("deals:tracking", args=[contract.deal_id])


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


def obligation_of(request: HttpRequest, pk: int) -> Obligation:
    """Give an obligation that the viewer may see, else 404."""
    return get_object_or_404(selectors.visible_obligations(actor_of(request)), pk=pk)


@require_http_methods(["GET", "POST"])
def obligation_waive(request: HttpRequest, pk: int) -> HttpResponse:
    """Give up what the other side owes."""
    actor = actor_of(request)
    found = obligation_of(request, pk)
    require(policies.can_waive(actor, found))
    form = ReasonForm(request.POST or None)
    return act_page(
        request, form,
        lambda: obligations.waive_obligation(obligation=found, reason=form.cleaned_data["reason"], actor=actor),
        contract=found.contract, title=_("Waive: %(what)s") % {"what": found},
        lead=_("You give up this obligation for good. The other side reads your reason."), button=_("Waive"),
        done=_("The obligation is waived."), to=tracking_url(found.contract), danger=True,
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def obligation_report(request: HttpRequest, pk: int) -> HttpResponse:
    """File the annual report."""
    actor = actor_of(request)
    found = obligation_of(request, pk)
    require(policies.can_file(actor, found.contract.deal))
    form = ReportForm(request.POST or None)
    lead = _("The year from %(period)s.") % {"period": period_label(found)} if found.period_start else ""
    return act_page(
        request, form,
        lambda: obligations.file_annual_report(obligation=found, body=form.cleaned_data["body"], actor=actor),
        contract=found.contract, title=_("Annual report"), lead=lead, button=_("File the report"),
        done=_("The report is filed."), to=tracking_url(found.contract),
    )  # fmt: skip


@require_POST
def obligation_invoice(request: HttpRequest, pk: int) -> HttpResponse:
    """Issue the invoice for a sum that has been agreed."""
    found = obligation_of(request, pk)
    invoice = invoices.issue_invoice(obligation=found, actor=actor_of(request))
    messages.success(request, _("Invoice %(number)s is issued.") % {"number": invoice.number})
    return redirect("deals:tracking", found.contract.deal_id)


@require_http_methods(["GET", "POST"])
def invoice_payment(request: HttpRequest, pk: int) -> HttpResponse:
    """Confirm money received for an invoice."""
    actor = actor_of(request)
    found = get_object_or_404(selectors.visible_invoices(actor), pk=pk)
    require(policies.can_invoice(actor, found.contract.deal))
    if found.state != InvoiceState.ISSUED and request.method == "GET":
        raise Conflict(_("This invoice is closed: nothing is left to pay on it."))
    left: Any = found
    form = PaymentForm(request.POST or None, initial={"amount": left.left})

    def act() -> Any:
        data = form.cleaned_data
        return payouts.record_payment(
            invoice=found, amount=data["amount"], paid_on=data["paid_on"], bank_reference=data["bank_reference"],
            costs=data["costs"] or Decimal(0), actor=actor,
        )  # fmt: skip

    return act_page(
        request, form, act, contract=found.contract,
        title=_("Payment on invoice %(number)s") % {"number": found.number},
        lead=_("Record what your bank shows as received. The inventors' shares are divided at once."),
        button=_("Confirm the receipt"), done=_("The payment is recorded and divided."), to=tracking_url(found.contract),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def invoice_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel an invoice on which nothing was received."""
    actor = actor_of(request)
    found = get_object_or_404(selectors.visible_invoices(actor), pk=pk)
    require(policies.can_invoice(actor, found.contract.deal))
    form = ReasonForm(request.POST or None)
    return act_page(
        request, form,
        lambda: invoices.cancel_invoice(invoice=found, reason=form.cleaned_data["reason"], actor=actor),
        contract=found.contract, title=_("Cancel invoice %(number)s") % {"number": found.number},
        lead=_("The ledger keeps the invoice and its reversal. You can issue another one."),
        button=_("Cancel the invoice"), done=_("The invoice is cancelled."), to=tracking_url(found.contract),
        danger=True,
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def share_plan(request: HttpRequest, pk: int) -> HttpResponse:
    """Settle who gets what of the payments."""
    actor = actor_of(request)
    contract = contract_of(request, pk)
    require(policies.can_share_out(actor, contract.deal))
    plan = selectors.share_plan(contract)
    assert plan is not None
    shares = [
        {"name": share.name, "email": share.user.email if share.user else "", "share_pct": share.share_pct}
        for share in plan.shares.all()
    ]
    if request.method == "POST" and wants_row(request.POST, "parts"):
        form = PlanForm(request.POST, viewer=actor)
        parts = PartFormSet(with_added_row(request.POST, "parts"), prefix="parts")
        return _plan_page(request, contract, form, parts, 200)
    form = PlanForm(request.POST or None, viewer=actor, initial=PlanForm.typed(plan))
    parts = PartFormSet(request.POST or None, prefix="parts", initial=shares)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid() and parts.is_valid():
            kept = [row.part() for row in parts.forms if row.cleaned_data and not row.cleaned_data.get("DELETE")]
            data = dict(form.cleaned_data)
            data["state_funding_pct"] = data["state_funding_pct"] or Decimal(0)
            saved, status = attempt(
                form, lambda: payouts.set_share_plan(contract=contract, parts=kept, actor=actor, **data)
            )
            if saved is not None:
                messages.success(request, _("The shares are settled."))
                return redirect("deals:tracking", pk)
    return _plan_page(request, contract, form, parts, status)


def _plan_page(request: HttpRequest, contract: Contract, form: Any, parts: Any, status: int) -> HttpResponse:
    context = {"form": form, "parts": parts, "contract": contract, "deal": contract.deal, "crumbs": crumbs_of(contract)}
    return render(request, "deals/tracking/share_plan.html", context, status=status)


@require_http_methods(["GET", "POST"])
def payout_paid(request: HttpRequest, pk: int) -> HttpResponse:
    """Record that a beneficiary's part was paid."""
    actor = actor_of(request)
    found = get_object_or_404(selectors.visible_payouts(actor), pk=pk)
    contract = found.payment.invoice.contract
    require(policies.can_share_out(actor, contract.deal))
    if found.state != PayoutState.DUE and request.method == "GET":
        raise Conflict(_("This part was paid already."))
    form = PayoutForm(request.POST or None)
    return act_page(
        request, form, lambda: payouts.record_payout(payout=found, actor=actor, **form.cleaned_data),
        contract=contract, title=_("Pay %(name)s") % {"name": found.name},
        lead=_("Pay from your bank account, then record the transfer here. The exchange moves no money."),
        button=_("Record as paid"), done=_("The payout is recorded."), to=tracking_url(contract),
    )  # fmt: skip


@require_GET
def my_payouts(request: HttpRequest) -> HttpResponse:
    """Show a person what was paid and is to be paid to him as an inventor."""
    viewer = actor_of(request)
    page = paginate(request, selectors.my_payouts(viewer))
    return render(
        request, "deals/tracking/my_payouts.html", {"page_obj": page, "totals": selectors.payout_totals(viewer)}
    )


@require_GET
def obligation_list(request: HttpRequest) -> HttpResponse:
    """List what is owed under the viewer's contracts, or only what is overdue."""
    viewer = actor_of(request)
    overdue = request.GET.get("show") == "overdue"
    page = paginate(request, selectors.open_obligations(viewer, overdue_only=overdue))
    url = reverse("deals:obligation_list")
    tabs = [
        {"label": _("All that is owed"), "href": url, "current": not overdue},
        {"label": _("Overdue"), "href": f"{url}?show=overdue", "current": overdue},
    ]
    return render(request, "deals/tracking/obligations.html", {"page_obj": page, "tabs": tabs, "overdue": overdue})
