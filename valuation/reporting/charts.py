"""Charts of the report as SVG, drawn for paper: ranges on one axis, with the asking price where there is one."""

import textwrap
from collections.abc import Callable, Sequence
from typing import Any
from xml.sax.saxutils import escape

WIDTH = 640
LEFT, RIGHT = 190, 20
ROW = 34
INK, MUTED, BAR, UNUSED, MARK = "#26221d", "#6b645a", "#2f6f5e", "#b9b2a6", "#9b1c1c"


def ranges(
    rows: Sequence[dict[str, Any]],
    *,
    write: Callable[[float], str],
    marks: Sequence[tuple[str, float]] = (),
) -> str:
    """Draw rows of `label`, `low`, `mid`, `high`, `used` on one axis; `marks` are (label, value) across all rows.

    Values in one unit; `write` says a value in words. Gives an SVG document.
    """
    values = [row[end] for row in rows for end in ("low", "mid", "high")] + [value for _label, value in marks]
    low, high = min([0.0, *values]), max([0.0, *values])
    span = (high - low) or 1.0
    inner = WIDTH - LEFT - RIGHT

    def x(value: float) -> float:
        return LEFT + (value - low) / span * inner

    top = 26 if marks else 8
    height = top + ROW * len(rows) + 30
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        'font-family="Be Vietnam Pro" font-size="11">'
    ]
    bottom = top + ROW * len(rows)
    for step in range(5):
        value = low + span * step / 4
        anchor = "start" if step == 0 else "end" if step == 4 else "middle"
        out.append(f'<line x1="{x(value):.1f}" x2="{x(value):.1f}" y1="{top}" y2="{bottom}" stroke="#e3ddd2"/>')
        out.append(_text(x(value), bottom + 16, write(value), MUTED, anchor, size=9))
    for index, row in enumerate(rows):
        y = top + ROW * index + ROW / 2
        fill = BAR if row.get("used", True) else UNUSED
        lines = textwrap.wrap(str(row["label"]), 30)[:2]
        for number, line in enumerate(lines):
            out.append(_text(0, y + 4 + 12 * (number - (len(lines) - 1) / 2), line, INK, "start", size=10))
        start, end = x(min(row["low"], row["high"])), x(max(row["low"], row["high"]))
        out.append(
            f'<rect x="{start:.1f}" y="{y - 8:.1f}" width="{max(end - start, 1.5):.1f}" height="16" rx="2" fill="{fill}"/>'
        )
        out.append(
            f'<line x1="{x(row["mid"]):.1f}" x2="{x(row["mid"]):.1f}" y1="{y - 11:.1f}" y2="{y + 11:.1f}" '
            f'stroke="{INK}" stroke-width="2"/>'
        )
    for label, value in marks:
        out.append(
            f'<line x1="{x(value):.1f}" x2="{x(value):.1f}" y1="16" y2="{bottom}" stroke="{MARK}" stroke-dasharray="4 3"/>'
        )
        anchor = "end" if x(value) > WIDTH * 0.7 else "start"
        out.append(_text(x(value), 11, label, MARK, anchor, size=9))
    return "".join([*out, "</svg>"])


def _text(x: float, y: float, words: str, fill: str, anchor: str, *, size: int = 11) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{fill}" text-anchor="{anchor}" font-size="{size}">{escape(words)}</text>'
    )
