"""Numbers as people write them in each language."""

from decimal import Decimal

import pytest
from django import forms
from django.utils.translation import override

from listings.forms.inputs import QuantityField


@pytest.mark.parametrize(
    ("language", "typed", "read"),
    [
        ("vi", "1.234,5", "1234.5"), ("vi", "1.234", "1234"), ("vi", "1.234.567", "1234567"), ("vi", "1234,5", "1234.5"),
        ("vi", "1,234", "1.234"), ("vi", "0.5", "0.5"), ("vi", "12 500", "12500"), ("vi", "7", "7"),
        ("en", "1,234.5", "1234.5"), ("en", "1,234", "1234"), ("en", "1.234", "1.234"), ("en", "0,5", "0.5"),
        ("vi", "0.125", "0.125"), ("en", "0,500", "0.5"),
    ],
)  # fmt: skip
def test_quantity_is_read_as_the_language_writes_it_and_written_so_again(language: str, typed: str, read: str) -> None:
    field = QuantityField()
    with override(language):
        value = field.clean(typed)
        assert value == Decimal(read)
        assert field.clean(field.prepare_value(value)) == value


@pytest.mark.parametrize("typed", ["một", "1.2.3", "1,2,3", "1.234,5,6", "1e400", "NaN", "12,3456"])
def test_quantity_refuses_what_is_no_number(typed: str) -> None:
    with override("vi"), pytest.raises(forms.ValidationError):
        QuantityField().clean(typed)
