"""Rounding and dividing whole đồng."""

import itertools
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import percent_of, split, whole_dong

amounts = st.integers(min_value=0, max_value=10**17).map(Decimal)
share_lists = st.lists(
    st.decimals(min_value=0, max_value=100, places=4, allow_nan=False), min_size=1, max_size=12
).filter(lambda shares: sum(shares) > 0)


@given(amounts, share_lists)
def test_split_sums_to_the_amount_and_stays_within_a_dong_of_each_share(amount, shares):
    parts = split(amount, shares)

    assert sum(parts) == amount
    total = sum(Fraction(share) for share in shares)
    for part, share in zip(parts, shares, strict=True):
        assert part == part.to_integral_value()
        assert abs(Fraction(part) - Fraction(amount) * Fraction(share) / total) < 1


@given(amounts, share_lists)
def test_split_gives_nothing_to_a_share_of_nothing_and_never_less_to_a_larger_share(amount, shares):
    parts = split(amount, shares)

    ranked = sorted(zip(shares, parts, strict=True))
    assert all(part == 0 for share, part in ranked if share == 0)
    assert all(low <= high or a == b for (a, low), (b, high) in itertools.pairwise(ranked))


@pytest.mark.parametrize(
    ("amount", "shares", "parts"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (1, [50, 50], [1, 0]),
        (0, [60, 40], [0, 0]),
        (7, [Decimal("33.3333"), Decimal("33.3333"), Decimal("33.3334")], [2, 2, 3]),
        (1_000_001, [60, 25, 15], [600_001, 250_000, 150_000]),
    ],
)
def test_split_gives_left_over_dong_to_the_largest_remainders(amount, shares, parts):
    assert split(Decimal(amount), [Decimal(share) for share in shares]) == [Decimal(part) for part in parts]


@pytest.mark.parametrize(("amount", "shares"), [("-1", [1]), ("0.5", [1]), ("1", []), ("1", [0]), ("1", [-1, 2])])
def test_split_refuses_what_cannot_be_divided(amount, shares):
    with pytest.raises(ValueError, match=r"whole amount|shares"):
        split(Decimal(amount), [Decimal(share) for share in shares])


def test_percent_of_rounds_half_a_dong_up_once():
    assert percent_of(Decimal(10), Decimal(15)) == Decimal(2)
    assert percent_of(Decimal(1_000_003), Decimal("3.5")) == Decimal(35_000)
    assert whole_dong(Decimal("0.5")) == Decimal(1)
    assert whole_dong(Decimal("2.4999")) == Decimal(2)
