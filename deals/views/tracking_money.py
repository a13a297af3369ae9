"""Pages of money under a contract in effect: invoices, payments received, shares, payouts. Nothing is moved here."""

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from deals import tracking_policies as policies
from deals import tracking_selectors as selectors
from deals.forms.tracking import PartFormSet, PaymentForm, PayoutForm, PlanForm, ReasonForm
from deals.models import Contract
from deals.services import tracking_invoices as invoices
from deals.services import tracking_payouts as payouts
from deals.services import tracking_reversals as reversals
from deals.services import tracking_waivers as waivers
from deals.tracking_lifecycle import InvoiceState, PayoutState
from deals.views.common import actor_of
from deals.views.tracking_common import (
    act_page,
    attempt,
    contract_of,
    crumbs_of,
    exact,
    obligation_of,
    obligation_words,
    tracking_url,
)
from deals.views.tracking_money_words import withholding_words
from marketplace.kit.errors import Conflict, require
from marketplace.kit.formrows import wants_row, with_added_row
from marketplace.kit.pagination import paginate


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
            costs=data["costs"] or Decimal(0), withheld=data["withheld"] or Decimal(0),
            withheld_certificate=data["withheld_certificate"], actor=actor,
        )  # fmt: skip

    plan: Any = selectors.share_plan(found.contract)
    first = None
    if plan.to_settle:
        href = reverse("deals:share_plan", args=[found.contract.deal_id])
        first = (_("First settle who gets what: nobody has named the inventors yet."), _("Settle the shares"), href)
    return act_page(
        request, form, act, contract=found.contract, first=first,
        title=_("Record a payment"), kicker=_("Invoice %(number)s") % {"number": found.number},
        lead=_("Record what your bank shows as received. The inventors' shares are divided at once."),
        facts=[
            (_("Invoice amount"), exact(found.amount)), (_("Still to be paid"), exact(left.left)),
            (_("Paid by"), found.contract.deal.licensee), *withholding_words(found.contract.flow, left.left),
        ],
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
        contract=found.contract, title=_("Cancel the invoice"), kicker=_("Invoice %(number)s") % {"number": found.number},
        lead=_("The ledger keeps the invoice and its reversal. You can issue another one."),
        facts=[(_("Invoice amount"), exact(found.amount)), (_("For"), obligation_words(found.obligation))],
        button=_("Cancel the invoice"), done=_("The invoice is cancelled."), to=tracking_url(found.contract),
        danger=True,
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def invoice_forgive(request: HttpRequest, pk: int) -> HttpResponse:
    """Give up what is left of an invoice that was paid in part."""
    actor = actor_of(request)
    found: Any = get_object_or_404(selectors.visible_invoices(actor), pk=pk)
    require(policies.can_invoice(actor, found.contract.deal))
    form = ReasonForm(request.POST or None)
    return act_page(
        request, form,
        lambda: waivers.forgive_rest(invoice=found, reason=form.cleaned_data["reason"], actor=actor),
        contract=found.contract, title=_("Forgive the rest"), kicker=_("Invoice %(number)s") % {"number": found.number},
        lead=_("You give up what is left of this invoice for good. The other side reads your reason."),
        facts=[(_("Invoice amount"), exact(found.amount)), (_("To be forgiven"), exact(found.left))],
        button=_("Forgive the rest"), done=_("The rest of the invoice is forgiven."), to=tracking_url(found.contract),
        danger=True,
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def payment_reverse(request: HttpRequest, pk: int) -> HttpResponse:
    """Reverse a payment that was recorded by mistake."""
    actor = actor_of(request)
    found = get_object_or_404(selectors.visible_payments(actor), pk=pk)
    contract = found.invoice.contract
    require(policies.can_invoice(actor, contract.deal))
    form = ReasonForm(request.POST or None)
    return act_page(
        request, form,
        lambda: reversals.reverse_payment(payment=found, reason=form.cleaned_data["reason"], actor=actor),
        contract=contract, title=_("Reverse the payment"), kicker=_("Invoice %(number)s") % {"number": found.invoice.number},
        lead=_(
            "For a payment that was recorded by mistake. It stays on record with its reversal, the shares in it are "
            "void, and the invoice is open again."
        ),
        facts=[
            *([(_("Received"), exact(found.amount)), (_("Bank's reference"), found.moved_by)] if found.amount else []),
            *([(_("Tax withheld"), exact(found.withheld)), (_("Tax certificate"), found.withheld_certificate)]
              if found.withheld else []),
        ],
        button=_("Reverse the payment"), done=_("The payment is reversed."), to=tracking_url(contract), danger=True,
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def share_plan(request: HttpRequest, pk: int) -> HttpResponse:
    """Settle who gets what of the payments."""
    actor = actor_of(request)
    contract = contract_of(request, pk)
    require(policies.can_share_out(actor, contract.deal))
    plan = selectors.share_plan(contract)
    if plan is None:
        raise Conflict(_("Nothing was ever owed under this contract, so there is nothing to share out."))
    shares = [
        {
            "name": share.name,
            "email": share.email or (share.user.email if share.user else ""),
            "share_pct": share.share_pct,
        }
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
    if request.method == "GET" and (obstacle := payouts.why_not_to_pay(found)):
        raise Conflict(obstacle)
    form = PayoutForm(request.POST or None)
    return act_page(
        request, form, lambda: payouts.record_payout(payout=found, actor=actor, **form.cleaned_data),
        contract=contract, title=_("Pay %(name)s") % {"name": found.name},
        lead=_("Pay from your bank account, then record the transfer here. The exchange moves no money."),
        facts=[
            (_("Amount to pay"), exact(found.amount)), (_("As"), found.get_role_display()),
            (_("From the payment on invoice"), f"{found.payment.invoice.number} · {exact(found.payment.gross)}"),
        ],
        button=_("Record as paid"), done=_("The payout is recorded."), to=tracking_url(contract),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def payout_take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back that a part was paid, which was recorded by mistake."""
    actor = actor_of(request)
    found = get_object_or_404(selectors.visible_payouts(actor), pk=pk)
    contract = found.payment.invoice.contract
    require(policies.can_share_out(actor, contract.deal))
    if request.method == "GET" and found.state != PayoutState.PAID:
        raise Conflict(_("This part does not count as paid."))
    form = ReasonForm(request.POST or None)
    return act_page(
        request, form,
        lambda: reversals.take_back_payout(payout=found, reason=form.cleaned_data["reason"], actor=actor),
        contract=contract, title=_("Take back the payout to %(name)s") % {"name": found.name},
        lead=_("For a payout that was recorded by mistake. It is due again; the ledger keeps both."),
        facts=[(_("Amount"), exact(found.amount)), (_("Bank's reference"), found.bank_reference)],
        button=_("Take back"), done=_("The payout is due again."), to=tracking_url(contract), danger=True,
    )  # fmt: skip


@require_GET
def my_payouts(request: HttpRequest) -> HttpResponse:
    """Show a person what was paid and is to be paid to him as an inventor."""
    viewer = actor_of(request)
    page = paginate(request, selectors.my_payouts(viewer))
    return render(
        request, "deals/tracking/my_payouts.html", {"page_obj": page, "totals": selectors.payout_totals(viewer)}
    )
