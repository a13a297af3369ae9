"""The published rule: how a range is made, graded, and when none is named."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from valuation import rule_words
from valuation.defaults import Defaults
from valuation.notice import notice


@login_not_required
@require_safe
def rule(request: HttpRequest) -> HttpResponse:
    """Show the rule as it stands today, each figure with source and tag."""
    shown = rule_words.published(Defaults.on(timezone.localdate()))
    return render(request, "valuation/rule.html", {"rule": shown, "notice": notice()})
