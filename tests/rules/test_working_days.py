"""Working days by the rows of public holidays."""

import datetime

import pytest

from rules.models import Rule
from rules.working_days import working_days

pytestmark = pytest.mark.django_db
D = datetime.date


@pytest.mark.parametrize(
    ("day", "count", "last"),
    [
        (D(2026, 9, 4), 5, D(2026, 9, 11)),  # no holiday: Monday to Friday
        (D(2026, 2, 13), 1, D(2026, 2, 23)),  # the whole week of the Lunar New Year is off
        (D(2026, 4, 24), 1, D(2026, 4, 28)),  # Hung Kings' day on a Sunday: the Monday is off in its place
        (D(2026, 4, 29), 2, D(2026, 5, 5)),
        (D(2026, 8, 28), 2, D(2026, 9, 3)),  # the Monday exchanged in the public service is worked
        (D(2025, 12, 31), 1, D(2026, 1, 2)),
        (D(2026, 9, 4), 0, D(2026, 9, 4)),
    ],
)
def test_after_steps_over_weekends_and_holidays(day, count, last):
    assert working_days(since=day).after(day, count) == last


@pytest.mark.parametrize(
    ("day", "last"),
    [
        (D(2027, 1, 29), D(2027, 1, 29)),  # a Friday
        (D(2027, 1, 30), D(2027, 2, 1)),
        (D(2027, 1, 31), D(2027, 2, 1)),
        (D(2026, 2, 14), D(2026, 2, 23)),  # the Saturday before the Lunar New Year
        (D(2026, 9, 2), D(2026, 9, 3)),
        (D(2026, 4, 30), D(2026, 5, 4)),
    ],
)
def test_term_whose_last_day_is_off_ends_with_the_next_working_day(day, last):
    assert working_days(since=day).last_day_of_term(day) == last
    assert working_days(since=D(2025, 1, 1)).last_day_of_term(day) == last


def test_first_day_in_time_is_the_earliest_that_ends_today_or_later():
    calendar = working_days(since=D(2025, 1, 1))
    for number in range(365):
        today = D(2026, 1, 1) + number * datetime.timedelta(days=1)
        ends = [today - back * datetime.timedelta(days=1) for back in range(15)]
        assert calendar.first_in_time(today) == min(day for day in ends if calendar.last_day_of_term(day) >= today)


def test_calendar_needs_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        working_days(since=D(2025, 1, 1))


def test_row_to_be_confirmed_does_not_count():
    assert working_days(since=D(2026, 1, 1)).is_worked(D(2026, 11, 24))
    Rule.objects.filter(code="calendar.holiday", valid_from=D(2026, 11, 24)).update(certainty="A")
    assert not working_days(since=D(2026, 1, 1)).is_worked(D(2026, 11, 24))


def test_year_without_rows_counts_weekends_and_is_named():
    calendar = working_days(since=D(2031, 1, 1))
    assert calendar.after(D(2031, 8, 29), 3) == D(2031, 9, 3)
    assert calendar.years_to_enter(on=D(2031, 1, 1)) == [2031]
    assert calendar.years_to_enter(on=D(2031, 12, 1)) == [2031, 2032]


def test_year_is_complete_once_an_operator_says_so():
    Rule.objects.create(
        code="calendar.complete",
        value=2031,
        valid_from=D(2031, 1, 1),
        valid_to=D(2032, 1, 1),
        source="s",
        certainty="A",
    )
    assert working_days(since=D(2031, 1, 1)).years_to_enter(on=D(2031, 6, 1)) == []


@pytest.mark.parametrize(("year", "days"), [(2025, 11), (2026, 12)])
def test_complete_year_has_the_days_of_the_labour_code(year, days):
    calendar = working_days(since=D(year, 1, 1))
    assert year in calendar.complete
    assert (
        len([day for day in calendar.holidays if day.year == year]) == days
    )  # 11 by law, and one in place of a Sunday
