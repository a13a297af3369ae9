"""The runner of published cases: what passes, what fails, which trap is met, what is unknown."""

import json
from pathlib import Path

import pytest

from benchmarks.case_inputs import parse
from benchmarks.valuation_cases import main, run_case
from valuation.methods.comparables import QuantileRule, quantile_rule

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "valuation_cases.json"


def case(method, inputs, published, recomputed=None, tolerance=1e-6, is_trap=False):
    return {
        "id": "T",
        "method": method,
        "inputs": inputs,
        "published": published,
        "recomputed": recomputed or {},
        "tolerance": tolerance,
        "is_trap": is_trap,
    }


UNSEEN = [
    case(
        "binomial_european",
        {"S": 41, "K": 40, "sigma": 0.3, "r": 0.08, "q": 0, "T": 1, "n": 3, "tree": "forward"},
        {"call": 7.074},  # McDonald, Derivatives Markets, figure 10.5
        tolerance=1e-3,
    ),
    case(
        "binomial_european",
        {"S": 100, "K": 100, "sigma": 0.2, "r": 0.05, "q": "1/50", "T": 1, "n": 1, "tree": "CRR"},
        {"call": 11.0736, "u": 1.2214, "d": 0.8187},
        tolerance=2e-3,
    ),
    case(
        "bs_option_to_expand",
        {"S": 750, "K": 1000, "sigma": 0.3425, "T": 5, "r": 0.05, "cap": 2000},
        {"value": 142},
        tolerance=0.5,
    ),
    case(
        "excess_earnings_capitalised",
        {"wc": 100, "wc_rate": 0.05, "fa": 200, "fa_rate": 0.1, "earnings": 45, "r": 0.2, "g": 0},
        {"excess": 20, "intangibles": 100, "firm": 400},
    ),
    case("rnpv_identity", {"cf": [-10, -20, 100], "stage_p": [0.5, 0.4], "r": 0.0}, {"value": 0.0}),
    case("rnpv_identity", {"cf": [-10, 100], "stage_p": ["1/2"], "r": 0.25}, {"value": 30.0}),
    case(
        "market_comparables",
        {"sale_price": [10, 30, 80], "revenue": [5, 10, 20], "subject_revenue": 4, "stat": "median"},
        {"value": 12},
    ),
    case(
        "market_comparables",
        {"sale_price": [10, 30, 80], "revenue": [5, 10, 20], "subject_revenue": 4, "stat": "mean"},
        {"value": 12},
    ),
    case(
        "interquartile_range",
        {"rates_pct": [1, 2, 3, 4, 5, 6, 7], "rule": "Tukey hinges, median excluded"},
        {"q1": 2, "median": 4, "q3": 6},
    ),
    case(
        "interquartile_range",
        {"rates_pct": [1, 2, 3, 4, 5, 6, 7], "rule": "Tukey hinges, median included"},
        {"q1": 2.5, "median": 4, "q3": 5.5},
    ),
    case(
        "growing_annuity",
        {"rev1": 1000, "g": 0.05, "royalty": 0.04, "tax": 0.25, "r": 0.15, "n": 1},
        {"value": 26.0869565},
        tolerance=1e-6,
    ),
    case(
        "market_comparables",
        {"sale_price": [10, 30, 80, 45, 7], "revenue": [5, 10, 20, 30, 2], "subject_revenue": 4, "stat": "upper quartile"},
        {"value": 15},
    ),
    case("black_scholes", {"kind": "c", "S": [100, 100], "K": 100, "q": 0, "r": 0.05, "T": 1, "sigma": 0.2}, {
        "value": [10.450584, 10.450584]}),
    case("cumulative_pos", {"p": ["1/2", "1/4"]}, {"loa": 0.125}),
    case("cit_rate", {"revenue_bn": 3.0}, {"rate": 0.15}),
    case(
        "relief_from_royalty",
        {"revenue": [100], "royalty": "5 %", "tax": 0.2, "r": 0.21, "life": 1, "timing": "mid-year"},
        {"value": 4 / 1.1},
    ),
]  # fmt: skip


