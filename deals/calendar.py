"""Periods of a contract: contract years and their parts, counted from the effective date. No Django.

A contract year runs from the effective date to the day before its anniversary, so that the minimum of a year never
has to be divided. Months are counted from the effective date itself: a contract in effect from the 31st has periods
that begin on the last day of shorter months.
"""

import calendar
import datetime
from collections.abc import Iterator
from dataclasses import dataclass

#: Months of a period, by how often statements are filed.
MONTHS = {"quarterly": 3, "half_yearly": 6, "yearly": 12}
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """First and last day, the number of the contract year (from 1), and whether the period closes that year."""

    start: datetime.date
    end: datetime.date
    year: int
    closes_year: bool


def add_months(day: datetime.date, months: int) -> datetime.date:
    """Give the same day so many months later, or the month's last day where it is shorter."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return datetime.date(year, month + 1, min(day.day, last))


def periods(
    effective_on: datetime.date, *, months: int, term_years: int | None, until: datetime.date
) -> Iterator[Period]:
    """Give the periods of `months` that begin on or before `until`, at most to the end of the term (None: open end)."""
    per_year = 12 // months
    count = 0
    while term_years is None or count < term_years * per_year:
        start = add_months(effective_on, count * months)
        if start > until:
            return
        count += 1
        end = add_months(effective_on, count * months) - DAY
        yield Period(start, end, (count - 1) // per_year + 1, count % per_year == 0)
