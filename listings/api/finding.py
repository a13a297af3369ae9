"""The lists of the API filter, rank and order as the pages do: the same parameters give the same listings."""

from typing import Any

from django.utils.translation import get_language
from django_filters.rest_framework import DjangoFilterBackend
from django_filters.utils import translate_validation
from rest_framework.request import Request

from listings.finding import find


class FindingBackend(DjangoFilterBackend):
    """Words, filters and order of `listings.finding`. A wrong value is an error here; the page leaves it out."""

    def filter_queryset(self, request: Request, queryset: Any, view: Any) -> Any:
        """Give what the address finds. Raises ValidationError."""
        found = find(view.kind, request.query_params, language=get_language())
        if not found.filters.is_valid():
            raise translate_validation(found.filters.form.errors)
        return found.listings
