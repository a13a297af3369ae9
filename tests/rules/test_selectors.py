"""Dated rules."""

import datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from rules.models import Rule
from rules.selectors import RuleMissing, number, number_on_days, numbers, rule

pytestmark = pytest.mark.django_db


def add(code: str, value: str, start: str, end: str | None = None) -> Rule:
    return Rule.objects.create(
        code=code, value=Decimal(value), valid_from=start, valid_to=end, source="s", certainty="A"
    )


def test_rule_gives_the_row_in_force_on_the_day() -> None:
    add("x.rate", "10", "2020-01-01", "2025-10-01")
    add("x.rate", "30", "2025-10-01")
    assert number("x.rate", on=datetime.date(2025, 9, 30)) == Decimal(10)
    assert number("x.rate", on=datetime.date(2025, 10, 1)) == Decimal(30)


def test_number_of_many_days_is_that_of_each(django_assert_num_queries) -> None:
    add("x.rate", "10", "2020-01-01", "2025-10-01")
    add("x.rate", "30", "2025-10-01")
    days = [datetime.date(2025, 9, 30), datetime.date(2025, 10, 1), datetime.date(2025, 10, 1)]
    with django_assert_num_queries(1):
        found = number_on_days("x.rate", iter(days))
    assert found == {days[0]: Decimal(10), days[1]: Decimal(30)}
    with pytest.raises(RuleMissing):
        number_on_days("x.rate", [datetime.date(2019, 12, 31)])


def test_rule_raises_when_none_is_in_force() -> None:
    add("x.rate", "10", "2020-01-01")
    with pytest.raises(RuleMissing):
        rule("x.rate", on=datetime.date(2019, 12, 31))


def test_numbers_names_what_is_missing() -> None:
    add("x.rate", "10", "2020-01-01")
    with pytest.raises(RuleMissing, match=r"x\.none"):
        numbers("x.rate", "x.none")


def test_two_rows_of_a_code_cannot_be_in_force_at_once() -> None:
    add("x.rate", "10", "2020-01-01")
    with pytest.raises(IntegrityError, match="rules_rule_one_at_a_time"), transaction.atomic():
        add("x.rate", "30", "2025-10-01")


def test_shipped_rules_have_a_source_each() -> None:
    assert Rule.objects.count() > 10
    assert not Rule.objects.filter(source="").exists()
