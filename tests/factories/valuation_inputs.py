"""Plausible answers for a suggestion; a test overrides only what it is about."""

from __future__ import annotations

from typing import Any

from valuation.methods.comparables import Comparable
from valuation.methods.reconcile import GradeRule
from valuation.methods.suggest import (
    COMPARABLE_PRICES,
    COMPARABLE_ROYALTIES,
    RELIEF,
    Estimate,
    Origin,
    RoyaltyRange,
    Shape,
    SuggestionInputs,
)
from valuation.methods.types import Timing

NET_SALES = "net sales"

GRADE_RULE = GradeRule(
    weight_data=3.0,
    weight_comparables=2.0,
    weight_agreement=2.0,
    weight_readiness=1.0,
    weight_dispersion=2.0,
    weight_indicators=1.0,
    origin_credit={"measured": 1.0, "owner": 0.6, "default": 0.3, "assumption": 0.0},
    comparables_full=8.0,
    spread_zero=5.0,
    dispersion_zero=2.0,
    cut_a=0.75,
    cut_b=0.55,
    cut_c=0.35,
)


def royalty_comparables(*rates: float) -> tuple[Comparable, ...]:
    return tuple(
        Comparable(f"deal-{i}", rate, NET_SALES, float(i), 0.7, "test", {"stage": 0.9}) for i, rate in enumerate(rates)
    )


def price_comparables(*prices: float) -> tuple[Comparable, ...]:
    return tuple(Comparable(f"sale-{i}", price, "price", float(i), 0.5, "test") for i, price in enumerate(prices))


def suggestion_inputs(**changes: Any) -> SuggestionInputs:
    answers: dict[str, Any] = {
        "revenue": Estimate(8e9, 12e9, 20e9, Shape.PERT, Origin.OWNER),
        "revenue_base": NET_SALES,
        "revenue_profile": (0.3, 0.7, *([1.0] * 20)),
        "coverage": Estimate.known(0.8, Origin.OWNER),
        "royalty": RoyaltyRange(0.03, 0.05, 0.08, NET_SALES, Origin.DEFAULT, "survey", maximum=0.4, observations=100),
        "discount_rate": Estimate(0.12, 0.16, 0.22, Shape.TRIANGULAR, Origin.DEFAULT),
        "decay": Estimate(0.02, 0.05, 0.12, Shape.PERT, Origin.ASSUMPTION),
        "success": Estimate(0.4, 0.6, 0.7, Shape.PERT, Origin.DEFAULT),
        "tax": 0.2,
        "timing": Timing.MID_YEAR,
        "method_weights": {RELIEF: 0.6, COMPARABLE_ROYALTIES: 0.2, COMPARABLE_PRICES: 0.2},
        "grade_rule": GRADE_RULE,
        "most_spread": 5.0,
        "comparable_half_life": 5.0,
        "minimum_comparables": 3,
        "legal_life": 13.4,
        "economic_life": 10.0,
        "first_fraction": 0.4,
        "readiness_level": 7,
        "incremental_profit": Estimate(1e9, 2e9, 3e9, Shape.TRIANGULAR, Origin.OWNER),
        "comparables": royalty_comparables(0.03, 0.04, 0.06, 0.05) + price_comparables(1e9, 1.5e9, 3e9),
        "correlations": {("revenue", "royalty"): -0.2, ("discount_rate", "decay"): 0.3},
        "sunk_cost_floor": 5e8,
    }
    return SuggestionInputs(**{**answers, **changes})
