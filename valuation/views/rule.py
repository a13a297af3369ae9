"""The published rule: how a range is made, graded, and when none is named."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Exchange, User
from valuation import rule_words
from valuation.defaults import Defaults
from valuation.notice import notice


@login_not_required
@require_safe
def rule(request: HttpRequest) -> HttpResponse:
    """Show the rule as it stands today, each figure with source and tag."""
    shown = rule_words.published(Defaults.on(timezone.localdate()))
    context = {"rule": shown, "notice": notice(), "served": served_exchanges(request.user)}
    return render(request, "valuation/rule.html", context)


def served_exchanges(viewer: Any) -> list[Exchange]:
    """Give the exchanges whose ranges the viewer may have computed again."""
    if not isinstance(viewer, User):
        return []
    return list({seat.exchange_id: seat.exchange for seat in viewer.seats if seat.exchange is not None}.values())
