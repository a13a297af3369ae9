"""The royalty of a statement, to the đồng."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deals.royalty import DEDUCTIONS, Declared, StatementInvalid, Step, as_record, compute, recompute

money = st.integers(min_value=0, max_value=10**14).map(Decimal)
rates = st.decimals(min_value=0, max_value=100, places=4, allow_nan=False)


@st.composite
def declarations(draw):
    """Figures that make sense: deductions within sales."""
    base = draw(st.sampled_from(sorted(DEDUCTIONS)))
    kinds = draw(st.lists(st.sampled_from(DEDUCTIONS[base]), unique=True))
    deductions = {kind: draw(money) for kind in kinds}
    off_sales = sum(value for kind, value in deductions.items() if kind != "costs")
    return Declared(
        base=base,
        gross_sales=draw(money) + off_sales,
        deductions=deductions,
        rate_pct=draw(rates),
        minimum_annual=draw(money),
        earlier_in_year=draw(money),
        closes_year=draw(st.booleans()),
    )


@given(declarations())
def test_every_amount_follows_from_the_inputs(declared):
    result = compute(declared)

    net = declared.gross_sales - sum(declared.deductions.values())
    assert result.base_amount == max(net, 0)
    exact = Fraction(result.base_amount) * Fraction(declared.rate_pct) / 100
    assert abs(Fraction(result.royalty) - exact) <= Fraction(1, 2)
    assert result.amount == result.royalty + result.top_up
    if declared.closes_year:
        year = declared.earlier_in_year + result.amount
        assert year >= declared.minimum_annual
        assert result.top_up == 0 or year == declared.minimum_annual
    else:
        assert result.top_up == 0


@given(declarations())
def test_what_is_recorded_recomputes_to_the_same(declared):
    result = compute(declared)

    assert recompute(as_record(declared, result)) == result


@given(declarations())
def test_steps_lead_from_sales_to_the_base(declared):
    steps = compute(declared).steps

    taken = sum((step.value for step in steps if step.code == "deduction"), Decimal(0))
    assert declared.gross_sales + taken == declared.gross_sales - sum(declared.deductions.values())
    assert steps[0] == Step("gross_sales", declared.gross_sales)
    assert steps[-1].code == "amount"


@pytest.mark.parametrize(
    ("base", "sales", "deductions", "rate", "royalty"),
    [
        ("net_selling_price", 1_100_000_000, {"vat": 100_000_000, "transport": 20_000_000}, "3.5", 34_300_000),
        ("net_revenue", 1_000_000_000, {"trade_discounts": 50_000_000, "returns": 10_000_000}, "5", 47_000_000),
        ("pretax_profit", 1_000_000_000, {"returns": 100_000_000, "costs": 700_000_000}, "10", 20_000_000),
        ("pretax_profit", 1_000_000_000, {"costs": 1_200_000_000}, "10", 0),
        ("net_revenue", 333, {}, "1.5", 5),
        ("net_revenue", 100, {}, "0.5", 1),
        ("net_revenue", 0, {}, "5", 0),
    ],
)
def test_worked_cases(base, sales, deductions, rate, royalty):
    declared = Declared(
        base=base, gross_sales=Decimal(sales), rate_pct=Decimal(rate),
        deductions={kind: Decimal(value) for kind, value in deductions.items()},
    )  # fmt: skip

    assert compute(declared).royalty == Decimal(royalty)


def test_the_last_statement_of_a_year_tops_up_to_the_minimum():
    declared = Declared(
        base="net_revenue", gross_sales=Decimal(100_000_000), deductions={}, rate_pct=Decimal(5),
        minimum_annual=Decimal(50_000_000), earlier_in_year=Decimal(30_000_000), closes_year=True,
    )  # fmt: skip

    result = compute(declared)

    assert (result.royalty, result.top_up, result.amount) == (5_000_000, 15_000_000, 20_000_000)
    assert [step.code for step in result.steps] == [
        "gross_sales", "base", "rate", "royalty", "earlier", "year", "minimum", "top_up", "amount",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("base", "sales", "deductions", "problems"),
    [
        ("net_revenue", -1, {}, {"gross_sales": "negative"}),
        ("net_revenue", 10, {"returns": -1}, {"returns": "negative"}),
        ("net_revenue", 10, {"vat": 1}, {"vat": "unknown"}),
        ("net_revenue", 10, {"returns": Decimal("0.5")}, {"returns": "broken"}),
        ("net_revenue", 10, {"returns": 6, "allowances": 5}, {"gross_sales": "exceeds_sales"}),
        ("pretax_profit", 10, {"returns": 11, "costs": 0}, {"gross_sales": "exceeds_sales"}),
    ],
)
def test_figures_that_make_no_sense_are_refused(base, sales, deductions, problems):
    declared = Declared(
        base=base, gross_sales=Decimal(sales), rate_pct=Decimal(5),
        deductions={kind: Decimal(value) for kind, value in deductions.items()},
    )  # fmt: skip

    with pytest.raises(StatementInvalid) as refused:
        compute(declared)

    assert refused.value.problems == problems
