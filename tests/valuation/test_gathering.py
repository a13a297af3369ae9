"""From answers to the arguments of the methods: conversions, origins, and what each adds to the ladder."""

import datetime
import json
from decimal import Decimal
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.utils import timezone
from django.utils.translation import override

from listings.models import Technology
from rules.models import Rule
from tests.factories.accounts import OrganisationFactory
from tests.factories.listings import IPRightFactory, TechnologyFactory
from valuation import report_selectors, selectors, services
from valuation.answers import Answers
from valuation.closed_selectors import OF_SELLING_PRICE, closed_group
from valuation.defaults import Defaults
from valuation.inputs import prepare, rebuild
from valuation.methods.statement import Origin, SuggestionInputs
from valuation.methods.suggest import suggest_range
from valuation.methods.types import jsonable
from valuation.models import DealGroup, Reason, Release, RoyaltyRate, Suggestion
from valuation.reporting import sections
from valuation.services.reports import report_content

pytestmark = pytest.mark.django_db


def gathered(technology: Technology | None = None, **answers: list[str]) -> tuple[SuggestionInputs, dict[str, Any]]:
    given = {code: {"value": value, "origin": "measured"} for code, value in answers.items()}
    prepared = prepare(
        technology or TechnologyFactory(with_right=True), defaults=Defaults.on(timezone.localdate()),
        rates=selectors.royalty_rates(), answers=Answers(given),
    )  # fmt: skip
    assert prepared.parameters is not None
    return prepared.parameters, {row["name"]: row for row in prepared.rows}


def right(technology: Technology, **dates: datetime.date | None) -> Technology:
    IPRightFactory(technology=technology, **{"filing_date": None, "grant_date": None, "expiry_date": None, **dates})
    return technology


@pytest.mark.parametrize(
    "dates", [{"expiry_date": datetime.date(9999, 12, 31)}, {"filing_date": datetime.date(9990, 2, 28)}]
)
def test_a_right_that_ends_in_another_age_leaves_the_economic_life(dates: dict[str, Any]) -> None:
    technology = right(TechnologyFactory(published=True), **dates)
    inputs, _rows = gathered(technology, growth=["50"])
    plain, _same = gathered(growth=["50"])
    assert inputs.legal_life is not None
    assert inputs.legal_life > 7000
    assert len(inputs.revenue_profile) < 40
    assert inputs.revenue_profile[:12] == plain.revenue_profile[:12]
    assert services.suggest_for(pk=technology.pk) is not None


def test_past_costs_rise_by_the_rows_of_the_years_after_them() -> None:
    this = timezone.localdate().year
    Rule.objects.filter(code__startswith="valuation.price_rise.").delete()
    for year, rise in ((this - 2, 50), (this - 1, 10)):
        Rule.objects.create(
            code=f"valuation.price_rise.{year}", value=rise, unit="percent", valid_from="2026-01-01", source="GSO",
            certainty="A",
        )  # fmt: skip
    plain, _rows = gathered(past_costs=[str(this), "1000000000"])
    spent, _rows = gathered(past_costs=[str(this - 2), "1000000000"])
    assert plain.cost is not None
    assert spent.cost is not None
    assert spent.cost.mode / plain.cost.mode == pytest.approx(1.1), (
        "the rise to the year of spending has happened before"
    )


def test_steps_of_one_year_stay_in_the_owners_order() -> None:
    steps = ["1", "900000000", "50", "1", "100000000", "90", "0.5", "5", "80"]
    inputs, _rows = gathered(stages=steps)
    assert [gate.cost for gate in inputs.gates] == [5.0, 9e8, 1e8]


def test_a_closed_royalty_on_the_net_selling_price_is_brought_to_net_sales() -> None:
    rates = [
        RoyaltyRate(
            industry=f"closed-deals:cell::{base}:", group=closed_group(None), n=5, median=Decimal(10), basis=base,
            segment=base, year=2026, source="closed-deals:release:1:", tag="A", note="",
        )
        for base in ("net sales", OF_SELLING_PRICE)
    ]  # fmt: skip
    for ratio, wanted in ((["100"], {}), (["40"], {"selling_price": 0.4})):
        prepared = prepare(
            TechnologyFactory(), defaults=Defaults.on(timezone.localdate()), rates=rates,
            answers=Answers({"selling_price_ratio": {"value": ratio, "origin": "owner"}}),
        )  # fmt: skip
        assert prepared.parameters is not None
        assert [dict(one.adjustments) for one in prepared.parameters.comparables] == [{}, wanted]
        assert [row["adjustments"] for row in prepared.comparables] == [{}, wanted]


