"""Charts drawn on the server: numbers in, places on a drawing out. The table behind a chart has every number."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from marketplace.ui.registry import at


@dataclass(frozen=True)
class Axis:
    """A scale from `low` to `high` with round marks."""

    low: float
    high: float
    marks: tuple[float, ...]

    def place(self, value: float) -> float:
        """Give the place of a value, 0 at the low end and 1 at the high end."""
        return (value - self.low) / (self.high - self.low)


def nice_axis(values: Sequence[float], wanted: int = 4) -> Axis:
    """Choose an axis that holds zero and all values, with about `wanted` steps of 1, 2 or 5 times a power of ten."""
    low, high = min(0.0, *values, 0.0), max(0.0, *values, 0.0)
    if low == high:
        high = 1.0
    raw = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    marks = tuple(index * step for index in range(first, last + 1))
    return Axis(marks[0], marks[-1], marks)


def bars(rows: Sequence[tuple[Any, float]]) -> dict[str, Any]:
    """Lay out horizontal bars: `label`, `value`, `x` and `width` as percentages of the drawing."""
    axis = nice_axis([value for _label, value in rows])
    zero = axis.place(0)
    laid = []
    for label, value in rows:
        place = axis.place(value)
        laid.append(
            {
                "label": label,
                "value": value,
                "x": at(min(zero, place)),
                "width": at(abs(place - zero)),
                "below": value < 0,
            }
        )
    return {"bars": laid, "zero": at(zero)}


def columns(rows: Sequence[tuple[Any, float]], *, height: int = 150, head: int = 18) -> dict[str, Any]:
    """Lay out upright columns `height` pixels high with room for a figure above (`head`); x places are percentages."""
    axis = nice_axis([value for _label, value in rows])
    slot = 1 / max(len(rows), 1)
    zero = head + (1 - axis.place(0)) * height
    laid = []
    for index, (label, value) in enumerate(rows):
        top = head + (1 - axis.place(value)) * height
        laid.append(
            {
                "label": label,
                "value": value,
                "x": at(index * slot + slot * 0.15),
                "middle": at(index * slot + slot * 0.5),
                "width": at(slot * 0.7),
                "y": f"{min(top, zero):.1f}",
                "text_y": f"{min(top, zero) - 5:.1f}",
                "height": f"{abs(zero - top):.1f}",
            }
        )
    return {"columns": laid, "marks": _marks(axis, height, head), "few": len(rows) <= 8, "zero": f"{zero:.1f}"}


def lines(
    labels: Sequence[Any], series: Sequence[tuple[str, Sequence[float | None]]], *, height: int = 180
) -> dict[str, Any]:
    """Lay out lines over shared labels; each piece between two known points is one segment with percentage ends.

    Raises ValueError when a series and the labels differ in length.
    """
    known = [value for _name, values in series for value in values if value is not None]
    axis = nice_axis(known or [0.0])
    laid = []
    for number, (name, values) in enumerate(series):
        if len(values) != len(labels):
            raise ValueError(f"series {name!r} has {len(values)} values for {len(labels)} labels")
        points = [
            None
            if value is None
            else {"x": at(_across(index, len(labels))), "y": f"{(1 - axis.place(value)) * height:.1f}", "value": value}
            for index, value in enumerate(values)
        ]
        segments = [(a, b) for a, b in itertools.pairwise(points) if a is not None and b is not None]
        laid.append(
            {"name": name, "number": number, "points": [p for p in points if p is not None], "segments": segments}
        )
    every = max(1, math.ceil(len(labels) / 6))
    ticks = [
        {"label": label, "x": at(_across(index, len(labels)))}
        for index, label in enumerate(labels)
        if index % every == 0
    ]
    return {"series": laid, "marks": _marks(axis, height, 0), "ticks": ticks}


def _across(index: int, count: int) -> float:
    return 0.1 + 0.87 * (index / (count - 1) if count > 1 else 0.5)


def _marks(axis: Axis, height: int, head: int) -> list[dict[str, Any]]:
    return [{"value": mark, "y": f"{head + (1 - axis.place(mark)) * height:.1f}"} for mark in axis.marks]
