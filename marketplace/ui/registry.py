"""The tag library and the checks every component shares: a wrong option raises, so it fails in tests."""

from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.template import Library
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = Library()

_ALLOWED_PREFIXES = ("hx_", "data_", "aria_")


def one_of(name: str, value: object, allowed: Collection[str]) -> str:
    """Give `value` back as text; raise ValueError when it is not one of the declared choices."""
    if str(value) not in allowed:
        raise ValueError(f"{name}={value!r} is not one of {', '.join(sorted(allowed))}")
    return str(value)


def is_given(value: object) -> bool:
    """Tell whether an optional argument was given: None and empty text stand for absent."""
    return value is not None and value != ""


def to_number(name: str, value: object) -> float | None:
    """Read an optional number; raise TypeError when it is none."""
    if not is_given(value):
        return None
    try:
        return float(Decimal(str(value)))
    except InvalidOperation:
        raise TypeError(f"{name}={value!r} is not a number") from None


def need_keys(
    name: str, row: Mapping[str, Any], required: Collection[str], optional: Collection[str]
) -> dict[str, Any]:
    """Check one row given to a component and fill in what it leaves out with None.

    Raises TypeError on a missing or an unknown key.
    """
    missing = set(required) - set(row)
    unknown = set(row) - set(required) - set(optional)
    if missing or unknown:
        raise TypeError(f"{name}: missing {sorted(missing)}, unknown {sorted(unknown)}")
    return {key: row.get(key) for key in (*required, *optional)}


def attributes(extra: Mapping[str, Any]) -> SafeString:
    """Write `hx_*`, `data_*` and `aria_*` arguments as HTML attributes; any other name raises TypeError."""
    for name in extra:
        if not name.startswith(_ALLOWED_PREFIXES):
            raise TypeError(f"unknown option {name!r}")
    pairs = [(name.replace("_", "-"), value) for name, value in extra.items() if is_given(value)]
    return format_html_join("", ' {}="{}"', pairs) if pairs else SafeString("")


def at(fraction: float) -> str:
    """Write a place on a scale 0-1 as an SVG percentage; always with a point, whatever the language."""
    return f"{min(max(fraction, 0.0), 1.0) * 100:.2f}%"
