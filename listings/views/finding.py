"""The public lists: page, CSV and feed of what one address finds."""

import csv
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.syndication.views import Feed
from django.core.paginator import EmptyPage, Page, PageNotAnInteger, Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from listings import presenters
from listings.finding import Found, find, suggest
from listings.models import Demand, Technology
from marketplace.kit.htmx import render_page
from search.text import highlight

PER_PAGE = 15  # cards; keeps the whole page under 60 kB
DOWNLOADED = 5000  # rows of a CSV
FEED_ENTRIES = 50
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a cell that starts so would be computed by a spreadsheet
PLURAL = {"technology": "technologies", "demand": "demands"}


class CountedPaginator(Paginator):
    """Pages of what was found, whose number is known already."""

    def __init__(self, found: Found) -> None:
        super().__init__((), PER_PAGE)
        self.found = found

    @cached_property
    def count(self) -> int:
        """The known number."""
        return self.found.counts.total

    def page(self, number: Any) -> Page[Any]:
        """Give a page. Raises PageNotAnInteger and EmptyPage."""
        number = self.validate_number(number)
        start = (number - 1) * self.per_page
        return Page(self.found.part(start, start + self.per_page), number, self)


def _page(request: HttpRequest, found: Found) -> Page[Any]:
    pages = CountedPaginator(found)
    try:
        return pages.page(request.GET.get("page", 1))
    except PageNotAnInteger:
        return pages.page(1)
    except EmptyPage:
        return pages.page(pages.num_pages)


