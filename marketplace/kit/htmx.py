"""A fragment and its page share one view, one queryset and one template."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers


def render_page(
    request: HttpRequest, template: str, fragment: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render `fragment` for an htmx request that swaps a part, else the whole `template` (which includes it)."""
    htmx: Any = getattr(request, "htmx", None)
    part = bool(htmx) and not htmx.boosted and not htmx.history_restore_request
    response = render(request, fragment if part else template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response
