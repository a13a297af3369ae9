"""The spreadsheet: its formulae, computed as a spreadsheet program does, give what the exchange computed."""

import dataclasses
import datetime
import importlib
import io
import json
import warnings
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.utils.translation import override

from tests.factories.listings import TechnologyFactory
from valuation import services
from valuation.inputs import rebuild
from valuation.methods.rnpv import Gate
from valuation.methods.statement import Estimate, Origin, Shape
from valuation.methods.suggest import METHODS, suggest_range
from valuation.methods.types import jsonable
from valuation.reporting.content import canonical, content_of
from valuation.reporting.workbook import workbook
from valuation.reporting.working import working

pytestmark = pytest.mark.django_db
SAID = {"number": "GY-1", "content_hash": "0" * 64, "made_at": datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC)}


def content(**changes: Any) -> dict[str, Any]:
    """Give the content of a report on a priced technology."""
    technology = TechnologyFactory(published=True, with_right=True, **changes)
    suggestion = services.suggest_for(pk=technology.pk)
    assert suggestion is not None
    suggestion.refresh_from_db()
    return content_of(suggestion, technology, stale=[], certificates=[])


def with_everything(given: dict[str, Any], **without: Any) -> dict[str, Any]:
    """Give the content with every method: stages, launch cost, margin, charge, extra profit, cost, fees, write-off."""

    def about(low: float, mode: float, high: float, shape: Shape = Shape.TRIANGULAR) -> Estimate:
        return Estimate(low, mode, high, shape, Origin.OWNER)

    inputs = dataclasses.replace(
        rebuild(given["inputs"]["parameters"]),
        gates=(Gate(0.5, 2e8, 0.8), Gate(1.5, 6e8, 0.7)), launch_cost=about(5e8, 7e8, 1.4e9), launch_time=2.0,
        margin=about(0.1, 0.18, 0.3, Shape.PERT), charge=about(0.02, 0.04, 0.05),
        incremental_profit=about(2e8, 9e8, 1e9, Shape.LOGNORMAL), cost=about(1e9, 1e9, 1e9, Shape.FIXED),
        development_cost=about(1e7, 2e7, 4e7), maintenance=5e6, tab_life=10.0, indicator_multiplier=1.1,
        economic_life=7.4, first_fraction=0.6,
    )  # fmt: skip
    inputs = dataclasses.replace(inputs, **without)
    changed = json.loads(canonical(given))
    changed["inputs"]["parameters"] = json.loads(json.dumps(jsonable(inputs)))
    changed["result"] = json.loads(json.dumps(suggest_range(inputs, seed=1, paths=1000).as_dict()))
    changed["working"] = working(inputs)
    return dict(json.loads(canonical(changed)))


def computed(file: bytes, folder: Path) -> dict[str, Any]:
    """Compute every formula; give values by cell, like {"RECONCILIATION!F4": 0.0}."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        formulas = importlib.import_module("formulas")
        path = folder / "report.xlsx"
        path.write_bytes(file)
        solution = formulas.ExcelModel().loads(str(path)).finish().calculate()
    found = {}
    for key, value in solution.items():
        name = str(key).split("]")[-1].replace("'", "")
        if ":" not in name and hasattr(value, "value"):
            found[name] = value.value[0, 0]
    return found


def differences(file: bytes, values: dict[str, Any]) -> dict[str, float]:
    """Give by method how far formula and stored figure are apart, as a fraction."""
    sheet = openpyxl.load_workbook(io.BytesIO(file)).worksheets[-1]
    return {
        str(row[0].value): float(values[f"{sheet.title.upper()}!F{row[0].row}"])
        for row in sheet.iter_rows(min_row=4)
        if str(row[5].value or "").startswith("=")
    }


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_formulae_give_the_stored_figures(language: str, tmp_path: Path) -> None:
    given = content()
    with override(language):
        file = workbook(given, **SAID)
    found = differences(file, computed(file, tmp_path))
    assert len(found) == 3
    assert all(abs(apart) < 1e-9 for apart in found.values()), found


def test_every_method_has_formulae_that_agree(tmp_path: Path) -> None:
    given = with_everything(content())
    with override("en"):
        file = workbook(given, **SAID)
    found = differences(file, computed(file, tmp_path))
    assert set(given["working"]["values"]) == set(METHODS) - {"comparable_prices", "right_to_wait"}
    assert len(found) == len(given["working"]["values"]) + 1
    assert all(abs(apart) < 1e-9 for apart in found.values()), found


def test_extra_profit_without_costs_to_come_has_formulae_that_agree(tmp_path: Path) -> None:
    """As an owner answers who states neither stages nor a margin: no margin is among the inputs then."""
    given = with_everything(content(), gates=(), launch_cost=None, margin=None, charge=None)
    with override("en"):
        file = workbook(given, **SAID)
    found = differences(file, computed(file, tmp_path))
    assert "margin" not in given["working"]["middle"]
    assert "incremental_profit" in given["working"]["values"]
    assert all(abs(apart) < 1e-9 for apart in found.values()), found


def test_a_changed_input_moves_the_value(tmp_path: Path) -> None:
    with override("en"):
        file = workbook(content(), **SAID)
    book = openpyxl.load_workbook(io.BytesIO(file))
    inputs = book["Inputs"]
    row = next(cell.row for cell in inputs["A"] if cell.value == "Corporate income tax")
    inputs[f"F{row}"] = 0.0
    changed = io.BytesIO()
    book.save(changed)
    found = differences(file, computed(changed.getvalue(), tmp_path))
    assert all(apart == pytest.approx(1 / 0.8 - 1) for apart in found.values())


def test_the_medians_of_the_sheet_are_those_of_the_distributions(tmp_path: Path) -> None:
    given = with_everything(content())
    with override("en"):
        file = workbook(given, **SAID)
    values = computed(file, tmp_path)
    used = [values[f"INPUTS!F{row}"] for row in range(4, 4 + len(given["working"]["middle"]))]
    assert sorted(float(one) for one in used) == pytest.approx(sorted(given["working"]["middle"].values()), rel=1e-9)


def test_words_are_never_formulae() -> None:
    given = content(title="=HYPERLINK(1)")
    given["inputs"]["rows"][0]["source"] = "@SUM(1)"
    given["technology"]["organisation"] = ["+1+1", "+1+1"]
    given["inputs"]["parameters"]["comparables"][0]["key"] = "-2+3"
    with override("en"):
        file = workbook(given, **SAID)
    book = openpyxl.load_workbook(io.BytesIO(file))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    typed = {"=HYPERLINK(1)", "+1+1", "-2+3"}
    assert {cell.value for cell in cells if cell.value in typed} == typed
    for cell in cells:
        if cell.value in typed:
            assert (cell.data_type, cell.quotePrefix) == ("s", True)
        if cell.data_type == "f":
            assert not any(word in str(cell.value) for word in ("HYPERLINK", "WEBSERVICE", "DDE", "http"))


def test_control_characters_are_dropped() -> None:
    given = content()
    given["technology"]["title"] = "a\x07b"
    with override("en"):
        book = openpyxl.load_workbook(io.BytesIO(workbook(given, **SAID)))
    assert "ab" in [cell.value for cell in book.worksheets[0]["B"]]