@pytest.mark.parametrize("one", UNSEEN, ids=lambda one: one["method"])
def test_unseen_case_is_computed_by_method_and_inputs(one):
    row = run_case(one)
    assert (row["status"], row["detail"]) == ("pass", ", ".join(one["published"]))


def test_case_with_a_wrong_figure_fails():
    assert run_case(case("capm", {"rf": 0.04, "beta": 1, "rm": 0.1}, {"ke": 0.12}))["status"] == "fail"


def test_case_whose_figure_is_not_produced_fails():
    assert run_case(case("capm", {"rf": 0.04, "beta": 1, "rm": 0.1}, {"alpha": 0.1}))["status"] == "fail"


def test_case_of_an_unknown_method_is_unknown():
    assert run_case(case("tea_leaves", {}, {"value": 1}))["status"] == "unknown"


TREE = {"S": 41, "K": 40, "sigma": 0.3, "r": 0.08, "q": 0, "T": 1}
ANNUITY = {"rev1": 1000, "g": 0.05, "royalty": "1/20", "tax": "25 %", "r": 0.12, "n": 10}


@pytest.mark.parametrize(
    "shape",
    [
        case("growing_annuity", {**ANNUITY, "rev1": "much"}, {"value": 1}),
        case("growing_annuity", {**ANNUITY, "rev1": "1/0"}, {"value": 1}),
        case("growing_annuity", {name: ANNUITY[name] for name in ANNUITY if name != "royalty"}, {"value": 1}),
        case("growing_annuity", ANNUITY, {"value": "much"}),
        {**case("growing_annuity", ANNUITY, {"value": 1}), "tolerance": "wide"},
        {**case("growing_annuity", ANNUITY, {"value": 1}), "inputs": [1, 2]},
        {"id": "x", "method": "growing_annuity", "inputs": None, "published": None},
        case("interquartile_range", {"rates_pct": [1, 2, 3], "rule": "by feeling"}, {"median": 2}),
        case("market_comparables", {"sale_price": [1], "revenue": [0], "subject_revenue": 1}, {"value": 1}),
        case("binomial_european", {**TREE, "n": 10**9}, {"call": 7.0}),
        case("binomial_european", {**TREE, "n": 2.5}, {"call": 5.9718}, tolerance=10),
        case("lsm_american_put", {**TREE, "paths": 10**12}, {"american_lsm": 2.3}),
        case("relief_from_royalty", {"revenue": 1, "royalty": 0.05, "tax": 0, "r": 0.1, "life": 1e12}, {"value": 1}),
        case("growing_annuity", ANNUITY, {"value": 1}, tolerance=float("inf")),
        case("growing_annuity", ANNUITY, {}, is_trap=True),
        case("growing_annuity", ANNUITY, {"value": None}),
        "growing_annuity",
        None,
    ],
)
def test_a_case_of_any_shape_fails_by_itself(shape):
    row = run_case(shape)
    assert row["status"] == "fail"
    assert row["detail"]


def test_fractions_and_spaced_thousands_are_numbers():
    row = run_case(
        case(
            "growing_annuity",
            {**ANNUITY, "rev1": "1 000"},
            {"value": 254.7527},
        )
    )
    assert row["found"]["value"] == pytest.approx(37.5 * (1 - (1.05 / 1.12) ** 10) / 0.07)


@pytest.mark.parametrize("gap", [0.0, 3e-12, 1e-10, 1e-7])
def test_an_annuity_keeps_its_digits_where_growth_nears_the_rate(gap):
    inputs = {"rev1": 1e12, "g": 0.1 + gap, "royalty": 0.05, "tax": 0.2, "r": 0.1, "n": 8}
    summed = sum(4e10 * (1.1 + gap) ** (year - 1) / 1.1**year for year in range(1, 9))
    assert run_case(case("growing_annuity", inputs, {"value": summed}, tolerance=0.01))["status"] == "pass"


