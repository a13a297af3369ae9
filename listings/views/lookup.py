"""Find what an address names, as the viewer may see it: not visible is 404."""

from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.text import capfirst

from listings import selectors
from listings.models import Demand, Technology
from listings.policies import Viewer

#: Words for each kind, for pages that serve both.
WORDS = {model.kind: capfirst(model._meta.verbose_name) for model in (Technology, Demand)}


def find(kind: str, viewer: Viewer, pk: int) -> Any:
    """Give a technology or demand that the viewer may see, with what its pages show; 404 otherwise."""
    queryset: Any = selectors.technology_detail(viewer) if kind == "technology" else selectors.demand_detail(viewer)
    return get_object_or_404(queryset.select_related("author"), pk=pk)


def url(listing: Technology | Demand, name: str, *args: Any) -> str:
    """Give the address of a page of a listing: `url(technology, "manage")`."""
    return reverse(f"listings:{listing.kind}_{name}", args=[listing.pk, *args])


def posted_version(request: HttpRequest, name: str = "version") -> int:
    """Give the version that the form showed; what is no number counts as one that never was."""
    text = request.POST.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else -1
