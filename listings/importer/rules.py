"""One rule of a mapping: how a value comes out of the columns of a row.

A rule is the name of a column, or an object (docs/operations.md lists its keys): where the value comes from (`from`,
`template`, `value` or `first`), then what is done to it, in the order of `STEPS`.
"""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from listings.importer.problems import MappingError, RuleError
from listings.importer.texts import cut, first_sentences, mend

SOURCES = ("from", "template", "value", "first")
STEPS = ("drop", "extract", "break_before", "map", "sentences", "max", "split", "date", "number")
OTHERS = ("join", "default")
PRESENT = "*"  # in `map`: any value that the map does not name
_HOLE = re.compile(r"\{([^{}]+)\}")


def column(row: Mapping[str, Any], name: str) -> Any:
    """Give a column; `a.b` reaches into nested objects. None when it is not there."""
    if name in row:
        return row[name]
    value: Any = row
    for part in name.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


def as_text(value: Any, nulls: frozenset[str] = frozenset()) -> str:
    """Give a cell as mended text; lists are joined by “; ”, objects written as JSON, null values are empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "; ".join(filter(None, (as_text(item, nulls) for item in value)))
    text = mend(json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value))
    return "" if text in nulls else text


class Rule:
    """A checked rule. `of` reads it from JSON; `apply` gives text, a list of texts, a date, a number, or a constant."""

    def __init__(self, spec: Any, place: str) -> None:
        if isinstance(spec, str):
            spec = {"from": spec}
        if not isinstance(spec, dict):
            raise MappingError(f"{place}: a rule is the name of a column or an object")
        unknown = set(spec) - {*SOURCES, *STEPS, *OTHERS}
        if unknown:
            raise MappingError(f"{place}: unknown key {', '.join(sorted(unknown))}")
        if sum(key in spec for key in SOURCES) != 1:
            raise MappingError(f"{place}: needs exactly one of {', '.join(SOURCES)}")
        self.spec, self.place = spec, place
        self.choices = [Rule(one, f"{place}.first[{n}]") for n, one in enumerate(_list(spec.get("first"), place))]
        self.columns: list[str] = [name for choice in self.choices for name in choice.columns]
        self.columns += _texts(spec.get("from"), f"{place}.from")
        self.columns += _HOLE.findall(spec.get("template", ""))
        try:
            self.drop = [re.compile(one) for one in _texts(spec.get("drop"), f"{place}.drop")]
            self.extract = re.compile(spec["extract"], re.DOTALL) if "extract" in spec else None
        except (re.error, TypeError) as error:
            raise MappingError(f"{place}: {error}") from error
        self.heads = _texts(spec.get("break_before"), f"{place}.break_before")
        self.formats = _texts(spec.get("date"), f"{place}.date")
        for name, kind in (("map", dict), ("sentences", int), ("max", int), ("split", str), ("template", str)):
            if name in spec and not isinstance(spec[name], kind):
                raise MappingError(f"{place}.{name}: must be {kind.__name__}")

    def apply(self, row: Mapping[str, Any], nulls: frozenset[str] = frozenset()) -> Any:
        """Give the value for a row, None when there is none. Raises RuleError."""
        spec = self.spec
        if "value" in spec:
            return spec["value"]
        value: Any = None
        if self.choices:
            value = next((found for one in self.choices if (found := one.apply(row, nulls)) not in (None, "", [])), "")
        elif "template" in spec:
            filled = [as_text(column(row, name), nulls) for name in self.columns]
            parts = iter(filled)
            value = _HOLE.sub(lambda hole: next(parts), spec["template"]).strip() if any(filled) else ""
        elif "split" in spec and len(self.columns) == 1 and isinstance(column(row, self.columns[0]), list):
            value = [as_text(item, nulls) for item in column(row, self.columns[0])]
        else:
            parts_found = [as_text(column(row, name), nulls) for name in self.columns]
            value = spec.get("join", "\n\n").join(filter(None, parts_found))
        value = self._work(value)
        return spec.get("default") if value in (None, "", []) else value

    def _work(self, value: Any) -> Any:
        spec = self.spec
        if isinstance(value, list):
            return self._items(value)
        if not isinstance(value, str):
            return value
        for pattern in self.drop:
            value = pattern.sub("", value).strip()
        if self.extract is not None:
            match = self.extract.search(value)
            value = (match.group(1) if self.extract.groups else match.group()).strip() if match else ""
        for head in self.heads:
            value = value.replace(f" {head}", f"\n\n{head}")
        if "map" in spec and "split" not in spec:
            value = self._mapped(value)
            if not isinstance(value, str):
                return value
        if "sentences" in spec:
            value = first_sentences(value, spec["sentences"])
        if "max" in spec:
            value = cut(value, spec["max"])
        if "split" in spec:
            return self._items(value.split(spec["split"]))
        if self.formats:
            return self._date(value)
        if spec.get("number"):
            return _number(value)
        return value

    def _items(self, items: list[str]) -> list[Any]:
        texts = [item.strip() for item in items if item.strip()]
        found: list[Any] = [self._mapped(text) for text in texts] if "map" in self.spec else texts
        if self.spec.get("number"):
            found = [_number(item) for item in found]
        return list(dict.fromkeys(found))

    def _mapped(self, value: str) -> Any:
        known = self.spec["map"]
        if value in known:
            return known[value]
        if value and PRESENT in known:
            return known[PRESENT]
        if not value:
            return value
        raise RuleError(_("The mapping does not know this value."), value)

    def _date(self, value: str) -> date | None:
        if not value:
            return None
        for pattern in self.formats:
            try:
                return datetime.strptime(value, pattern).date()  # noqa: DTZ007 -- a day, no moment
            except ValueError:
                continue
        raise RuleError(_("This is not a date of the form %(form)s.") % {"form": " / ".join(self.formats)}, value)


def _number(value: str) -> Decimal | None:
    if not value:
        return None
    bare = re.sub(r"[\s_]", "", value)
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", bare):
        bare = bare.replace(",", "")
    elif re.fullmatch(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?", bare) or re.fullmatch(r"[+-]?\d+,\d+", bare):
        bare = bare.replace(".", "").replace(",", ".")
    try:
        number = Decimal(bare)
    except InvalidOperation as error:
        raise RuleError(_("This is not a number."), value) from error
    if not number.is_finite():
        raise RuleError(_("This is not a number."), value)
    return number


def _list(value: Any, place: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list) or not value:
        raise MappingError(f"{place}.first: must be a list of rules")
    return value


def _texts(value: Any, place: str) -> list[str]:
    if value is None:
        return []
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(one, str) and one for one in values):
        raise MappingError(f"{place}: must be a text or a list of texts")
    return list(values)
