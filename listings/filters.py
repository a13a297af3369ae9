"""The filters of the public lists: one FilterSet for the page, the CSV, the feed and the API.

Each filter is a condition of `listings.conditions`, so that counts of facets are made of the same parts.
Several values of one filter widen it; several filters narrow each other.
"""

from collections.abc import Callable, Collection, Iterator
from copy import copy
from functools import lru_cache
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.choices import BaseChoiceIterator
from django.utils.functional import cached_property
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django_filters import CharFilter, ChoiceFilter, FilterSet, MultipleChoiceFilter, NumberFilter
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from accounts.countries import country_choices
from accounts.models import Organisation
from accounts.selectors import provinces
from listings import conditions
from listings.choices import Cooperation, IPKind, Language, LegalClass, Right
from listings.models import Demand, Technology
from listings.selectors import field_list
from marketplace.kit.validators import plain_text

QUERY_LENGTH = 2000
LARGEST_AMOUNT = 10**18 - 1
SHOWN_CLASSES = [choice for choice in LegalClass.choices if choice[0] in {"encouraged", "restricted", "none"}]


_key = lru_cache(maxsize=256)(slugify)  # of a sector or a region in an address


class Reference:
    """Fields, sectors, provinces, regions and countries with their names in the reader's language: two queries, when first asked."""

    @cached_property
    def _fields(self) -> list[Any]:
        return list(field_list())

    @cached_property
    def _provinces(self) -> list[Any]:
        return list(provinces())

    @cached_property
    def _field_of(self) -> dict[int, Any]:
        return {row.nr: row for row in self._fields}

    @cached_property
    def _province_of(self) -> dict[str, Any]:
        return {row.code: row for row in self._provinces}

    def field(self, number: int | None) -> Any:
        """Give the field with this number, or None."""
        return None if number is None else self._field_of[number]

    def province(self, code: str | None) -> Any:
        """Give the province with this code, or None."""
        return None if code is None else self._province_of[code]

    @cached_property
    def fields(self) -> list[tuple[str, str]]:
        """Pairs of the field's number and name."""
        return [(str(row.nr), str(row)) for row in self._fields]

    @cached_property
    def sector_names(self) -> dict[str, str]:
        """The English name of each sector by its key in addresses."""
        return {_key(row.sector_en): row.sector_en for row in self._fields}

    @cached_property
    def sectors(self) -> list[tuple[str, str]]:
        """Pairs of the sector's key and name."""
        return list({_key(row.sector_en): row.sector for row in self._fields}.items())

    @cached_property
    def provinces(self) -> list[tuple[str, str]]:
        """Pairs of the province's code and name."""
        return [(row.code, str(row)) for row in self._provinces]

    @cached_property
    def region_names(self) -> dict[str, str]:
        """The English name of each region by its key in addresses."""
        return {_key(row.region_en): row.region_en for row in self._provinces}

    @cached_property
    def regions(self) -> list[tuple[str, str]]:
        """Pairs of the region's key and name."""
        english = get_language() == "en"
        return list({_key(r.region_en): r.region_en if english else r.region_vi for r in self._provinces}.items())

    @cached_property
    def countries(self) -> list[tuple[str, str]]:
        """Pairs of the country's code and name."""
        return country_choices()


class Closed(BaseChoiceIterator):
    """A closed list of choices that every copy of a field shares; a plain list is copied pair by pair."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._pairs)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Closed":
        return self


class Light:
    """A filter of which each request takes a light copy; its closed lists are shared."""

    means: Callable[[Any, Any], Q] | None = None
    extra: dict[str, Any]

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        made = copy(self)
        made.extra = dict(self.extra)
        made.__dict__.pop("_field", None)
        return made


class Several(Light, MultipleChoiceFilter):
    """Any of several values. `source` names the part of Reference that gives the choices."""

    def __init__(self, *, means: Callable[[Any, Any], Q], source: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.means, self.source = means, source
        if source:
            extend_schema_field(OpenApiTypes.STR)(self)  # its choices are read when a request asks


class Number(Light, NumberFilter):
    """One bound."""

    field_class = forms.DecimalField

    def __init__(self, *, means: Callable[[Any, Any], Q], highest: int = LARGEST_AMOUNT, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=highest, max_digits=18, decimal_places=0, **kwargs)
        self.means = means

    def get_max_validator(self) -> None:
        """The field has one already."""


class Query(Light, CharFilter):
    """The words of the search box. Ranking them is the engine's work, not a condition."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=QUERY_LENGTH, validators=[plain_text], **kwargs)


class Order(Light, ChoiceFilter):
    """The order of the list; not a condition."""


