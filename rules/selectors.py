"""Ask what is in force."""

import datetime
from decimal import Decimal

from django.db.models import Q, QuerySet
from django.utils import timezone

from rules.models import Rule


class RuleMissing(LookupError):
    """No row of that code is in force on that day."""


def in_force(on: datetime.date | None = None) -> QuerySet[Rule]:
    """Give every rule in force on a day (today when none is named)."""
    day = on or timezone.localdate()
    return Rule.objects.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=day), valid_from__lte=day).order_by(
        "code", "pk"
    )


def rule(code: str, *, on: datetime.date | None = None) -> Rule:
    """Give the row of `code` in force on a day. Raises RuleMissing."""
    row = in_force(on).filter(code=code).first()
    if row is None:
        raise RuleMissing(f"no rule {code} in force on {on or timezone.localdate()}")
    return row


def number(code: str, *, on: datetime.date | None = None) -> Decimal:
    """Give the value of `code` on a day, in the row's unit. Raises RuleMissing, also when the row holds words."""
    value = rule(code, on=on).value
    if value is None:
        raise RuleMissing(f"rule {code} has no number")
    return value


def numbers(*codes: str, on: datetime.date | None = None) -> dict[str, Decimal]:
    """Give several values with one query. Raises RuleMissing naming the absent ones."""
    found = {row.code: row.value for row in in_force(on).filter(code__in=codes) if row.value is not None}
    missing = [code for code in codes if code not in found]
    if missing:
        raise RuleMissing(f"no number in force for {', '.join(missing)}")
    return found
