"""Pages of lists, for people and for programs."""

from typing import Any

from django.core.paginator import EmptyPage, Page, PageNotAnInteger, Paginator
from django.http import HttpRequest
from rest_framework.pagination import PageNumberPagination

PER_PAGE = 20


class ApiPagination(PageNumberPagination):
    """`?page=` and `?page_size=` (at most 100)."""

    page_size_query_param = "page_size"
    max_page_size = 100


def paginate(request: HttpRequest, items: Any, *, per_page: int = PER_PAGE) -> Page[Any]:
    """Give the asked page of `items`; a number that is none, or too large, gives the nearest page."""
    paginator = Paginator(items, per_page)
    try:
        return paginator.page(request.GET.get("page", 1))
    except PageNotAnInteger:
        return paginator.page(1)
    except EmptyPage:
        return paginator.page(paginator.num_pages)
