"""The countries of ISO 3166-1 by their two letters, named in both languages as Unicode's CLDR has them (through Babel)."""

import unicodedata
from functools import cache

from django.utils.translation import get_language

HOME = "VN"
#: Codes of CLDR that ISO 3166-1 does not assign: reserved, grouping, private and test codes.
_NOT_ASSIGNED = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"})


@cache
def _names(language: str) -> dict[str, str]:
    from babel import Locale  # noqa: PLC0415 -- only who names a country loads Babel

    territories = Locale(language).territories
    return {
        code: name
        for code, name in territories.items()
        if len(code) == 2 and code.isalpha() and code not in _NOT_ASSIGNED
    }


def _spoken(language: str | None = None) -> str:
    """Give which of the two languages names are told in: the asked one, or the reader's."""
    return "en" if (language or get_language() or "vi").startswith("en") else "vi"


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFD", text.strip().casefold()).replace("đ", "d")
    return "".join(part for part in parts if not unicodedata.combining(part))


def country_name(code: str, language: str | None = None) -> str:
    """Name a country in `language`, else in the reader's; an unknown code is given back."""
    return _names(_spoken(language)).get(code, code)


@cache
def _sorted(language: str) -> tuple[str, ...]:
    names = _names(language)
    return tuple(sorted(names, key=lambda code: (code != HOME, _plain(names[code]), code)))


def country_codes() -> tuple[str, ...]:
    """Give all codes: Viet Nam first, then in the order of their names in the reader's language."""
    return _sorted(_spoken())


@cache
def _named(language: str) -> tuple[tuple[str, str], ...]:
    return tuple((code, _names(language)[code]) for code in _sorted(language))


def country_choices() -> list[tuple[str, str]]:
    """Give all countries as choices of a field, named in the reader's language whenever they are asked for."""
    return list(_named(_spoken()))


@cache
def _by_name() -> dict[str, str]:
    found = {_plain(name): code for language in ("vi", "en") for code, name in _names(language).items()}
    return found | {code.casefold(): code for code in _names("en")}


def find_country(text: str) -> str | None:
    """Give the code of a country written as its code or its name in either language; None when there is none."""
    return _by_name().get(_plain(text))
