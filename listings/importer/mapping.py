"""A mapping: which columns of a foreign record become which fields of a listing. A JSON file (docs/operations.md)."""

import hashlib
import json
from collections.abc import Mapping as Columns
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from listings.choices import IPStatus, Language
from listings.importer.keywords import FieldWords
from listings.importer.problems import MappingError, Problem, RuleError
from listings.importer.reading import Row
from listings.importer.rules import Rule, as_text, column
from listings.importer.texts import calm, cut, storable
from search.text import detect_language

FOLDER = Path(settings.BASE_DIR) / "data" / "mappings"
TITLE_MAX = 250
LONGEST_NUMBER = 9  # digits of a field's number; Python refuses to read thousands of them
KINDS = ("technology", "demand")
BOTH = frozenset({"title", "summary", "problem", "province", "language"})
TARGETS = {
    "technology": BOTH | {
        "solution", "applications", "keywords", "ipc", "trl", "trl_evidence", "object_types", "transfer_methods",
        "rights_offered", "territory", "price_min", "price_max", "royalty_wish_pct", "state_funding_pct",
        "state_task_assigned_on", "result_certificate_no", "revenue_low", "revenue_mode", "revenue_high",
        "royalty_industry",
    },
    "demand": BOTH | {
        "tried", "material", "method", "effect", "product", "application", "trl_min", "budget_min", "budget_max",
        "needed_by", "cooperation", "masked",
    },
}  # fmt: skip
ORGANISATION = frozenset({"name", "name_en", "kind", "country", "tax_code", "province", "website"})
RIGHT = frozenset({"kind", "number", "office", "title", "filing_date", "grant_date", "expiry_date", "status"})
KEYS = frozenset({
    "description", "source", "kind", "recognise", "id", "nulls", "organisation", "listing", "fields", "ip_rights",
    "keep",
})  # fmt: skip
LISTS = frozenset({
    "keywords", "ipc", "object_types", "transfer_methods", "rights_offered", "cooperation",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Record:
    """What a row becomes: the listing's values, its organisation's details, its rights and the numbers of its fields.

    `guessed` are the fields that its words speak for. `fingerprint` is that of all of it: the same record again has
    the same.
    """

    row: int
    source_id: str
    values: dict[str, Any]
    organisation: dict[str, str]
    ip_rights: list[dict[str, Any]]
    fields: list[int]
    guessed: list[int]
    original: dict[str, Any]
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that cannot become a listing, and why."""

    row: int
    source_id: str
    problems: tuple[Problem, ...]


@dataclass
class RightRules:
    """How an IP right comes out of a row: only when the columns of `needs` hold something."""

    values: dict[str, Rule]
    needs: list[str]
    owners: list[tuple[Rule, Rule]] = field(default_factory=list)


class Mapping:
    """A checked mapping. `records` of it are pure: the same row gives the same record (given the day)."""

    def __init__(self, spec: Any, *, name: str = "mapping") -> None:
        if not isinstance(spec, dict):
            raise MappingError(f"{name}: must be a JSON object")
        _known(spec, KEYS, name)
        self.name = name
        self.source = _text(spec, "source", name, longest=60)
        self.kind = _text(spec, "kind", name)
        if self.kind not in KINDS:
            raise MappingError(f"{name}.kind: must be technology or demand")
        self.recognise = frozenset(spec.get("recognise", []))
        self.nulls = frozenset(str(one) for one in spec.get("nulls", []))
        self.id = Rule(spec.get("id", "id"), f"{name}.id")
        self.listing = _rules(spec.get("listing"), TARGETS[self.kind], f"{name}.listing")
        if "title" not in self.listing:
            raise MappingError(f"{name}.listing: needs a rule for title")
        self.organisation = _rules(spec.get("organisation", {}), ORGANISATION, f"{name}.organisation")
        self.rights = [_right_rules(one, f"{name}.ip_rights[{n}]") for n, one in enumerate(spec.get("ip_rights", []))]
        if self.rights and self.kind != "technology":
            raise MappingError(f"{name}.ip_rights: only a technology has rights")
        self._read_fields(spec.get("fields", {}), f"{name}.fields")
        self.kept = self._read_kept(spec.get("keep", []), f"{name}.keep")

    def _read_kept(self, more: Any, place: str) -> tuple[str, ...]:
        """Name the columns that are kept with a listing: those that the mapping reads, and `more`."""
        if not isinstance(more, list) or not all(isinstance(one, str) for one in more):
            raise MappingError(f"{place}: must be a list of columns")
        rules = [self.id, *self.listing.values(), *self.organisation.values()]
        rules += [rule for right in self.rights for rule in right.values.values()]
        rules += [rule for right in self.rights for pair in right.owners for rule in pair]
        rules += [self.fields] if self.fields is not None else []
        read = {name for rule in rules for name in rule.columns} | {
            name for right in self.rights for name in right.needs
        }
        return tuple(sorted({*read, *self.recognise, *more, self.value_column} - {""}))

    def keep(self, row: Columns[str, Any]) -> dict[str, Any]:
        """Give the part of a record that is kept: no column that nothing is made of, a contact's telephone say."""
        found: dict[str, Any] = {}
        for name in self.kept:
            if name in row:
                found[name] = row[name]
            elif (value := column(row, name)) is not None:
                *path, last = name.split(".")
                place = found
                for part in path:
                    place = place.setdefault(part, {})
                place[last] = value
        return found

    def _read_fields(self, spec: Any, place: str) -> None:
        if not isinstance(spec, dict):
            raise MappingError(f"{place}: must be an object")
        _known(spec, frozenset({"from", "keywords", "least", "share", "by_value"}), place)
        self.fields = Rule(spec["from"], f"{place}.from") if "from" in spec else None
        words = spec.get("keywords")
        if isinstance(words, str):
            words = _read_json(FOLDER / f"{words}.json", words).get("keywords")
        if words is not None and not isinstance(words, dict):
            raise MappingError(f"{place}.keywords: must be an object, or the name of a file of data/mappings")
        self.words = None
        if words is not None:
            self.words = FieldWords.of(words, least=spec.get("least", 3.0), share=spec.get("share", 0.7))
        by_value = spec.get("by_value", {})
        self.value_column = by_value.get("column", "")
        self.value_points = {
            value: {int(number): float(points) for number, points in found.items()}
            for value, found in by_value.get("map", {}).items()
        }

    def check_columns(self, row: Columns[str, Any]) -> None:
        """Raise MappingError when a row has none of the columns that make the id, or none that make the title."""
        for name, rule in (("id", self.id), ("title", self.listing["title"])):
            if rule.columns and all(column(row, one) is None for one in rule.columns):
                raise MappingError(
                    _("The file has no column “%(wanted)s” for the %(field)s. Its columns: %(columns)s.")
                    % {"wanted": " / ".join(rule.columns), "field": name, "columns": ", ".join(map(str, row))[:500]}
                )

    def record(self, row: Row, *, today: date) -> Record | Refused:
        """Turn a row into a record; every problem of the row is named."""
        if row.problem is not None:
            return Refused(row.number, "", (row.problem,))
        problems: list[Problem] = []

        def value(field_name: str, rule: Rule) -> Any:
            try:
                return rule.apply(row.columns, self.nulls)
            except RuleError as error:
                problems.append(Problem.of(field_name, error.message, error.value))
                return None

        source_id = as_text(value("id", self.id))
        if not source_id:
            problems.append(Problem.of("id", _("The record has no id.")))
        elif len(source_id) > 120:
            problems.append(Problem.of("id", _("The id is longer than 120 characters."), source_id))
        values = {name: _fit(name, value(name, rule)) for name, rule in self.listing.items()}
        if not values["title"]:
            problems.append(Problem.of("title", _("The record has no title.")))
        organisation = {name: as_text(value(f"organisation.{name}", rule)) for name, rule in self.organisation.items()}
        rights = [
            right for one in self.rights if (right := _right(one, value, row.columns, self.nulls, today)) is not None
        ]
        fields = value("fields", self.fields) if self.fields is not None else []
        if problems:
            return Refused(row.number, source_id[:120], tuple(problems))
        body = " ".join(str(values.get(name) or "") for name in ("summary", "problem", "solution"))
        values["title"] = cut(calm(" ".join(str(values["title"]).split()), body), TITLE_MAX)
        if not values.get("language"):
            said = " ".join(str(values.get(name) or "") for name in ("title", "summary", "problem", "solution"))
            values["language"] = detect_language(said, hint=Language.EN)
        numbers = [int(one) for one in map(str, fields or []) if one.isdecimal() and len(one) <= LONGEST_NUMBER]
        guessed = [] if numbers else self._by_words(row.columns, values)
        content = json.dumps([values, organisation, rights, numbers, guessed], sort_keys=True, default=str)
        return Record(
            row=row.number,
            source_id=source_id,
            values=values,
            organisation=organisation,
            ip_rights=rights,
            fields=numbers,
            guessed=guessed,
            original=dict(storable(self.keep(row.columns))),  # type: ignore[call-overload]
            fingerprint=hashlib.sha256(content.encode()).hexdigest(),
        )

    def _by_words(self, columns: Columns[str, Any], values: dict[str, Any]) -> list[int]:
        if self.words is None:
            return []
        extra = self.value_points.get(as_text(column(columns, self.value_column))) if self.value_column else None
        body = " ".join(
            part for name in sorted(values) if name not in {"title", "keywords", "language", "summary"}
            and isinstance(part := values[name], str)
        )  # fmt: skip
        return self.words.choose(title=values["title"], text=body or str(values.get("summary", "")), extra=extra)


def load_mapping(name_or_path: str) -> Mapping:
    """Load a mapping of data/mappings by its name, or a file by its path. Raises MappingError."""
    path = Path(name_or_path)
    if name_or_path in built_in():
        path = FOLDER / f"{name_or_path}.json"
    elif not path.is_file():
        raise MappingError(
            _("There is no mapping “%(name)s”: give a file, or one of %(names)s.")
            % {"name": name_or_path, "names": ", ".join(built_in())}
        )
    return Mapping(_read_json(path, name_or_path), name=path.stem)


def built_in() -> list[str]:
    """Name the mappings that come with the exchange."""
    return sorted(path.stem for path in FOLDER.glob("*.json") if '"source"' in path.read_text(encoding="utf-8"))


def recognise(row: Columns[str, Any], kind: str) -> Mapping:
    """Give the shipped mapping that fits the columns of a row best. Raises MappingError."""
    fitting = [
        mapping
        for mapping in map(load_mapping, built_in())
        if mapping.kind == kind and mapping.recognise and mapping.recognise <= set(row)
    ]
    if not fitting:
        raise MappingError(
            _("No mapping fits these columns: %(columns)s. Give one with --mapping.")
            % {"columns": ", ".join(map(str, row))[:500]}
        )
    return max(fitting, key=lambda mapping: (len(mapping.recognise), mapping.name))


def _fit(name: str, value: Any) -> Any:
    """An absent text is empty, an absent list is empty, one text where a list is wanted is a list of one."""
    if name in LISTS:
        return [] if value in (None, "") else value if isinstance(value, list) else [value]
    return "" if value is None and name in {"title", "summary", "problem"} else value


def _right(one: RightRules, value: Any, columns: Any, nulls: frozenset[str], today: date) -> dict[str, Any] | None:
    if one.needs and not any(as_text(column(columns, name), nulls) for name in one.needs):
        return None
    right = {
        name: found
        for name, rule in one.values.items()
        if (found := value(f"ip_rights.{name}", rule)) not in (None, "")
    }
    expiry = right.get("expiry_date")
    if isinstance(expiry, date) and expiry < today and right.get("status") == IPStatus.GRANTED:
        right["status"] = IPStatus.LAPSED.value
    right["owners"] = [
        {"name": as_text(value("ip_rights.owner", who)), "share_pct": as_text(value("ip_rights.share", share))}
        for who, share in one.owners
    ]
    return right


def _right_rules(spec: Any, place: str) -> RightRules:
    if not isinstance(spec, dict):
        raise MappingError(f"{place}: must be an object")
    rest = {name: rule for name, rule in spec.items() if name not in {"needs", "owners"}}
    owners = [
        (Rule(one.get("name"), f"{place}.owners.name"), Rule(one.get("share_pct", {"value": 100}), f"{place}.owners"))
        for one in spec.get("owners", [])
    ]
    return RightRules(_rules(rest, RIGHT, place), list(spec.get("needs", [])), owners)


def _rules(spec: Any, allowed: frozenset[str], place: str) -> dict[str, Rule]:
    if not isinstance(spec, dict):
        raise MappingError(f"{place}: must be an object of rules")
    _known(spec, allowed, place)
    return {name: Rule(rule, f"{place}.{name}") for name, rule in spec.items()}


def _known(spec: dict[str, Any], allowed: frozenset[str], place: str) -> None:
    unknown = set(spec) - allowed
    if unknown:
        raise MappingError(f"{place}: unknown key {', '.join(sorted(unknown))}")


def _text(spec: dict[str, Any], key: str, place: str, *, longest: int = 60) -> str:
    value = spec.get(key)
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise MappingError(f"{place}.{key}: must be a text of 1 to {longest} characters")
    return value.strip()


def _read_json(path: Path, name: str) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeError, ValueError) as error:
        raise MappingError(f"{name}: {error}") from error
