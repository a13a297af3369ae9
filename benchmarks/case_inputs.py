"""Reading the inputs of published cases: numbers written as text, alternative names, dated rules, lists."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

Inputs = Mapping[str, Any]
Assumed = dict[str, Any]
Handler = Callable[[Inputs, set[str], Assumed], dict[str, Any]]

RULES = Path(__file__).resolve().parent.parent / "data" / "rules.csv"


class MissingInput(ValueError):
    """The case lacks an input that its method needs."""


def parse(value: Any) -> Any:
    """Numbers written as text ("1/17", "4 %", "1,000.5") become floats, in lists too; other text stays."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return float(value) if isinstance(value, float) else value
    if isinstance(value, str):
        text = value.strip().replace("−", "-").replace("\u00a0", " ")
        if re.fullmatch(r"[-+]?\d{1,3}( \d{3})+(\.\d+)?", text):
            text = text.replace(" ", "")
        percent = text.endswith("%")
        text = (
            text.rstrip("% ").replace(",", "") if re.fullmatch(r"[-+]?[\d,]+(\.\d+)?\s*%?", text) else text.rstrip("% ")
        )
        try:
            number = float(Fraction(text.replace(" ", ""))) if "/" in text else float(text)
        except (ValueError, ZeroDivisionError):
            return value
        return number / 100 if percent else number
    if isinstance(value, list | tuple):
        return [parse(item) for item in value]
    if isinstance(value, Mapping):
        return {key: parse(item) for key, item in value.items()}
    return value


def figures(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Plain floats and lists, without what could not be had."""
    out = {}
    for key, value in answers.items():
        if value is None:
            continue
        parsed = parse(value)
        out[key] = parsed.tolist() if isinstance(parsed, np.ndarray | np.generic) else parsed
    return out


def need(inputs: Inputs, *names: str) -> Any:
    """The first of ``names`` that is given; MissingInput when none is."""
    for name in names:
        if inputs.get(name) is not None:
            return inputs[name]
    raise MissingInput(f"input {' or '.join(names)} is missing")


def pick(inputs: Inputs, default: Any, *names: str) -> Any:
    """The first of ``names`` that is given, else ``default``."""
    return next((inputs[name] for name in names if inputs.get(name) is not None), default)


def whole(value: Any, name: str) -> int:
    """A count; MissingInput when it is no whole number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise MissingInput(f"{name} is not a whole number: {value!r}")
    return int(value)


def rule(code: str) -> float:
    """Value of the latest dated rule of this code in data/rules.csv; percent become fractions."""
    with RULES.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["code"] == code]
    if not rows:
        raise MissingInput(f"data/rules.csv has no {code}")
    row = max(rows, key=lambda one: one["valid_from"])
    return float(row["value"]) / (100 if row["unit"] == "percent" else 1)


def over_lists(names: tuple[str, ...]) -> Callable[[Handler], Handler]:
    """A handler for single numbers, run once per element when one of ``names`` is a list (lists of one length)."""

    def wrap(handler: Handler) -> Handler:
        def run(inputs: Inputs, asked: set[str], assumed: Assumed) -> dict[str, Any]:
            long = {name: inputs[name] for name in names if isinstance(inputs.get(name), list)}
            if not long:
                return handler(inputs, asked, assumed)
            sizes = {len(values) for values in long.values()} - {1}
            if len(sizes) > 1:
                raise MissingInput("lists of different lengths")
            count = sizes.pop() if sizes else 1
            each = [
                handler({**inputs, **{n: v[i % len(v)] for n, v in long.items()}}, asked, assumed) for i in range(count)
            ]
            return {key: [one[key] for one in each] for key in each[0]}

        return run

    return wrap
