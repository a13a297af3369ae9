"""How many rows each value of each facet would give: all facets of a list in one statement.

A facet is counted without its own filter, under all the others. Rows that fail two filters count nowhere, so at most
`CAP` of the rest are looked at; beyond it the counts are lower bounds and `Counts.exact` is False.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, Case, ExpressionWrapper, F, Q, QuerySet, Value, When

from listings.filters import ListingFilter
from listings.models import Technology

CAP = 10_000

#: Filters that make one facet together.
GROUPS = {"trl_min": "trl", "trl_max": "trl"}


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows in all, and by facet and value (fields and provinces by number and code, sectors and regions in English)."""

    total: int = 0
    exact: bool = True
    by_facet: dict[str, dict[str, int]] = field(default_factory=dict)

    def of(self, facet: str, value: str) -> int:
        """Give the rows that this value of the facet has."""
        return self.by_facet.get(facet, {}).get(value, 0)


def _sources(filters: ListingFilter) -> Iterator[tuple[str, str, str, bool]]:
    """Give each facet with its value and what is joined to the rows, in SQL; and whether that can repeat a value."""
    kind = filters.model.kind
    fields = f"JOIN listings_{kind}_fields f ON f.{kind}_id = b_id"
    yield "field", "f.field_id::text", fields, False
    yield "sector", "s.sector_en", f"{fields} JOIN listings_field s ON s.nr = f.field_id", True
    yield "region", "b_region", "", False
    yield "province", "b_province", "", False
    yield "country", "b_country", "", False
    yield "organisation_kind", "b_organisation_kind", "", False
    yield "language", "b_language", "", False
    if filters.model is Technology:
        yield "ip", "r.kind", "JOIN listings_ipright r ON r.technology_id = b_id", True
        yield "rights", "a.value", "CROSS JOIN LATERAL unnest(b_rights) AS a(value)", True
        yield "legal_class", "b_legal_class", "", False
    else:
        yield "cooperation", "a.value", "CROSS JOIN LATERAL unnest(b_cooperation) AS a(value)", True


def count(filters: ListingFilter, published: QuerySet[Any]) -> Counts:
    """Count the published rows (narrowed to what a search found, if there was one) for every facet: one query."""
    groups: dict[str, Q] = {}
    for name, condition in filters.conditions.items():
        group = GROUPS.get(name, name)
        groups[group] = groups[group] & condition if group in groups else condition
    rows = published.order_by().select_related(None)
    rows = rows.annotate(
        b_id=F("pk"), b_region=F("province__region_en"), b_language=F("language"),
        b_country=_unmasked(filters, F("organisation__country")),
        b_province=_unmasked(filters, F("province_id")), b_organisation_kind=_unmasked(filters, F("organisation__kind")),
        **{f"met_{name}": ExpressionWrapper(condition, output_field=BooleanField()) for name, condition in groups.items()},
    )  # fmt: skip
    own = {"b_rights": "rights_offered", "b_legal_class": "legal_class"}
    if filters.model is not Technology:
        own = {"b_cooperation": "cooperation"}
    rows = rows.annotate(**{alias: F(column) for alias, column in own.items()})
    shown = ["b_id", "b_region", "b_province", "b_country", "b_organisation_kind", "b_language", *own]
    try:
        sql, parameters = rows.values_list(*shown, *(f"met_{name}" for name in groups)).query.sql_with_params()
    except EmptyResultSet:  # the search found nothing
        return Counts()
    failed = " + ".join(["0", *(f"(met_{name} IS NOT TRUE)::int" for name in groups)])
    parts = [
        "SELECT '' AS facet, 'seen' AS value, count(*) AS rows FROM base",
        f"SELECT '', 'total', count(*) FROM base WHERE {_met(groups)}",  # noqa: S608 -- names of our own filters
    ]
    for name, value, joined, repeats in _sources(filters):
        narrowed = f"FROM base {joined} WHERE {_met(groups, but=name)} AND {value} IS NOT NULL"
        if repeats:
            narrowed, value = f"FROM (SELECT DISTINCT b_id, {value} AS value {narrowed}) AS once", "value"
        parts.append(f"SELECT '{name}', {value}, count(*) {narrowed} GROUP BY {value}")
    statement = (
        # OFFSET 0 keeps the conditions in one place: drawn into the WHERE as well, each is worked out twice.
        f"SELECT facet, value, rows FROM (WITH base AS MATERIALIZED (SELECT * FROM ({sql} OFFSET 0) AS r"  # noqa: S608 -- names of our own columns and facets
        f" WHERE {failed} <= 1 LIMIT {CAP + 1}) {' UNION ALL '.join(parts)}) AS counted"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found = cursor.fetchall()
    by_facet: dict[str, dict[str, int]] = {}
    for facet, value, rows_of_value in found:
        by_facet.setdefault(facet, {})[value] = rows_of_value
    whole = by_facet.pop("")
    return Counts(total=whole["total"], exact=whole["seen"] <= CAP, by_facet=by_facet)


def _met(groups: dict[str, Q], *, but: str = "") -> str:
    return " AND ".join(["TRUE", *(f"met_{name}" for name in groups if name != but)])


def _unmasked(filters: ListingFilter, column: F) -> Any:
    if filters.model is Technology:
        return column
    return Case(When(masked=False, then=column), default=Value(None))
