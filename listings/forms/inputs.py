"""Inputs that read what people type: text, amounts, percentages, lists of words."""

import re
import unicodedata
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from marketplace.kit.money import language_of, number

_UNITS = {
    "tỷ": 10**9, "tỉ": 10**9, "ty": 10**9, "bn": 10**9, "billion": 10**9,
    "triệu": 10**6, "tr": 10**6, "trieu": 10**6, "m": 10**6, "million": 10**6,
    "nghìn": 10**3, "ngàn": 10**3, "k": 10**3,
}  # fmt: skip
_AMOUNT = re.compile(r"([+-]?[\d.,]+)([^\W\d_]+)?")
_LONGEST_AMOUNT = 100  # characters without spaces; a longer text is no amount and is not looked into
_GROUPED = re.compile(r"^[+-]?\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*$")


def normal(text: str) -> str:
    """Give text with line ends as \\n and characters in NFC, as it is counted and stored."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


class PlainTextField(forms.CharField):
    """Text whose length is counted as it will be stored."""

    def to_python(self, value: Any) -> str:
        return normal(super().to_python(value) or "")


class MoneyField(forms.DecimalField):
    """An amount in VND: `450.000.000`, `450,000,000`, `450 triệu`, `1,5 tỷ`, `1.5 bn`."""

    default_error_messages = dict.fromkeys(
        ("invalid", "required"), _("Write an amount in đồng, like 450.000.000 or 1,5 tỷ.")
    )  # fmt: skip

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault(
            "widget", forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off", "data-money": ""})
        )
        super().__init__(**{"max_digits": 18, "decimal_places": 0, "required": False, **kwargs})

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        return super().to_python(self.figure(str(value)))

    def figure(self, text: str) -> Decimal | str:
        """Give the amount as a number; a text that is none comes back and fails later, with the field's message."""
        text = "".join(normal(text).replace("₫", "").replace("VND", "").replace("−", "-").split())
        match = _AMOUNT.fullmatch(text) if len(text) <= _LONGEST_AMOUNT else None
        if match is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        figure, unit = match[1], (match[2] or "").lower()
        if unit and unit not in _UNITS:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        if _GROUPED.match(figure) and not (unit and figure.count(".") + figure.count(",") == 1):
            figure = figure.replace(".", "").replace(",", "")
        try:
            amount = Decimal(figure.replace(",", ".")) * _UNITS.get(unit, 1)
        except InvalidOperation:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None
        return amount.quantize(Decimal(1)) if amount == amount.to_integral_value() and abs(amount) < 10**20 else amount

    def prepare_value(self, value: Any) -> Any:
        return number(value, language_of(get_language()), 0) if isinstance(value, Decimal) else value


class PercentField(forms.DecimalField):
    """A percentage 0-100 with a point or a comma."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(**{"max_digits": 7, "decimal_places": 4, "required": False, **kwargs})

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        return super().to_python(str(value).strip().rstrip("%").strip().replace(",", "."))

    def prepare_value(self, value: Any) -> Any:
        return number(value, language_of(get_language())) if isinstance(value, Decimal) else value


class QuantityField(forms.DecimalField):
    """A number of things, written as the reader's language writes numbers: `1.234,5` in Vietnamese, `1,234.5` in English.

    A single mark that is not the language's own still reads as one: `0.5` in Vietnamese is a half, `0.125` an eighth,
    since no group of thousands begins with 0.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(**{"max_digits": 15, "decimal_places": 3, "required": False, **kwargs})

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        figure = normal(str(value)).replace("\u00a0", "").replace(" ", "").replace("−", "-")
        decimal_mark, thousands_mark = (",", ".") if language_of(get_language()) == "vi" else (".", ",")
        grouped = rf"[+-]?[1-9]\d{{0,2}}(?:{re.escape(thousands_mark)}\d{{3}})+(?:{re.escape(decimal_mark)}\d*)?"
        if re.fullmatch(grouped, figure):
            figure = figure.replace(thousands_mark, "")
        return super().to_python(figure.replace(",", "."))

    def prepare_value(self, value: Any) -> Any:
        return number(value, language_of(get_language())) if isinstance(value, Decimal) else value


class ListField(forms.CharField):
    """Several short entries, one a line or parted by commas or semicolons; doubles fall away."""

    default_error_messages = {
        "too_many": _("Give at most %(limit)d entries."),
        "too_long": _("“%(entry)s” is too long: at most %(limit)d characters."),
    }

    def __init__(
        self,
        *,
        limit: int = 20,
        entry_length: int = 80,
        tidy: Callable[[str], str] = str.strip,
        **kwargs: Any,
    ) -> None:
        self.limit, self.entry_length, self.tidy = limit, entry_length, tidy
        super().__init__(**{"required": False, "widget": forms.Textarea(attrs={"rows": 4}), **kwargs})

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        text = normal(super().to_python(value) or "")
        return list(dict.fromkeys(filter(None, (self.tidy(part) for part in re.split(r"[\n,;]", text)))))

    def validate(self, value: Any) -> None:
        super().validate(value)
        if len(value) > self.limit:
            raise ValidationError(self.error_messages["too_many"], code="too_many", params={"limit": self.limit})
        for entry in value:
            if len(entry) > self.entry_length:
                raise ValidationError(
                    self.error_messages["too_long"],
                    code="too_long",
                    params={"entry": entry[:40] + "…", "limit": self.entry_length},
                )

    def run_validators(self, value: Any) -> None:
        for entry in value:
            super().run_validators(entry)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list | tuple) else value


class ChoicesField(forms.MultipleChoiceField):
    """Any of a closed list, as boxes to tick."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "widget": forms.CheckboxSelectMultiple, **kwargs})


def ipc_symbol(text: str) -> str:
    """Write an IPC symbol as it is stored: `c02f1/44` becomes `C02F 1/44`."""
    compact = re.sub(r"\s+", "", text).upper()
    match = re.match(r"^([A-HY]\d{2}[A-Z])(\d{1,4}/\d{2,6})$", compact)
    return f"{match[1]} {match[2]}" if match else compact


def formfield(db_field: Any, **kwargs: Any) -> Any:
    """Give the form field of a model field; ordinary text becomes PlainTextField. For `Meta.formfield_callback`."""
    if isinstance(db_field, models.CharField | models.TextField) and not db_field.choices:
        kwargs.setdefault("form_class", PlainTextField)
    return db_field.formfield(**kwargs)


def say_language(form: forms.BaseForm, language: str) -> None:
    """Mark the inputs of running text with the language that their author writes in, for readers and spelling aids."""
    for field in form.fields.values():
        if isinstance(field, PlainTextField):
            field.widget.attrs["lang"] = language