@login_not_required
@require_safe
def listing_list(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Show what the address finds; `?format=csv` gives it as a table."""
    if request.GET.get("format") == "csv":
        return download(request, kind)
    english = get_language() == "en"
    found = find(kind, request.GET, language=get_language())
    page = _page(request, found)
    here = reverse(f"listings:{kind}_list")
    plain = request.GET.copy()
    plain.pop("page", None)
    kept = [(name, plain[name]) for name in ("q", "sort", "organisation") if plain.get(name)]
    context = {
        "kind": kind,
        "found": found,
        "words": found.words,
        "page": page,
        "cards": [presenters.card(listing, found, english=english) for listing in page.object_list],
        "heading": presenters.heading(found),
        "meant": found.meant,
        "meant_url": _with(here, {"q": found.meant or ""}),
        "facets": presenters.facet_rows(found),
        "chosen": presenters.chosen(found, plain),
        "keep": kept,
        "here": here,
        "suggest_url": reverse(f"listings:{kind}_suggest"),
        "clear": _with(here, {"q": found.words} if found.words else {}),
        "orders": _orders(found, plain),
        "tabs": _tabs(kind, found.words),
        "post_url": reverse("listings:demand_new" if kind == "technology" else "listings:technology_new"),
        "errors": [error for errors in found.filters.form.errors.values() for error in errors],
        "csv_url": reverse(f"listings:{kind}_csv") + presenters.address(plain),
        "save_query": plain.urlencode(),
        "feed_url": reverse(f"listings:{kind}_feed") + presenters.address(plain),
    }
    return render_page(request, "listings/listing_list.html", "listings/_found.html", context)


@login_not_required
@require_safe
def suggestions(request: HttpRequest, kind: str) -> HttpResponse:
    """Suggest what a search that is being typed may become: a fragment for the search box, or a page of its own."""
    typed = request.GET.get("q", "")
    made = suggest(kind, typed)
    here = reverse(f"listings:{kind}_list")
    context = {
        "kind": kind,
        "typed": typed,
        "phrases": [
            {"text": phrase, "label": highlight(phrase, typed), "href": _with(here, {"q": phrase})}
            for phrase in made.phrases
        ],
        "listings": [
            {
                "listing": row,
                "label": highlight(row.title, typed, language=row.language),
                "href": row.get_absolute_url(),
            }
            for row in made.listings
        ],
    }
    return render(request, "listings/_suggestions.html", context)


def _with(here: str, values: dict[str, str]) -> str:
    return f"{here}?{urlencode(values)}" if values else here


def _tabs(kind: str, words: str) -> list[dict[str, Any]]:
    names = {"technology": _("Technologies"), "demand": _("Demands")}
    return [
        {
            "label": names[other],
            "href": _with(reverse(f"listings:{other}_list"), {"q": words} if words else {}),
            "current": other == kind,
            "count": None,
        }
        for other in names
    ]


def _orders(found: Found, query: Any) -> list[dict[str, Any]]:
    rows = []
    for value, label in type(found.filters).ORDERS:
        if value == "relevance" and not found.words:
            continue
        wanted = query.copy()
        wanted["sort"] = value
        rows.append({"label": label, "href": presenters.address(wanted), "current": value == found.order})
    return rows


@login_not_required
@require_safe
def download(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Give the first rows of what the address finds as CSV for spreadsheets: UTF-8 with its mark."""
    found = find(kind, request.GET, language=get_language())
    rows = _csv_rows(request, found)
    response = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{PLURAL[kind]}.csv"'
    return response


class _Echo:
    def write(self, value: str) -> str:
        return value


def _safe(value: Any) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _csv_rows(request: HttpRequest, found: Found) -> Iterator[str]:
    writer = csv.writer(_Echo())
    english = get_language() == "en"
    own = ["trl", "rights_offered", "price_min", "price_max"]
    if found.kind == "demand":
        own = ["trl_min", "cooperation", "budget_min", "budget_max", "needed_by"]
    yield "\ufeff" + writer.writerow(
        ["id", "url", "title", "summary", "language", "organisation", "place", "field", *own, "published_at"]
    )
    for listing in found.rows[:DOWNLOADED]:
        url = request.build_absolute_uri(listing.get_absolute_url())
        values = [getattr(listing, name) for name in own]
        texts = [";".join(value) if isinstance(value, list) else value for value in values]
        yield writer.writerow(
            [
                listing.pk, url, *map(_safe, (
                    listing.title, listing.summary, listing.language,
                    presenters.shown_organisation(listing), presenters.place_of(listing, english=english),
                    listing.main_field, *texts, listing.published_at.isoformat(timespec="seconds"),
                )),
            ]
        )  # fmt: skip


class ListingFeed(Feed):
    """An Atom feed of what the address finds, newest first unless asked otherwise."""

    feed_type = Atom1Feed
    kind = "technology"

    def get_object(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Found:
        """Give what the address finds."""
        self.kind = kwargs["kind"]
        return find(self.kind, request.GET, language=get_language())

    def title(self, found: Found) -> str:
        """Name the feed."""
        name = _("Technologies") if found.kind == "technology" else _("Demands")
        return " · ".join(filter(None, [found.words, name, "Nhịp Cầu"]))

    def link(self, found: Found) -> str:
        """Give the address of the page."""
        return reverse(f"listings:{found.kind}_list")

    def items(self, found: Found) -> list[Technology | Demand]:
        """Give the first entries."""
        rows = found.rows if "sort" in found.filters.values else found.rows.order_by("-published_at", "-pk")
        return list(rows[:FEED_ENTRIES])

    def item_title(self, item: Any) -> str:
        """Give the title."""
        return str(item.title)

    def item_description(self, item: Any) -> str:
        """Give the summary."""
        return str(item.summary or presenters.excerpt(item))

    def item_pubdate(self, item: Any) -> Any:
        """Give the day of publication."""
        return item.published_at

    def item_updateddate(self, item: Any) -> Any:
        """Give the day of publication: later edits go through a new one."""
        return item.published_at

    def item_author_name(self, item: Any) -> str:
        """Give the organisation, if it is named."""
        return str(presenters.shown_organisation(item) or "")


feed = login_not_required(require_safe(ListingFeed()))