def test_a_closed_royalty_on_the_net_selling_price_names_its_base_everywhere(client: Client) -> None:
    release = Release.objects.create(period_end=datetime.date(2026, 6, 30), rule={})
    band = {"low": 8, "middle_from": 9, "middle_to": 11, "high": 12}
    measures = dict.fromkeys(("royalty.net_revenue", "royalty.net_selling_price"), band)
    DealGroup.objects.create(
        release=release, level=4, count_from=5, first_year=2024, last_year=2026, measures=measures
    )  # fmt: skip
    technology = TechnologyFactory(published=True, with_right=True)
    suggestion = services.suggest_for(pk=technology.pk)
    assert suggestion is not None
    shown = client.get(f"/api/v1/technologies/{technology.pk}/price/").json()["suggestion"]["comparables"]
    ours = [row["base"] for row in shown if row["n"] == 5]
    assert sorted(ours) == ["net_revenue", "net_selling_price"]
    assert {row["base"] for row in shown if row["n"] != 5} == {"net_revenue"}
    page = BeautifulSoup(client.get(f"/en/technologies/{technology.pk}/price/").content, "html.parser")
    compared = page.select_one("#comparables")
    assert compared is not None
    assert compared.get_text().count("of the net selling price") == 1
    assert "of net sales where the line names no other base" in compared.get_text()
    content = report_content(suggestion, report_selectors.technology_for_report(technology.pk))
    with override("en"):
        assert json.dumps(sections.data(content)).count(", of the net selling price") == 1


def number(code: str) -> float:
    row = Rule.objects.get(code=f"valuation.{code}")
    return float(row.value / 100 if row.unit == "percent" else row.value)


def test_an_answer_replaces_its_default_and_says_so() -> None:
    plain, before = gathered()
    own, after = gathered(coverage=["10", "20", "30"], tax=["17"])
    assert (before["coverage"]["origin"], after["coverage"]["origin"]) == ("assumption", "measured")
    assert after["coverage"]["source"] == ""
    assert (own.coverage.low, own.coverage.mode, own.coverage.high) == (0.1, 0.2, 0.3)
    assert (plain.tax, own.tax) == (0.2, 0.17)
    assert own.coverage.origin is Origin.MEASURED


def test_nothing_is_counted_where_nobody_states_it() -> None:
    inputs, rows = gathered()
    assert (inputs.incremental_profit, inputs.launch_cost, inputs.cost, inputs.tab_life) == (None, None, None, None)
    assert (inputs.gates, inputs.plan.other_capital if inputs.plan else 0) == ((), None)
    assert not {"incremental_profit", "launch_cost", "cost", "tab_life", "stages", "other_capital"} & rows.keys()


def test_a_row_of_the_exchange_stands_in_where_nobody_states_an_amount() -> None:
    for code, value in (("incremental_profit", 3e8), ("launch_cost", 2e8), ("stages", 1e8), ("past_costs", 5e8),
                        ("tab_life", 6), ("other_capital", 9e8)):  # fmt: skip
        Rule.objects.filter(code=f"valuation.unanswered.{code}").update(value=value)
    inputs, rows = gathered()
    assert inputs.incremental_profit is not None
    assert (inputs.incremental_profit.mode, inputs.incremental_profit.origin) == (3e8, Origin.ASSUMPTION)
    assert inputs.launch_cost is not None
    assert inputs.launch_cost.mode == 2e8
    assert [(gate.time, gate.cost, gate.probability) for gate in inputs.gates] == [(0.0, 1e8, 1.0)]
    assert inputs.cost is not None
    assert inputs.cost.origin is Origin.ASSUMPTION
    assert inputs.cost.mode == pytest.approx(5e8 * (1 + number("overhead")) * (1 + number("developer_profit")) * 0.8)
    assert (inputs.tab_life, inputs.plan.other_capital if inputs.plan else 0) == (6, 9e8)
    for name in ("incremental_profit", "launch_cost", "stages", "cost", "tab_life", "other_capital"):
        assert (rows[name]["origin"], rows[name]["certainty"]) == ("assumption", "A")
        assert rows[name]["source"] == "Rule of the exchange: what nobody states is not counted"
    assert rebuild(json.loads(json.dumps(jsonable(inputs)))) == inputs
    own, rows = gathered(launch_cost=["1000000", "2000000", "3000000"])
    assert own.launch_cost is not None
    assert (own.launch_cost.mode, rows["launch_cost"]["origin"]) == (2e6, "measured")


