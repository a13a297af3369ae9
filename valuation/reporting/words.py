"""How a report says what its content holds: amounts, shares, days, sources and the names of methods and inputs."""

import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from listings.choices import IPKind, IPStatus, Right
from marketplace.kit import money
from valuation import presenters
from valuation.words import INPUTS, METHODS, ORIGINS, RUNGS

#: Whether a method was used, only shown or rejected, by the states of the ladder.
STANDINGS = {"used": _("used"), "shown": _("shown only"), "rejected": _("rejected")}


def place() -> int:
    """Give where the active language stands in a pair (Vietnamese, English)."""
    return 1 if money.language_of(get_language()) == "en" else 0


def _language() -> str:
    return money.language_of(get_language())


def amount(value: Any) -> str:
    """Write đồng to three figures; a dash for nothing."""
    return "–" if value is None else money.short(Decimal(str(value)), _language())


def share(value: Any, places: int = 1) -> str:
    """Write a fraction as a percentage; a dash for nothing."""
    return "–" if value is None else money.percent(Decimal(repr(value)) * 100, _language(), places)


def percent(value: Any) -> str:
    """Write a percentage 0-100; a dash for nothing."""
    return "–" if value is None else money.percent(Decimal(str(value)), _language())


def figure(value: Any, places: int | None = None) -> str:
    """Write a number; a dash for nothing."""
    return "–" if value is None else money.number(value, _language(), places)


def day(text: str | None) -> str:
    """Write an ISO date or moment as a day; a dash for nothing."""
    if not text:
        return "–"
    moment = datetime.datetime.fromisoformat(text)
    return date_format(timezone.localtime(moment) if moment.tzinfo else moment, "SHORT_DATE_FORMAT")


def method(code: str) -> str:
    """Name a method."""
    return str(METHODS[code][0])


def because(code: str) -> str:
    """Say why a method counts as it does, or could not be used."""
    return str(RUNGS[code])


def input_name(code: str) -> str:
    """Name an input."""
    found = INPUTS.get(code)
    return str(found[0]) if found else code.replace("_", " ")


def values_of(row: dict[str, Any]) -> str:
    """Write the 1 or 3 values of an input row."""
    return " – ".join(dict.fromkeys(presenters.write(value, row["unit"]) for value in row["values"]))


def origin(code: str) -> str:
    """Name where an input comes from."""
    return str(ORIGINS[code][0])


def source(row: dict[str, Any], answered: list[str]) -> str:
    """Name the source of an input row, in words where it is not a citation. `answered`: inputs that the owner gave."""
    return presenters.input_source(row, dict.fromkeys(answered))


def right_offered(code: str) -> str:
    """Name a right on offer."""
    return str(Right(code).label)


def ip_kind(code: str) -> str:
    """Name a kind of IP right."""
    return str(IPKind(code).label)


def ip_status(code: str) -> str:
    """Name the status of an IP right."""
    return str(IPStatus(code).label)
