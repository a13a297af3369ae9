"""Pages of the room."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts import selectors as account_selectors
from accounts.models import Role, User
from insights import selectors


@require_GET
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show what waits for the person."""
    user = request.user
    assert isinstance(user, User)
    groups = selectors.waiting_for(user)
    waiting = {task.about for group in groups for task in group.tasks if task.about}
    context = {
        **_start(user),
        "groups": groups,
        "has_seat": bool(user.seats),
        "notes": account_selectors.news_of(user, beside=waiting),
    }
    return render(request, "insights/dashboard.html", context)


def _start(user: User) -> dict[str, Any]:
    """Give what a person who has nothing waiting may begin with: the need of a company, or the result of a researcher."""
    roles = {seat.role for seat in user.seats}
    if roles & {Role.RESEARCHER, Role.TTO_OFFICER}:
        return {
            "start_url": reverse("listings:technology_new"),
            "start_label": _("List a technology"),
            "start_text": _("List a technology: matches, enquiries and offers then appear here and in your mail."),
        }
    if Role.REPRESENTATIVE in roles:
        return {
            "start_url": reverse("listings:demand_new"),
            "start_label": _("Post a demand"),
            "start_text": _(
                "Post what your company needs: matches, offers and answers then appear here and in your mail."
            ),
        }
    return {}


def chosen_exchange(request: HttpRequest) -> Any:
    """Give the exchange named in the address, if there is one."""
    code = request.GET.get("exchange", "")
    return account_selectors.exchanges().filter(code=code).first() if code else None


@login_not_required
@require_GET
def statistics(request: HttpRequest) -> HttpResponse:
    """Show what the exchange can say in numbers, over all exchanges or at one."""
    exchange = chosen_exchange(request)
    figures = selectors.statistics(exchange=exchange)
    everywhere = {"label": _("All exchanges"), "href": "?", "current": exchange is None, "count": None}
    exchanges = [everywhere] + [
        {"label": str(row), "href": f"?exchange={row.code}", "current": row == exchange, "count": None}
        for row in account_selectors.exchanges()
    ]
    context = {
        "figures": figures,
        "months": [(date_format(month, "m/Y"), count) for month, count in figures.by_month],
        "exchange": exchange,
        "exchanges": exchanges,
    }
    return render(request, "insights/statistics.html", context)