def test_sales_come_from_a_row_only_where_the_exchange_assumes_some() -> None:
    silent = TechnologyFactory(with_right=True, revenue_low=None, revenue_mode=None, revenue_high=None)
    found = prepare(silent, defaults=Defaults.on(timezone.localdate()), rates=selectors.royalty_rates())
    assert (found.parameters, found.reason) == (None, Reason.NO_REVENUE)
    Rule.objects.filter(code="valuation.unanswered.revenue").update(value=4e9)
    inputs, rows = gathered(silent)
    assert (inputs.revenue.mode, inputs.revenue.origin) == (4e9, Origin.ASSUMPTION)
    assert rows["revenue"]["source"] == "Rule of the exchange: what nobody states is not counted"
    _stated, rows = gathered(TechnologyFactory(with_right=True))
    assert rows["revenue"]["origin"] == "owner"


def test_a_readiness_level_comes_from_a_row_only_where_the_exchange_assumes_one() -> None:
    silent = TechnologyFactory(with_right=True, trl=None)
    found = prepare(silent, defaults=Defaults.on(timezone.localdate()), rates=selectors.royalty_rates())
    assert (found.parameters, found.reason) == (None, Reason.NO_TRL)
    for assumed, level in ((3, 3), (40, 9)):
        Rule.objects.filter(code="valuation.unanswered.trl").update(value=assumed)
        inputs, _rows = gathered(silent)
        assert (inputs.readiness_level, inputs.success.low) == (level, number(f"success.trl{level}.low"))


def test_sales_in_dollars_become_dong_at_the_dated_rate() -> None:
    inputs, rows = gathered(currency=["USD"], revenue=["100000", "200000", "300000"])
    assert inputs.revenue.mode == 200000 * number("exchange_rate.USD")
    assert (rows["exchange_rate"]["origin"], rows["exchange_rate"]["certainty"]) == ("default", "B")
    own, rows = gathered(currency=["USD"], exchange_rate=["27000"], revenue=["100000", "200000", "300000"])
    assert (own.revenue.mode, rows["exchange_rate"]["origin"]) == (200000 * 27000, "measured")


@pytest.mark.parametrize(
    ("base", "factor"), [("net_revenue", 1.0), ("net_selling_price", 0.8), ("pre_tax_profit", 0.12)]
)
def test_a_royalty_is_brought_to_net_sales_from_the_base_it_is_quoted_on(base: str, factor: float) -> None:
    inputs, rows = gathered(
        royalty_base=[base], royalty=["10", "20", "30"], selling_price_ratio=["80"], margin=["5", "12", "20"]
    )
    assert inputs.royalty_estimate is not None
    assert inputs.royalty_estimate.mode == pytest.approx(0.2 * factor)
    assert rows["royalty"]["values"] == pytest.approx([0.1 * factor, 0.2 * factor, 0.3 * factor])
    assert rows["royalty"]["note"] == ("" if base == "net_revenue" else "other_base")


def test_launch_ramp_and_growth_shape_the_profile() -> None:
    inputs, _rows = gathered(launch_delay=["2"], ramp=["40", "60"], growth=["10"], economic_life=["6"])
    assert inputs.revenue_profile[:6] == pytest.approx((0.0, 0.0, 0.4, 0.6, 1.0, 1.1))
    assert (inputs.launch_time, inputs.economic_life) == (2.0, 6.0)


def test_stages_give_chance_and_costs() -> None:
    inputs, rows = gathered(stages=["1", "200", "50", "0", "100", "80"], payer=["owner"])
    assert [(gate.time, gate.cost, gate.probability) for gate in inputs.gates] == [(0, 100, 0.8), (1, 200, 0.5)]
    assert inputs.success.mode == pytest.approx(0.4)
    assert rows["success"]["note"] == "product_of_stages"
    assert inputs.owner_pays is True


def test_past_costs_come_to_todays_prices_less_obsolescence() -> None:
    year = timezone.localdate().year
    inputs, rows = gathered(
        past_costs=[str(year - 2), "1000", str(year - 1), "500"], overhead=["20"], obsolescence_functional=["10"],
        obsolescence_technological=["50"], obsolescence_economic=["0"],
    )  # fmt: skip
    rises = [
        float(row.value) / 100 if (row := Rule.objects.filter(code=f"valuation.price_rise.{when}").first()) else 0.0
        for when in (year - 1, year)
    ]
    spent = 1000 * (1 + rises[0]) * (1 + rises[1]) + 500 * (1 + rises[1])
    expected = spent * 1.2 * (1 + number("developer_profit")) * 0.9 * 0.5
    assert inputs.cost is not None
    assert inputs.cost.mode == pytest.approx(expected)
    assert rows["cost"]["values"] == [inputs.cost.mode]


