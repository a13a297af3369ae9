"""Who gets what of a payment, to the đồng."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.waterfall import Receipt, divide

money = st.integers(min_value=0, max_value=10**14).map(Decimal)
percent = st.decimals(min_value=0, max_value=100, places=4, allow_nan=False)
parts = st.lists(st.decimals(min_value="0.0001", max_value=100, places=4, allow_nan=False), min_size=1, max_size=8)
receipts = st.builds(
    Receipt, amount=money, inventor_pct=percent, inventors=parts, costs=money,
    intermediary_pct=st.none() | percent, state_funding_pct=percent, author_state_pct=percent, tax_pct=percent,
)  # fmt: skip


@given(receipts)
def test_what_is_divided_sums_to_the_payment(receipt):
    result = divide(receipt)

    assert result.inventors + result.intermediary + result.licensor == receipt.amount
    assert sum(result.parts) == result.inventors
    assert min(result.licensor, result.intermediary, result.profit, result.after_tax, result.author_bonus) >= 0
    if receipt.intermediary_pct is None:
        assert result.intermediary == 0


def test_the_law_by_default_and_an_intermediary():
    result = divide(
        Receipt(
            amount=Decimal(100_000_001),
            inventor_pct=Decimal(15),
            inventors=[Decimal(60), Decimal(40)],
            costs=Decimal(5_000_000),
            intermediary_pct=Decimal(10),
            state_funding_pct=Decimal(70),
            author_state_pct=Decimal(30),
            tax_pct=Decimal(20),
        )
    )

    assert result.inventors == 15_000_000
    assert result.parts == (9_000_000, 6_000_000)
    assert result.profit == 80_000_001
    assert result.intermediary == 8_000_000
    assert result.licensor == 77_000_001
    assert (result.tax, result.after_tax) == (14_400_000, 57_600_001)
    assert result.state_part == 40_320_001
    assert result.author_bonus == 12_096_000


@pytest.mark.parametrize("change", [{"amount": Decimal(-1)}, {"costs": Decimal(-1)}, {"inventor_pct": Decimal(101)}])
def test_what_cannot_be_is_refused(change):
    values = {"amount": Decimal(1), "inventor_pct": Decimal(15), "inventors": [Decimal(100)], **change}

    with pytest.raises(ValueError, match=r"negative|between"):
        divide(Receipt(**values))
