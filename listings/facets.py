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


#: The rows alike in every column that a facet is taken of, counted: far fewer than the rows themselves.
ALIKE = "alike"
BASE = "base"


def _sources(filters: ListingFilter) -> Iterator[tuple[str, str, str, str]]:
    """Give each facet with its value, what it is counted in, and what is joined to that, in SQL."""
    kind = filters.model.kind
    yield "region", "b_region", ALIKE, ""
    yield "province", "b_province", ALIKE, ""
    yield "country", "b_country", ALIKE, ""
    yield "organisation_kind", "b_organisation_kind", ALIKE, ""
    yield "language", "b_language", ALIKE, ""
    if filters.model is Technology:
        yield "ip", "r.kind", BASE, f"JOIN listings_ipright r ON r.{kind}_id = b_id"
        yield "rights", "a.value", ALIKE, "CROSS JOIN LATERAL (SELECT DISTINCT unnest(b_rights)) AS a(value)"
        yield "legal_class", "b_legal_class", ALIKE, ""
    else:
        yield "cooperation", "a.value", ALIKE, "CROSS JOIN LATERAL (SELECT DISTINCT unnest(b_cooperation)) AS a(value)"


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
    shown = ["b_region", "b_province", "b_country", "b_organisation_kind", "b_language", *own]
    met = [f"met_{name}" for name in groups]
    try:
        sql, parameters = rows.values_list("b_id", *shown, *met).query.sql_with_params()
    except EmptyResultSet:  # the search found nothing
        return Counts()
    failed = " + ".join(["0", *(f"({name} IS NOT TRUE)::int" for name in met)])
    # OFFSET 0 keeps the conditions in one place: drawn into the WHERE as well, each is worked out twice.
    base = f"SELECT * FROM ({sql} OFFSET 0) AS r WHERE {failed} <= 1 LIMIT {CAP + 1}"  # noqa: S608 -- names of our own columns
    columns = ", ".join([*shown, *met])
    alike = f"SELECT {columns}, count(*) AS rows FROM base GROUP BY {columns}"  # noqa: S608 -- as above
    parts = [
        f"SELECT '' AS facet, 'seen' AS value, coalesce(sum(rows), 0) AS rows FROM {ALIKE}",  # noqa: S608 -- as above
        f"SELECT '', 'total', coalesce(sum(rows), 0) FROM {ALIKE} WHERE {_met(groups)}",  # noqa: S608 -- as above
    ]
    for name, value, counted_in, joined in _sources(filters):
        number = "sum(rows)" if counted_in == ALIKE else "count(DISTINCT b_id)"
        narrowed = f"FROM {counted_in} {joined} WHERE {_met(groups, but=name)} AND {value} IS NOT NULL"
        parts.append(f"SELECT '{name}', {value}, {number} {narrowed} GROUP BY {value}")
    # Fields and sectors are of all rows, and counted by number: hashing their names takes three times as long.
    fields = f"FROM base JOIN listings_{filters.model.kind}_fields f ON f.{filters.model.kind}_id = b_id"
    sectors = "SELECT nr, sector_en, min(nr) OVER (PARTITION BY sector_en) AS first FROM listings_field"
    parts += [
        f"SELECT 'field', field_id::text, count(*) {fields} WHERE {_met(groups, but='field')} GROUP BY field_id",
        f"SELECT 'sector', sector_en, count(*) FROM (SELECT DISTINCT b_id, first {fields} JOIN ({sectors}) AS s"  # noqa: S608 -- as above
        f" ON s.nr = field_id WHERE {_met(groups, but='sector')}) AS once JOIN listings_field ON nr = first"
        " GROUP BY first, sector_en",
    ]
    statement = (
        f"SELECT facet, value, rows::bigint FROM (WITH base AS MATERIALIZED ({base}),"  # noqa: S608 -- as above
        f" {ALIKE} AS MATERIALIZED ({alike}) {' UNION ALL '.join(parts)}) AS counted"
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
