"""Finding published listings: what the words rank, narrowed by the filters, counted by facet, in the asked order.

The page, the CSV, the feed and the API all come through `find`, so the same address gives the same listings.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import F, QuerySet

from listings import conditions, facets
from listings.facets import Counts
from listings.filters import QUERY_LENGTH, DemandFilter, ListingFilter, TechnologyFilter
from listings.selectors import among, in_order, published_demands, published_technologies
from search import vocabulary
from search.engine import Hit, Ranking, rank
from search.fusion import good
from search.text import fold, words

FILTERS: dict[str, type[ListingFilter]] = {"technology": TechnologyFilter, "demand": DemandFilter}
#: Long texts that a row of a list does not show.
LONG = {
    "technology": ("solution", "applications", "trl_evidence", "source_data"),
    "demand": ("tried", "material", "method", "product", "application", "source_data"),
}
RANKED = 1000  # a search looks at so many of the best
SUGGESTED_TITLES = 4


def _shown(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.select_related(None).select_related("organisation")


@dataclass
class Found:
    """What an address finds. `filters.form.errors` tells which of its values were wrong; those are left out."""

    RANKED: ClassVar[int] = RANKED
    COUNTED: ClassVar[int] = facets.CAP

    kind: str
    filters: ListingFilter
    ranking: Ranking | None
    language: str | None = None

    @property
    def words(self) -> str:
        """The words that were searched, or empty text."""
        return str(self.filters.values.get("q", ""))

    @property
    def order(self) -> str:
        """The order in force: relevance needs words and is their default."""
        asked = str(self.filters.values.get("sort", ""))
        if asked and (asked != "relevance" or self.words):
            return asked
        return "relevance" if self.words else "newest"

    @cached_property
    def hits(self) -> dict[int, Hit]:
        """How each found listing answers the words."""
        return {hit.object_id: hit for hit in self.ranking.hits} if self.ranking else {}

    @property
    def published(self) -> QuerySet[Any]:
        """What the public may find; of it what answers the words, when there are any."""
        rows: QuerySet[Any] = published_technologies() if self.kind == "technology" else published_demands()
        return rows if self.ranking is None else among(rows, self.ranking.object_ids)

    @property
    def listings(self) -> QuerySet[Any]:
        """The listings in order, joined for lists."""
        return self.sorted(self.filters.filter_queryset(self.published))

    @property
    def rows(self) -> QuerySet[Any]:
        """The listings in order, without the long texts that no list shows."""
        return self.listings.defer(*LONG[self.kind])

    def part(self, start: int, stop: int) -> list[Any]:
        """Give the rows of these places as a page shows them: with their organisation, place and field, not the exchange.

        By relevance the keys are put in order first, and only these rows read whole.
        """
        rows = self.rows
        if self.order == "relevance":
            ids = self.answering[start:stop]
            place = {pk: number for number, pk in enumerate(ids)}
            found = sorted(_shown(rows.filter(pk__in=ids)), key=lambda row: place[row.pk])
        else:
            found = list(_shown(rows[start:stop]))
        reference = self.filters.reference
        for row in found:
            row.province, row.main_field = reference.province(row.province_id), reference.field(row.main_field_id)
        return found

    @cached_property
    def answering(self) -> list[int]:
        """The keys of what answers the words and passes the filters, the best answer first."""
        ids = self.ranking.object_ids if self.ranking is not None else []
        if not self.filters.conditions:
            return ids
        kept = set(self.rows.order_by().values_list("pk", flat=True))
        return [pk for pk in ids if pk in kept]

    def sorted(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Put rows in the asked order; it ends in the key."""
        match self.order:
            case "relevance":
                assert self.ranking is not None
                return in_order(rows, self.ranking.object_ids)
            case "trl":
                return rows.order_by(F("trl").desc(nulls_last=True), "-published_at", "-pk")
            case "price":
                return rows.order_by(conditions.amount(rows.model).asc(nulls_last=True), "-published_at", "-pk")
            case "budget":
                return rows.order_by(conditions.amount(rows.model).desc(nulls_last=True), "-published_at", "-pk")
            case "deadline":
                return rows.order_by(F("needed_by").asc(nulls_last=True), "-published_at", "-pk")
        return rows.order_by("-published_at", "-pk")

    @cached_property
    def meant(self) -> str | None:
        """What was probably meant by misspelt words; None when they are fine."""
        return vocabulary.correct(self.words, kind=self.kind, hint=self.language) if self.words else None

    @cached_property
    def counts(self) -> Counts:
        """Rows in all and by facet; lower bounds where the search or the count stopped early."""
        counted = facets.count(self.filters, self.published)
        if self.ranking is not None and self.ranking.truncated:
            return Counts(counted.total, exact=False, by_facet=counted.by_facet)
        return counted

    @property
    def has_good_match(self) -> bool:
        """Tell whether the best of the shown answers the words well; true where nothing was asked."""
        if self.ranking is None:
            return True
        return bool(self.answering) and self.hits[self.answering[0]].probability >= good()


def find(kind: str, data: Mapping[str, Any], *, language: str | None = None, ranked: bool = True) -> Found:
    """Find published listings of a kind by the parameters of an address; `language` is the reader's.

    With `ranked=False` the words are only read, not searched for.
    """
    made = FILTERS[kind](data, published_technologies() if kind == "technology" else published_demands())
    words = made.values.get("q", "")
    ranking = rank(words, kind=kind, hint=language, limit=RANKED) if words and ranked else None
    return Found(kind, made, ranking, language)


@dataclass(frozen=True)
class Suggestions:
    """What a search that is being typed may become: phrases to search for, and published listings by their titles."""

    phrases: list[str]
    listings: list[Any]


def suggest(kind: str, typed: str) -> Suggestions:
    """Suggest as something is typed. Everything given is published now: phrases by the index, titles by the table."""
    typed = typed[:QUERY_LENGTH].strip()
    if len(typed) < 2:
        return Suggestions([], [])
    ids = vocabulary.documents_beginning(typed, kind=kind)
    rows: QuerySet[Any] = published_technologies() if kind == "technology" else published_demands()
    found: QuerySet[Any] = in_order(among(rows, ids), ids).select_related(None).only("pk", "title", "language")
    asked = [fold(match.group()) for match in words(typed)]
    titled = [row for row in found if _holds(row.title, asked)]
    return Suggestions(vocabulary.complete(typed, kind=kind), titled[:SUGGESTED_TITLES])


def _holds(title: str, asked: list[str]) -> bool:
    """Tell whether every asked word begins a word of the title."""
    said = [fold(match.group()) for match in words(title)]
    return all(any(word.startswith(start) for word in said) for start in asked)
