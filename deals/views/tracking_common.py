"""What the pages of tracking share: finding a contract, sending a form to a service, asking what an act needs."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from deals import tracking_selectors as selectors
from deals.forms.tracking import period_label
from deals.models import Contract, Obligation
from deals.views.common import actor_of
from marketplace.kit import money
from marketplace.kit.errors import Conflict

PERIOD_FIELDS = {"period_start", "period_end"}


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
    way = [(_("Deals"), reverse("deals:deal_list")), (deal.code, deal.get_absolute_url())]
    return [*way, (_("Tracking"), reverse("deals:tracking", args=[deal.pk]))] if tracking else way


def contract_of(request: HttpRequest, deal: int) -> Contract:
    """Give the contract in effect of a deal that the viewer may see, else 404."""
    return get_object_or_404(selectors.visible_contracts(actor_of(request)), deal_id=deal)


def act_page(
    request: HttpRequest,
    form: Any,
    act: Callable[[], Any],
    *,
    contract: Contract,
    title: str,
    lead: str,
    kicker: str = "",
    button: str,
    done: str,
    to: str,
    facts: Sequence[tuple[str, Any]] = (),
    danger: bool = False,
    first: tuple[str, str, str] | None = None,
) -> HttpResponse:
    """Ask for what an act needs, then do it. What was typed is kept when it is refused. `facts`: what it is about.

    `first`: what has to be done before, as a sentence, and the label and address of the way there.
    """
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
        "form": form, "title": title, "lead": lead, "kicker": kicker, "button": button, "danger": danger, "back": to,
        "facts": facts, "crumbs": crumbs_of(contract), "first": first,
    }  # fmt: skip
    return render(request, "deals/tracking/act.html", context, status=status)


def exact(amount: Decimal) -> str:
    """Write an amount in VND whole, in the active language."""
    return money.exact(amount, money.language_of(get_language()))


def obligation_words(row: Obligation) -> str:
    """Name an obligation with the period that it is about."""
    return f"{row}, {period_label(row)}" if row.period_start else str(row)


def tracking_url(contract: Contract) -> str:
    """Give the address of the tracking page."""
    return reverse("deals:tracking", args=[contract.deal_id])


def obligation_of(request: HttpRequest, pk: int) -> Obligation:
    """Give an obligation that the viewer may see, else 404."""
    return get_object_or_404(selectors.visible_obligations(actor_of(request)), pk=pk)
