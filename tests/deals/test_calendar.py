"""Periods of a contract."""

import datetime
from itertools import islice, pairwise

from hypothesis import given
from hypothesis import strategies as st

from deals.calendar import DAY, add_months, periods

dates = st.dates(min_value=datetime.date(2000, 1, 1), max_value=datetime.date(2090, 1, 1))
FAR = datetime.date(2199, 1, 1)


@given(dates, st.sampled_from([3, 6, 12]), st.integers(min_value=1, max_value=20))
def test_periods_cover_the_term_without_gap_or_overlap(start, months, years):
    rows = list(periods(start, months=months, term_years=years, until=FAR))

    assert len(rows) == years * 12 // months
    assert rows[0].start == start
    assert rows[-1].end == add_months(start, 12 * years) - DAY
    assert all(before.end + DAY == after.start for before, after in pairwise(rows))
    assert sum(row.closes_year for row in rows) == years
    assert [row.year for row in rows if row.closes_year] == list(range(1, years + 1))


@given(dates, st.integers(min_value=0, max_value=400))
def test_add_months_keeps_the_day_or_takes_the_last_of_the_month(day, months):
    later = add_months(day, months)

    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later.day < day.day and (later + DAY).day == 1)


def test_periods_of_a_contract_from_the_31st_begin_on_the_last_day_of_shorter_months():
    start = datetime.date(2026, 8, 31)

    rows = [(row.start, row.end) for row in islice(periods(start, months=3, term_years=1, until=FAR), 3)]

    assert rows == [
        (datetime.date(2026, 8, 31), datetime.date(2026, 11, 29)),
        (datetime.date(2026, 11, 30), datetime.date(2027, 2, 27)),
        (datetime.date(2027, 2, 28), datetime.date(2027, 5, 30)),
    ]


def test_periods_without_a_term_go_as_far_as_asked():
    start = datetime.date(2026, 1, 1)

    assert len(list(periods(start, months=12, term_years=None, until=datetime.date(2030, 1, 1)))) == 5
    assert list(periods(start, months=12, term_years=None, until=datetime.date(2025, 12, 31))) == []