class ListingFilter(FilterSet):
    """What both lists share."""

    model: type[Technology] | type[Demand]

    def __init__(self, data: Any = None, queryset: Any = None, **kwargs: Any) -> None:
        super().__init__(data, queryset, **kwargs)
        self.reference = Reference()
        for each in self.filters.values():
            if getattr(each, "source", ""):
                each.extra["choices"] = Closed(getattr(self.reference, each.source))

    @cached_property
    def values(self) -> dict[str, Any]:
        """What was asked, cleaned: filters in force only, wrong values left out."""
        self.form.full_clean()
        cleaned = getattr(self.form, "cleaned_data", {})
        return {name: value for name, value in cleaned.items() if value not in (None, "", [], ())}

    @cached_property
    def conditions(self) -> dict[str, Q]:
        """The condition of each filter in force, by name."""
        found = {}
        for name, value in self.values.items():
            means = getattr(self.filters[name], "means", None)
            if means is not None:
                found[name] = means(self.model, self._looked_up(name, value))
        return found

    def _looked_up(self, name: str, value: Any) -> Any:
        source = getattr(self.filters[name], "source", "")
        if source == "fields":
            return [int(number) for number in value]
        if source == "sectors":
            return [self.reference.sector_names[key] for key in value]
        if source == "regions":
            return [self.reference.region_names[key] for key in value]
        return int(value) if isinstance(self.filters[name], Number) else value

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rows that meet every condition."""
        for condition in self.conditions.values():
            queryset = queryset.filter(condition)
        return queryset

    def without(self, *names: str) -> Collection[str]:
        """Name the filters in force but these."""
        return [name for name in self.conditions if name not in names]


def several(means: Callable[[Any, Any], Q], label: Any, *, choices: Any = (), source: str = "") -> Several:
    """Declare a filter of several values."""
    return Several(means=means, label=label, choices=choices, source=source)


class TechnologyFilter(ListingFilter):
    """Filters of the technologies. Amounts in VND."""

    model = Technology
    ORDERS = [
        ("relevance", _("Relevance")),
        ("newest", _("Newest")),
        ("trl", _("Highest TRL")),
        ("price", _("Lowest price")),
    ]

    q = Query(label=_("Search words"))
    sector = several(conditions.in_sectors, _("Sector"), source="sectors")
    field = several(conditions.in_fields, _("Field"), source="fields")
    trl_min = Number(means=conditions.trl_from, highest=9, label=_("Lowest TRL"))
    trl_max = Number(means=conditions.trl_to, highest=9, label=_("Highest TRL"))
    ip = several(conditions.with_ip_kinds, _("IP right"), choices=IPKind.choices)
    rights = several(conditions.with_rights, _("Rights on offer"), choices=Right.choices)
    price_max = Number(means=conditions.price_to, label=_("Price up to (VND)"))
    region = several(conditions.in_regions, _("Region"), source="regions")
    province = several(conditions.in_provinces, _("Province"), source="provinces")
    country = several(conditions.in_countries, _("Country"), source="countries")
    organisation_kind = several(
        conditions.of_organisation_kinds, _("Kind of organisation"), choices=Organisation.Kind.choices
    )
    legal_class = several(conditions.of_legal_classes, _("Legal class"), choices=SHOWN_CLASSES)
    language = several(conditions.in_languages, _("Language of the text"), choices=Language.choices)
    organisation = Number(means=conditions.of_organisation, label=_("Organisation"))
    sort = Order(label=_("Order"), choices=ORDERS)


class DemandFilter(ListingFilter):
    """Filters of the demands. Amounts in VND."""

    model = Demand
    ORDERS = [
        ("relevance", _("Relevance")),
        ("newest", _("Newest")),
        ("deadline", _("Needed soonest")),
        ("budget", _("Highest budget")),
    ]

    q = Query(label=_("Search words"))
    sector = several(conditions.in_sectors, _("Sector"), source="sectors")
    field = several(conditions.in_fields, _("Field"), source="fields")
    trl_min = Number(means=conditions.trl_from, highest=9, label=_("Wanted TRL from"))
    trl_max = Number(means=conditions.trl_to, highest=9, label=_("Wanted TRL up to"))
    cooperation = several(conditions.with_cooperation, _("How to cooperate"), choices=Cooperation.choices)
    budget_min = Number(means=conditions.budget_from, label=_("Budget from (VND)"))
    region = several(conditions.in_regions, _("Region"), source="regions")
    province = several(conditions.in_provinces, _("Province"), source="provinces")
    country = several(conditions.in_countries, _("Country"), source="countries")
    organisation_kind = several(
        conditions.of_organisation_kinds, _("Kind of organisation"), choices=Organisation.Kind.choices
    )
    language = several(conditions.in_languages, _("Language of the text"), choices=Language.choices)
    organisation = Number(means=conditions.of_organisation, label=_("Organisation"))
    sort = Order(label=_("Order"), choices=ORDERS)
