"""An attack on what is published of closed deals: any deals, any releases, any combination of what was shown."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from valuation.methods.anonymity import (
    MONEY_EDGES,
    ROYALTY_EDGES,
    Group,
    Observed,
    PublicationRule,
    band_of,
    count_band,
    form_groups,
    is_anonymous,
)
from valuation.methods.types import InvalidInputError

EDGES = {"royalty": ROYALTY_EDGES, "lump_sum": MONEY_EDGES}
ROYALTIES = st.one_of(st.none(), st.sampled_from([1.0, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 7.5]), st.floats(0.1, 60))
SUMS = st.one_of(st.none(), st.sampled_from([2e8, 5e8, 1e9, 3e9]), st.floats(1e6, 9e12))


@dataclass(frozen=True)
class Closed:
    """A deal and the release in which it can first be published."""

    licensor: int
    licensee: int
    field: int
    exclusive: bool
    quarter: int
    royalty: float | None
    lump_sum: float | None

    def observed(self, key: int, release: int) -> Observed:
        values = {"royalty": self.royalty, "lump_sum": self.lump_sum}
        return Observed(
            key, self.licensor, self.licensee, ((self.field, self.exclusive), (self.field,), ()), release - self.quarter,
            {name: value for name, value in values.items() if value is not None},
        )  # fmt: skip


def parties(first: int) -> Any:
    """Some organisations stand in many deals, most in one."""
    return st.one_of(st.integers(first, first + 2), st.integers(first, first + 60))


CLOSED = st.builds(
    Closed, licensor=parties(0), licensee=parties(1000), field=st.integers(0, 2), exclusive=st.booleans(),
    quarter=st.integers(0, 7), royalty=ROYALTIES, lump_sum=SUMS,
)  # fmt: skip
RULES = st.builds(
    PublicationRule, k=st.integers(3, 6), most_share=st.sampled_from([0.2, 0.3, 0.5]), patience=st.integers(0, 2),
    distinct=st.integers(2, 3),
)  # fmt: skip
MARKETS = st.lists(CLOSED, max_size=70)
RELAXED = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def releases(market: list[Closed], rule: PublicationRule) -> list[Group]:
    """Publish quarter after quarter, each deal out of the queue once it was published."""
    out: list[Group] = []
    published: set[int] = set()
    for release in range(10):
        waiting = [
            deal.observed(key, release)
            for key, deal in enumerate(market)
            if deal.quarter <= release and key not in published
        ]
        groups = form_groups(waiting, rule, edges=EDGES)
        out += groups
        published |= {deal.key for group in groups for deal in group.deals}
    return out


def seen(groups: list[Group]) -> list[tuple[Any, ...]]:
    """Everything that the public is told, in the order of publication."""
    return [(group.level, group.cell, count_band(len(group.deals), 3), dict(group.measures)) for group in groups]


def keys(group: Group) -> frozenset[int]:
    return frozenset(deal.key for deal in group.deals)


@RELAXED
@given(MARKETS, RULES, st.randoms(use_true_random=False))
def test_no_combination_of_published_groups_covers_fewer_than_k(market: Any, rule: Any, random: Any) -> None:
    groups = releases(market, rule)
    sets = [keys(group) for group in groups]
    by_key = {deal.key: deal for group in groups for deal in group.deals}
    for one, other in itertools.permutations(sets, 2):
        for rest in (one - other, one & other):
            assert not rest or len(rest) >= rule.k
    # Any expression of unions, intersections and differences, nested as deep as one likes.
    answers = list(sets)
    for _step in range(60):
        if len(answers) < 2:
            break
        one, other = random.choice(answers), random.choice(answers)
        answers.append(random.choice([one | other, one & other, one - other, one ^ other]))
    for answer in answers:
        if answer:
            deals = [by_key[key] for key in answer]
            assert len(deals) >= rule.k
            assert len({deal.licensor for deal in deals}) >= rule.k
            assert len({deal.licensee for deal in deals}) >= rule.k


@RELAXED
@given(MARKETS, RULES)
def test_no_weighing_of_published_groups_isolates_fewer_than_k(market: Any, rule: Any) -> None:
    """Were sums published rather than bands, no linear combination of them would rest on fewer than k deals."""
    groups = releases(market, rule)
    if not groups:
        return
    matrix = np.array([[key in keys(group) for key in range(len(market))] for group in groups], dtype=float)
    assert np.linalg.matrix_rank(matrix) == len(groups)
    assert (matrix.sum(axis=0) <= 1).all()  # disjoint rows: a combination keeps every row whole
    assert matrix.sum(axis=1).min() >= rule.k


@RELAXED
@given(MARKETS, RULES, st.data())
def test_who_knows_every_other_deal_learns_a_band_at_most(market: Any, rule: Any, data: Any) -> None:
    """Any other figure of the same band gives the very same releases, in every quarter."""
    if not market:
        return
    told = seen(releases(market, rule))
    victim = data.draw(st.integers(0, len(market) - 1))
    for name, edges in EDGES.items():
        value = getattr(market[victim], name)
        if value is None:
            continue
        place = band_of(value, edges)
        other = data.draw(st.floats(edges[place], math.nextafter(edges[place + 1], 0)))
        changed = [*market[:victim], replace(market[victim], **{name: other}), *market[victim + 1 :]]
        assert seen(releases(changed, rule)) == told


@RELAXED
@given(MARKETS, RULES)
def test_every_group_is_anonymous_and_says_only_what_it_may(market: Any, rule: Any) -> None:
    groups = releases(market, rule)
    members = [deal.key for group in groups for deal in group.deals]
    assert len(members) == len(set(members))
    for group in groups:
        assert is_anonymous(group.deals, rule)
        assert group.measures
        for name, said in group.measures.items():
            having = [deal for deal in group.deals if name in deal.values]
            assert is_anonymous(having, rule)
            bands = {band_of(deal.values[name], EDGES[name]) for deal in having}
            assert len(bands) >= rule.distinct
            assert said.low <= said.middle_from < said.middle_to <= said.high
            assert {said.low, said.middle_from, said.middle_to, said.high} <= set(EDGES[name])


def test_a_busy_market_publishes_at_every_level() -> None:
    """The attacks above have something to attack."""
    random = np.random.default_rng(7)
    market = [
        Closed(
            int(random.integers(0, 40)), 1000 + int(random.integers(0, 80)), int(random.integers(0, 3)),
            bool(random.integers(0, 2)), int(random.integers(0, 8)), float(random.lognormal(1.2, 0.6)),
            float(random.lognormal(20.5, 1.2)),
        )
        for _ in range(70)
    ]  # fmt: skip
    groups = releases(market, PublicationRule(k=5, most_share=0.3, patience=1, distinct=3))
    assert {group.level for group in groups} == {0, 1, 2}
    assert sum(len(group.deals) for group in groups) > 50


@RELAXED
@given(MARKETS, RULES, st.lists(CLOSED, max_size=20))
def test_what_was_published_stands_whatever_comes_later(market: Any, rule: Any, later: Any) -> None:
    """Deals that close after a quarter change nothing of what that quarter and those before it published."""
    early = [replace(deal, quarter=min(deal.quarter, 4)) for deal in market]
    late = [replace(deal, quarter=8) for deal in later]

    def until_fourth(deals: list[Closed]) -> list[tuple[Any, ...]]:
        published: set[int] = set()
        out = []
        for release in range(5):
            waiting = [
                deal.observed(key, release)
                for key, deal in enumerate(deals)
                if deal.quarter <= release and key not in published
            ]
            groups = form_groups(waiting, rule, edges=EDGES)
            out += seen(groups)
            published |= {deal.key for group in groups for deal in group.deals}
        return out

    assert until_fourth([*early, *late]) == until_fourth(early)


@RELAXED
@given(MARKETS, RULES, st.randoms(use_true_random=False))
def test_groups_do_not_depend_on_the_order_of_the_deals(market: Any, rule: Any, random: Any) -> None:
    waiting = [deal.observed(key, 9) for key, deal in enumerate(market)]
    shuffled = list(waiting)
    random.shuffle(shuffled)
    assert form_groups(shuffled, rule, edges=EDGES) == form_groups(waiting, rule, edges=EDGES)


RULE = PublicationRule(k=5, most_share=0.3, patience=2, distinct=3)


def spread(count: int, *, waited: int = 0, **values: Any) -> list[Observed]:
    """Deals of different organisations with different royalties, one cell."""
    cells: tuple[Any, ...] = (("field", "licence"), ("field",), ())
    return [
        Observed(key, key, 1000 + key, cells, waited, {"royalty": 1.5 + key, **values}) for key in range(count)
    ]  # fmt: skip


def test_the_fifth_deal_makes_a_group() -> None:
    assert form_groups(spread(4), RULE, edges=EDGES) == []
    (group,) = form_groups(spread(5), RULE, edges=EDGES)
    assert (group.level, group.cell) == (0, ("field", "licence"))
    assert dict(group.measures)["royalty"].low == 2.0
    assert dict(group.measures)["royalty"].high == 5.0


def test_one_supplier_of_five_deals_makes_no_group() -> None:
    deals = [replace(deal, licensor=1) for deal in spread(5)]
    assert form_groups(deals, RULE, edges=EDGES) == []


def test_what_an_organisation_has_too_much_of_waits() -> None:
    deals = [*spread(7), replace(spread(1)[0], key=7), replace(spread(1)[0], key=8)]
    (group,) = form_groups(deals, RULE, edges=EDGES)
    assert {deal.key for deal in group.deals} == {0, 1, 2, 3, 4, 5, 6, 7}
    assert form_groups([deals[8]], RULE, edges=EDGES) == []


def test_equal_terms_are_not_shown() -> None:
    deals = [replace(deal, values={"royalty": 5.0}) for deal in spread(5)]
    assert form_groups(deals, RULE, edges=EDGES) == []


def test_a_measure_that_few_have_is_left_out() -> None:
    first, *rest = spread(5, lump_sum=5e8)
    deals = [replace(first, values={"royalty": 1.5}), *rest]
    (group,) = form_groups(deals, RULE, edges=EDGES)
    assert set(group.measures) == {"royalty"}


def test_deals_wait_before_they_go_to_a_coarser_cell() -> None:
    def scattered(waited: int) -> list[Observed]:
        return [
            replace(deal, cells=((deal.key % 2, deal.key), (deal.key % 2,), ()), waited=waited) for deal in spread(6)
        ]

    assert form_groups(scattered(3), RULE, edges=EDGES) == []
    (group,) = form_groups(scattered(4), RULE, edges=EDGES)
    assert (group.level, group.cell) == (2, ())


def test_a_rule_row_cannot_make_tiny_groups_public() -> None:
    with pytest.raises(InvalidInputError):
        PublicationRule(k=2, most_share=1, patience=0, distinct=2)


@pytest.mark.parametrize(
    ("count", "band"), [(5, (5, 9)), (9, (5, 9)), (10, (10, 19)), (49, (20, 49)), (50, (50, None))]
)
def test_the_number_of_deals_is_told_as_a_band(count: int, band: Mapping[str, Any]) -> None:
    assert count_band(count, 5) == band
