"""What each filter of a public list means, as a condition on one row; counts of facets use the same ones.

Where a demand is masked, nothing that narrows down its organisation may be told by a filter: it answers no filter by
organisation, kind of organisation, country or province, only by region.
"""

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce

from accounts.models import Province
from listings.models import Demand, Field, IPRight, Technology

Model = type[Technology] | type[Demand]


def named(model: Model) -> Q:
    """Rows that show their organisation to everyone."""
    return Q(masked=False) if model is Demand else Q()


def in_fields(model: Model, numbers: Collection[int]) -> Q:
    """Rows of at least one of the WIPO fields."""
    through: Any = model.fields.through
    own = {f"{model.kind}_id": OuterRef("pk")}
    return Q(Exists(through.objects.filter(field_id__in=list(numbers), **own)))


def in_sectors(model: Model, names: Collection[str]) -> Q:
    """Rows of a field in one of the sectors, named in English."""
    through: Any = model.fields.through
    fields = Field.objects.filter(sector_en__in=list(names)).values("pk")
    own = {f"{model.kind}_id": OuterRef("pk")}
    return Q(Exists(through.objects.filter(field_id__in=fields, **own)))


def in_provinces(model: Model, codes: Collection[str]) -> Q:
    """Rows of one of the provinces."""
    return Q(province_id__in=list(codes)) & named(model)


def in_regions(model: Model, names: Collection[str]) -> Q:
    """Rows of a province in one of the regions, named in English."""
    return Q(province_id__in=Province.objects.filter(region_en__in=list(names)).values("pk"))


def in_countries(model: Model, codes: Collection[str]) -> Q:
    """Rows of an organisation of one of the countries."""
    return Q(organisation__country__in=list(codes)) & named(model)


def of_organisation_kinds(model: Model, kinds: Collection[str]) -> Q:
    """Rows of an organisation of one of the kinds."""
    return Q(organisation__kind__in=list(kinds)) & named(model)


def of_organisation(model: Model, pk: int) -> Q:
    """Rows of one organisation."""
    return Q(organisation_id=pk) & named(model)


def of_legal_classes(model: Model, classes: Collection[str]) -> Q:
    """Rows of one of the legal classes."""
    return Q(legal_class__in=list(classes))


def in_languages(model: Model, codes: Collection[str]) -> Q:
    """Rows written in one of the languages."""
    return Q(language__in=list(codes))


def with_ip_kinds(model: Model, kinds: Collection[str]) -> Q:
    """Technologies with an IP right of one of the kinds."""
    return Q(Exists(IPRight.objects.filter(technology_id=OuterRef("pk"), kind__in=list(kinds))))


def with_rights(model: Model, rights: Collection[str]) -> Q:
    """Technologies that offer one of the rights."""
    return Q(rights_offered__overlap=list(rights))


def with_cooperation(model: Model, ways: Collection[str]) -> Q:
    """Demands open to one of the ways of cooperation."""
    return Q(cooperation__overlap=list(ways))


def trl_from(model: Model, level: int) -> Q:
    """Technologies at the level or above; demands that want no less than it."""
    return Q(**{f"{trl_name(model)}__gte": level})


def trl_to(model: Model, level: int) -> Q:
    """Technologies at the level or below; demands content with it."""
    return Q(**{f"{trl_name(model)}__lte": level})


def trl_name(model: Model) -> str:
    """Name the column of the readiness level."""
    return "trl" if model is Technology else "trl_min"


def amount(model: Model) -> Coalesce:
    """The lowest price wished of a technology, the highest budget of a demand (VND); NULL when neither is stated."""
    if model is Technology:
        return Coalesce(F("price_min"), F("price_max"))
    return Coalesce(F("budget_max"), F("budget_min"))


def price_to(model: Model, limit: Decimal) -> Q:
    """Technologies to be had from `limit` VND or less. A price on request is not known to fit."""
    return Q(price_min__lte=limit) | Q(price_min=None, price_max__lte=limit)


def budget_from(model: Model, floor: Decimal) -> Q:
    """Demands whose budget reaches `floor` VND."""
    return Q(budget_max__gte=floor) | Q(budget_max=None, budget_min__gte=floor)
