"""Which days are worked: Monday to Friday but for the public holidays, which are dated rows of this room.

A row `calendar.holiday` is in force on the days that are off (Labour Code 45/2019/QH14, articles 111 and 112); `text`
names the holiday. Only rows of certainty A count: a promise is rather kept a day sooner. The days by the lunar calendar
and the one beside National Day are announced year by year; a row `calendar.complete` in force over a year says that all
of its days are entered. For a year without it the weekends count, and what is entered: operators are warned.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from rules.models import Rule
from rules.selectors import RuleMissing

HOLIDAY, COMPLETE = "calendar.holiday", "calendar.complete"
DAY = datetime.timedelta(days=1)
SATURDAY = 5
#: So many days ahead the holidays of a year should be known.
AHEAD = datetime.timedelta(days=60)


@dataclass(frozen=True)
class WorkingDays:
    """The public holidays since a day, and the years whose holidays are all entered."""

    holidays: frozenset[datetime.date]
    complete: frozenset[int]

    def is_worked(self, day: datetime.date) -> bool:
        """Tell whether people work on this day."""
        return day.weekday() < SATURDAY and day not in self.holidays

    def after(self, day: datetime.date, count: int) -> datetime.date:
        """Give the last of `count` working days that follow `day`; the day itself for 0."""
        left = count
        while left > 0:
            day += DAY
            left -= self.is_worked(day)
        return day

    def last_day_of_term(self, day: datetime.date) -> datetime.date:
        """Give the day with which a term ends whose last day is `day`: where that is off, the next working day (Civil Code
        91/2015/QH13, article 148.5).
        """
        while not self.is_worked(day):
            day += DAY
        return day

    def first_in_time(self, day: datetime.date) -> datetime.date:
        """Give the earliest last day of a term that has not ended before `day`: one that fell on a day off ends with the
        next working day, so that all before it are past.
        """
        while not self.is_worked(day - DAY):
            day -= DAY
        return day

    def years_to_enter(self, *, on: datetime.date) -> list[int]:
        """Name the years, that of the day and the one in sight, whose public holidays are not all entered."""
        return sorted({on.year, (on + AHEAD).year} - self.complete)


#: The rows of the calendar.
_CALENDAR = Q(code=HOLIDAY, certainty=Rule.Certainty.A) | Q(code=COMPLETE)


def working_days(*, since: datetime.date) -> WorkingDays:
    """Give the calendar from a day on, with one query."""
    return _calendar(Rule.objects.filter(_CALENDAR, _counts_after(since)))


def last_day_of_term(day: datetime.date) -> datetime.date:
    """Give the day with which a term ends whose last day is `day`, as `WorkingDays.last_day_of_term`, with one query."""
    return working_days(since=day).last_day_of_term(day)


def term(code: str, *, since: datetime.date) -> tuple[int, WorkingDays]:
    """Give how many working days the rule `code` gives today, and the calendar from a day on, with one query.

    Raises RuleMissing.
    """
    today = timezone.localdate()
    given = Q(code=code, valid_from__lte=today) & _counts_after(today)
    rows = list(Rule.objects.filter(given | (_CALENDAR & _counts_after(since))))
    days = next((row.value for row in rows if row.code == code), None)
    if days is None:
        raise RuleMissing(f"no number in force for {code}")
    return int(days), _calendar(row for row in rows if row.code != code)


def _counts_after(day: datetime.date) -> Q:
    return Q(valid_to__isnull=True) | Q(valid_to__gt=day)


def _calendar(rows: Iterable[Rule]) -> WorkingDays:
    holidays: set[datetime.date] = set()
    complete: set[int] = set()
    for row in rows:
        if row.code == COMPLETE:
            complete.add(row.valid_from.year)
            continue
        end = row.valid_to or row.valid_from + DAY
        holidays.update(row.valid_from + number * DAY for number in range((end - row.valid_from).days))
    return WorkingDays(frozenset(holidays), frozenset(complete))