@pytest.mark.parametrize("content", ["[]", "3", "{}", '{"cases": "x"}', '{"cases": null}', "", "not json"])
def test_a_file_without_cases_is_refused_in_words(content, tmp_path, capsys):
    path = tmp_path / "cases.json"
    path.write_text(content, encoding="utf-8")
    assert main([str(path)]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_case_with_a_missing_input_fails():
    assert run_case(case("capm", {"rf": 0.04}, {"ke": 0.1}))["status"] == "fail"


TRAP = case("capm", {"rf": 0.0431, "beta": 2.58, "rm": 0.09}, {"ke": 0.1614}, {"ke": 0.164102}, 5e-5, is_trap=True)


def test_trap_is_refused_when_the_true_figure_is_met():
    assert run_case(TRAP)["status"] == "pass"


def test_trap_is_met_when_the_false_figure_is_met():
    swapped = {**TRAP, "published": TRAP["recomputed"], "recomputed": TRAP["published"]}
    assert run_case(swapped)["status"] == "trap met"


def test_trap_fails_when_neither_figure_is_met():
    assert run_case({**TRAP, "recomputed": {"ke": 0.5}})["status"] == "fail"


def test_trap_whose_other_figure_is_impossible_is_the_false_one():
    inputs = {"t": 0.25, "n": 15, "k": 0.12}
    formula = case("tax_amortisation_benefit", inputs, {"factor": 1.13}, {"factor": -1.423}, 0.005, is_trap=True)
    assert run_case(formula)["status"] == "pass"


def test_runner_reports_and_fails_on_a_met_trap(tmp_path, capsys):
    met = {**TRAP, "published": TRAP["recomputed"], "recomputed": TRAP["published"]}
    good, strange = case("npv", {"cost": 1, "cf": [1.1], "r": 0.1}, {"npv": 0.0}), case("tea_leaves", {}, {"value": 1})
    files = {"good": [good], "strange": [good, strange], "met": [good, met]}
    codes, summaries = {}, {}
    for name, cases in files.items():
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps({"cases": cases}), encoding="utf-8")
        codes[name] = main([str(path)])
        summaries[name] = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert codes == {"good": 0, "strange": 0, "met": 1}
    assert summaries["good"]["all_passed"] is True
    assert (summaries["strange"]["unknown"], summaries["strange"]["all_passed"]) == (1, False)
    assert summaries["met"]["traps_met"] == 1


@pytest.mark.shared_data
def test_shared_cases_pass_but_for_the_long_simulations():
    if not SHARED.exists():
        pytest.skip("../shared is not here")
    cases = json.loads(SHARED.read_text(encoding="utf-8"))["cases"]
    rows = [run_case(one) for one in cases if one["method"] != "lsm_american_put"]
    assert {row["id"]: row["detail"] for row in rows if row["status"] != "pass"} == {}
    assert sum(row["trap"] for row in rows) == 6


@pytest.mark.parametrize(
    ("text", "value"), [("1/17", 1 / 17), ("4 %", 0.04), ("1,000.5", 1000.5), ("CRR", "CRR"), ("-2", -2.0)]
)
def test_parse_reads_numbers_written_as_text(text, value):
    assert parse(text) == pytest.approx(value) if isinstance(value, float) else parse(text) == value


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Tukey hinges, median excluded", QuantileRule.HINGES_MEDIAN_EXCLUDED),
        ("tukey_hinges_median_included", QuantileRule.HINGES_MEDIAN_INCLUDED),
        ("Moore-McCabe", QuantileRule.HINGES_MEDIAN_EXCLUDED),
        ("QUARTILE.INC", QuantileRule.LINEAR),
        ("QUARTILE.EXC", QuantileRule.WEIBULL),
        ("Excel QUARTILE.INC", QuantileRule.LINEAR),
        ("Excel QUARTILE.EXC", QuantileRule.WEIBULL),
        ("numpy linear", QuantileRule.LINEAR),
        ("exclusive", QuantileRule.WEIBULL),
        ("1.482-1(e)", QuantileRule.AVERAGED_RANK),
    ],
)
def test_quantile_rule_is_found_by_name(text, rule):
    assert quantile_rule(text) is rule
