"""Charts as components: a drawing, a text that says what it shows, and the table behind it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from marketplace import charts

from .formats import money_text, number, percent
from .registry import one_of, register, to_number

WRITERS: dict[str, Callable[[Any], str]] = {"number": number, "money": money_text, "percent": percent}


def _rows(rows: Iterable[tuple[Any, Any]]) -> list[tuple[Any, float]]:
    return [(label, to_number("value", value) or 0.0) for label, value in rows]


@register.inclusion_tag("components/bar_chart.html")
def bar_chart(
    rows: Iterable[tuple[Any, Any]],
    *,
    title: Any,
    summary: Any,
    unit: str = "number",
    label_head: Any,
    value_head: Any,
    layout: str = "bars",
) -> dict[str, Any]:
    """Bars for named amounts: `bars` lie (many or long names), `columns` stand (few, in time).

    `summary` says in a sentence what the chart shows; `unit` is number, money or percent.
    """
    given = _rows(rows)
    write = WRITERS[one_of("unit", unit, WRITERS)]
    laid = charts.columns(given) if one_of("layout", layout, {"bars", "columns"}) == "columns" else charts.bars(given)
    for row in laid.get("bars", laid.get("columns", [])):
        row["text"] = write(row["value"])
    for mark in laid.get("marks", []):
        mark["text"] = write(mark["value"])
    return {
        **laid,
        "layout": layout,
        "title": title,
        "summary": summary,
        "label_head": label_head,
        "value_head": value_head,
        "empty": not given,
        "table": [(label, write(value)) for label, value in given],
    }


@register.inclusion_tag("components/line_chart.html")
def line_chart(
    labels: Sequence[Any],
    *,
    series: Iterable[tuple[Any, Sequence[Any]]],
    title: Any,
    summary: Any,
    unit: str = "number",
    label_head: Any,
) -> dict[str, Any]:
    """One to three lines over the same labels; a value of None leaves a gap."""
    given = [(str(name), [to_number("value", value) for value in values]) for name, values in series]
    if len(given) > 3:
        raise ValueError("a line chart shows at most three series")
    write = WRITERS[one_of("unit", unit, WRITERS)]
    laid = charts.lines(labels, given)
    for mark in laid["marks"]:
        mark["text"] = write(mark["value"])
    table = [
        (label, ["–" if values[index] is None else write(values[index]) for _name, values in given])
        for index, label in enumerate(labels)
    ]
    return {
        **laid,
        "title": title,
        "summary": summary,
        "label_head": label_head,
        "names": [name for name, _values in given],
        "empty": not labels,
        "table": table,
    }