@pytest.mark.parametrize(
    ("kind", "share", "floor"), [("university", 40, 600.0), ("university", None, None), ("company", 40, None)]
)
def test_a_public_owner_has_the_states_money_as_floor(kind: str, share: int | None, floor: float | None) -> None:
    technology = TechnologyFactory(organisation=OrganisationFactory(kind=kind), state_funding_pct=share)
    inputs, _rows = gathered(technology, past_costs=["2023", "1500"])
    assert inputs.sunk_cost_floor == floor


@pytest.mark.parametrize(
    ("offered", "exclusive", "factor"),
    [
        (["exclusive_licence"], "no", 1.3),
        (["exclusive_licence"], "yes", 1.0),
        (["nonexclusive_licence"], "yes", 1 / 1.3),
    ],
)
def test_own_deals_are_adjusted_for_exclusivity(offered: list[str], exclusive: str, factor: float) -> None:
    inputs, _rows = gathered(TechnologyFactory(rights_offered=offered), deals=["6", "2023", exclusive])
    found = inputs.comparables[0]
    assert (found.key, found.value, found.source) == ("own deal 1", 0.06, "owner")
    assert dict(found.adjustments) == ({} if factor == 1.0 else {"exclusivity": pytest.approx(factor)})


def test_sales_and_chance_may_come_from_answers_alone() -> None:
    technology = TechnologyFactory(revenue_low=None, revenue_mode=None, revenue_high=None, trl=None)
    services.suggest_for(pk=technology.pk)
    assert Suggestion.objects.get().no_price == [Reason.NO_REVENUE]
    inputs, _rows = gathered(technology, revenue=["1", "2", "3"], success=["10", "20", "30"], launch_delay=["1"])
    assert inputs.success.mode == 0.2


def test_a_full_interview_uses_every_method_and_can_be_computed_again() -> None:
    technology = TechnologyFactory(published=True, with_right=True)
    answers = {
        "use_excess": ["yes"], "margin": ["8", "14", "22"], "launch_cost": ["1000000", "2000000", "3000000"],
        "incremental_profit": ["100000000", "200000000", "300000000"], "past_costs": ["2022", "500000000"],
        "other_capital": ["5000000000"], "tab_life": ["5"], "specific_premium": ["0", "1", "3"],
    }  # fmt: skip
    given = {code: {"value": value, "origin": "owner"} for code, value in answers.items()}
    services.save_answers(technology=technology, actor=technology.author, version=0, answers=given)
    stored = services.suggest_for(pk=technology.pk)
    assert stored is not None
    assert stored.result is not None
    assert stored.interview_version == 1
    assert {rung["method"]: rung["state"] for rung in stored.result["ladder"]} == {
        "relief_from_royalty": "used", "comparable_royalties": "used", "comparable_prices": "rejected",
        "staged_development": "used", "excess_earnings": "used", "incremental_profit": "shown", "cost": "shown",
        "right_to_wait": "shown",
    }  # fmt: skip
    again = suggest_range(rebuild(stored.inputs["parameters"]), seed=stored.seed, paths=stored.paths)
    assert again.as_dict() == stored.result
    assert services.suggest_for(pk=technology.pk) == stored


@pytest.mark.parametrize("language", ["", "/en"])
def test_the_rule_is_public_and_states_source_and_tag(client: Client, language: str) -> None:
    response = client.get(f"{language}/price-rule/")
    text = response.content.decode()
    assert response.status_code == 200
    assert "định giá" not in text.lower()
    rule = response.context["rule"]
    assert sum(row["share"] for row in rule["methods"] if row["share"]) == pytest.approx(1)
    assert [row["share"] for row in rule["parts"]][-1] is None, "no record feeds patent indicators"
    assert sum(row["share"] for row in rule["parts"][:-1]) == pytest.approx(1)
    assert rule["unfed_share"] == pytest.approx(1 / 11)
    assert [row["letter"] for row in rule["letters"]] == ["A", "B", "C", "D"]
    Rule.objects.filter(code="valuation.grade.cut.a").update(value=Decimal(91))
    assert "91%" in client.get("/en/price-rule/").content.decode()
