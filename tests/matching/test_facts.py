"""Structured fit: each fact fits, is near or does not; what one side leaves open is named, never judged."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone, translation

from matching.choices import Verdict
from matching.facts import facts, launch_delays, left_open
from tests.factories.accounts import province
from tests.factories.listings import DemandFactory, TechnologyFactory, field

pytestmark = pytest.mark.django_db
FITS, NEAR, NOT = Verdict.FITS, Verdict.NEAR, Verdict.NOT


def verdicts(technology: Any, demand: Any, code: str) -> list[Verdict]:
    return [fact.verdict for fact in facts(technology, demand, launch_delays()) if fact.code == code]


@pytest.mark.parametrize(("trl", "wanted", "verdict"), [(7, 6, FITS), (5, 6, NEAR), (3, 6, NOT), (None, 6, None)])
def test_trl_is_compared_by_its_gap(trl: int | None, wanted: int, verdict: Verdict | None) -> None:
    found = verdicts(TechnologyFactory(trl=trl), DemandFactory(trl_min=wanted), "trl")
    assert found == ([] if verdict is None else [verdict])


@pytest.mark.parametrize(
    ("price", "budget", "verdict"),
    [
        ((100, None), (None, 100), FITS), ((125, None), (None, 100), NEAR), ((126, None), (None, 100), NOT),
        ((None, 90), (None, 100), FITS), ((50, 300), (20, 100), FITS), ((100, None), (100, None), FITS),
        ((200, None), (100, None), NEAR), ((None, None), (None, 100), None), ((100, None), (None, None), None),
    ],
)  # fmt: skip
def test_price_range_is_compared_with_the_budget(price: Any, budget: Any, verdict: Verdict | None) -> None:
    technology = TechnologyFactory(price_min=price[0], price_max=price[1])
    demand = DemandFactory(budget_min=budget[0], budget_max=budget[1])
    assert verdicts(technology, demand, "price") == ([] if verdict is None else [verdict])


@pytest.mark.parametrize(
    ("offered", "wanted", "verdict"),
    [
        (["assignment"], ["buy"], FITS), (["exclusive_licence"], ["buy"], NEAR), (["nonexclusive_licence"], ["buy"], NOT),
        (["nonexclusive_licence"], ["licence"], FITS), (["trial"], ["licence"], NEAR), (["trial"], ["trial", "buy"], FITS),
        (["assignment"], ["service"], None), ([], ["buy"], None),
    ],
)  # fmt: skip
def test_rights_on_offer_are_compared_with_the_wanted(
    offered: list[str], wanted: list[str], verdict: Verdict | None
) -> None:
    found = verdicts(TechnologyFactory(rights_offered=offered), DemandFactory(cooperation=wanted), "rights")
    assert found == ([] if verdict is None else [verdict])


@pytest.mark.parametrize(
    ("trl", "days", "verdict"),
    [(9, 10, FITS), (8, 400, FITS), (8, 200, NEAR), (8, 100, NOT), (3, 700, NOT), (9, -1, NOT), (8, None, None)],
)
def test_time_to_the_first_sales_is_compared_with_the_day(trl: int, days: int | None, verdict: Verdict | None) -> None:
    needed_by = None if days is None else timezone.localdate() + datetime.timedelta(days=days)
    found = verdicts(TechnologyFactory(trl=trl), DemandFactory(needed_by=needed_by), "time")
    assert found == ([] if verdict is None else [verdict])


@pytest.mark.parametrize(
    ("there", "masked", "verdict", "said"),
    [
        ("01", False, FITS, True), ("31", False, NEAR, True), ("79", False, NOT, True),
        ("01", True, FITS, False), ("31", True, FITS, False), ("79", True, NOT, False),
    ],
)  # fmt: skip
def test_place_of_a_masked_demand_is_its_region(there: str, masked: bool, verdict: Verdict, said: bool) -> None:
    technology = TechnologyFactory(province=province("01"))
    demand = DemandFactory(province=province(there), masked=masked)
    fact = next(fact for fact in facts(technology, demand, {}) if fact.code == "place")
    assert fact.verdict == verdict
    assert (str(demand.province) in fact.detail) == said


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict"), [([24], [24, 6], FITS), ([23], [24], NEAR), ([6], [24], NOT), ([], [24], None)]
)
def test_fields_are_compared_by_field_and_sector(ours: Any, theirs: Any, verdict: Verdict | None) -> None:
    technology = TechnologyFactory(fields=[field(nr) for nr in ours])
    demand = DemandFactory(fields=[field(nr) for nr in theirs])
    assert verdicts(technology, demand, "field") == ([] if verdict is None else [verdict])


@pytest.mark.parametrize(("legal_class", "verdict"), [("encouraged", FITS), ("restricted", NEAR), ("none", None)])
def test_legal_class_counts_where_the_law_minds(legal_class: str, verdict: Verdict | None) -> None:
    found = verdicts(TechnologyFactory(legal_class=legal_class), DemandFactory(), "legal")
    assert found == ([] if verdict is None else [verdict])


def test_words_are_in_the_readers_language_and_the_open_is_named() -> None:
    technology = TechnologyFactory(trl=8, price_min=None, price_max=None, rights_offered=[])
    demand = DemandFactory(trl_min=9, needed_by=timezone.localdate() + datetime.timedelta(days=900))
    said = {}
    for language in ("vi", "en"):
        with translation.override(language):
            found = facts(technology, demand, {8: Decimal(1)})
            said[language] = {fact.code: fact.detail for fact in found}
            assert len({"price", "rights"}) == len(left_open(technology, demand, {8: Decimal(1)}))
    assert "first sales" in said["en"]["time"]
    assert said["vi"].keys() == said["en"].keys()
    assert said["vi"]["time"] != said["en"]["time"]
    assert said["vi"]["trl"] != said["en"]["trl"]
