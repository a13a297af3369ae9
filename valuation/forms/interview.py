"""A step of the interview as a form: what people type becomes answers, and what is wrong stays as typed."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from listings.forms.inputs import MoneyField, PercentField, PlainTextField, QuantityField
from marketplace.kit import money
from marketplace.kit.forms import Form
from valuation.answers import LONGEST, Answers, check, standing_choice
from valuation.models import Disclosure
from valuation.questions import ORIGINS, Kind, Question, Section

LAST = "terms"
LEAST_DONG = 1_000_000  # of sales or a profit: less than this was typed without its word
#: How figures of a kind are written; the columns of rows name their unit.
UNITS = {
    **dict.fromkeys((Kind.MONEY, Kind.MONEY3, Kind.AMOUNT3), _("Write amounts like 450.000.000 or 1,5 tỷ.")),
    **dict.fromkeys((Kind.PERCENT, Kind.PERCENT2, Kind.PERCENT3), _("In percent.")),
    Kind.YEARS: _("In years."),
}


class FigureField(QuantityField):
    """A number with more room: figures of a market."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_digits": 18, "decimal_places": 4, **kwargs})


class YearField(FigureField):
    """A calendar year, written without marks."""

    def prepare_value(self, value: Any) -> Any:
        return str(int(value)) if isinstance(value, Decimal) else value


def _input(kind: Kind, label: Any, question: Question) -> forms.Field:
    if kind in {Kind.MONEY, Kind.MONEY3, Kind.AMOUNT3}:
        return MoneyField(label=label)
    if kind in {Kind.PERCENT, Kind.PERCENT2, Kind.PERCENT3}:
        return PercentField(label=label, max_value=None)
    if kind is Kind.CHOICE:
        choices = [("", "–"), *question.choices] if question.kind is Kind.ROWS else question.choices
        widget: Any = forms.Select if question.kind is Kind.ROWS else forms.RadioSelect
        return forms.ChoiceField(choices=choices, label=label, required=False, widget=widget)
    if kind is Kind.TEXT:
        return PlainTextField(label=label, max_length=LONGEST, required=False, widget=forms.Textarea(attrs={"rows": 2}))
    if kind is Kind.NUMBER and question.kind is Kind.ROWS:
        return YearField(label=label)
    return FigureField(label=label)


def _stored(kind: Kind, text: str) -> Any:
    return text if kind in {Kind.CHOICE, Kind.TEXT} or not text else Decimal(text)


class SectionForm(Form):
    """The questions of one step. Nothing is required: an empty answer takes its default.

    `standing` holds the choices that count where nobody chose. Fields are named `<code>` or `<code>_<n>`, of rows
    `<code>_<row>_<column>`, and `<code>_origin`.
    """

    def __init__(
        self, section: Section, answers: dict[str, Any], standing: Mapping[str, str], *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.answered = Answers(answers, standing)
        self.use_required_attribute = False
        self.section = section
        for question in section.questions:
            self._add(question, answers.get(question.code))
        if section.slug == LAST:
            self.fields["disclosure"] = forms.ChoiceField(
                choices=Disclosure.choices, label=_("What may others read who see the technology?"), required=False,
                widget=forms.RadioSelect, help_text=_("You can change this at any time; the range stays the same."),
            )  # fmt: skip

    def _add(self, question: Question, answer: dict[str, Any] | None) -> None:
        values = list((answer or {}).get("value", []))
        values += [""] * (question.parts - len(values))
        for name, kind, label, text in zip(
            self.names(question), _kinds(question), _labels(question), values, strict=True
        ):
            self.fields[name] = _input(kind, label, question)
            if question.parts == 1:
                self.fields[name].help_text = hint(question)
            else:
                self.fields[name].summary_label = f"{question.label} ({label})"  # type: ignore[attr-defined]
            self.initial.setdefault(name, _stored(kind, text))
        if question.kind is Kind.CHOICE and not values[0]:
            self.initial[question.code] = self.answered.choice(question.code)
        if question.asks_origin:
            self.fields[f"{question.code}_origin"] = forms.ChoiceField(
                choices=ORIGINS, label=_("How do you know?"), required=False
            )
            self.initial.setdefault(f"{question.code}_origin", (answer or {}).get("origin", "owner"))

    @staticmethod
    def names(question: Question) -> list[str]:
        """Give the names of a question's fields in the order of its values."""
        if question.kind is Kind.ROWS:
            return [
                f"{question.code}_{row}_{name}" for row in range(question.rows) for name, _l, _k in question.columns
            ]
        return [question.code] if question.parts == 1 else [f"{question.code}_{n}" for n in range(question.parts)]

    def clean(self) -> dict[str, Any]:
        """Check each question as the service will, and put what is wrong at its first field."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        self.answers: dict[str, dict[str, Any] | None] = {}
        for question in self.section.questions:
            names = self.names(question)
            if any(name in self.errors for name in names):
                continue
            values = ["" if cleaned.get(name) in (None, "") else f"{cleaned[name]}" for name in names]
            if question.kind is Kind.CHOICE and values == [question.choices[0][0]]:
                stands = standing_choice(question, self.answered.standing)
                values = [""] if values == [stands] else values  # it counts without an answer
            if self._has_slips(question, names, cleaned):
                continue
            answer = {"value": values, "origin": cleaned.get(f"{question.code}_origin") or "owner"}
            try:
                self.answers[question.code] = check(question.code, answer)
            except ValidationError as error:
                self.add_error(names[0], error)
        return cleaned

    def shown(self) -> list[tuple[Any, str]]:
        """Give (label, text) of each question as it is typed or stored, for comparing two saves."""
        return [
            (question.label, " – ".join(str(self[name].value() or "") for name in self.names(question)).strip(" –"))
            for question in self.section.questions
        ]

    def _has_slips(self, question: Question, names: list[str], cleaned: dict[str, Any]) -> bool:
        """Refuse an amount in đồng that no market has: who types 12 and means 12 billion leaves out a word.

        Not in rows of costs: a fee of one year can be small.
        """
        if question.kind is Kind.ROWS:
            return False
        in_dong = {Kind.MONEY, Kind.MONEY3}
        if (cleaned.get("currency") or self.answered.choice("currency")) == "VND":
            in_dong.add(Kind.AMOUNT3)
        found = False
        for name, kind in zip(names, _kinds(question), strict=True):
            amount = cleaned.get(name)
            if kind in in_dong and isinstance(amount, Decimal) and 0 < amount < LEAST_DONG:
                words = _("That would be only %(amount)s. Write 12 m or 12 bn when you mean millions or billions.")
                amount_words = money.short(amount, money.language_of(get_language()))
                self.add_error(name, words % {"amount": amount_words})
                found = True
        return found

    def blocks(self, defaults: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
        """Give each question with its fields, as rows where it has rows, and the default that stands in for it."""
        out = []
        for question in self.section.questions:
            bound = [self[name] for name in self.names(question)]
            width = len(question.columns) or len(bound)
            out.append({
                "question": question, "kind": question.kind.value, "fields": bound, "hint": hint(question),
                "rows": [bound[start : start + width] for start in range(0, len(bound), width)],
                "origin": self[f"{question.code}_origin"] if question.asks_origin else None,
                "default": defaults.get(question.code), "errors": _errors(bound),
            })  # fmt: skip
        return out


def hint(question: Question) -> str:
    """Give the explanation of a question and how its figures are written."""
    return " ".join(str(words) for words in (question.hint, UNITS.get(question.kind)) if words)


def _errors(bound: list[BoundField]) -> list[str]:
    return [str(error) for one in bound for error in one.errors]


def _kinds(question: Question) -> list[Kind]:
    if question.kind is Kind.ROWS:
        return [kind for _row in range(question.rows) for _name, _label, kind in question.columns]
    return [question.kind] * question.parts


def _labels(question: Question) -> list[Any]:
    if question.kind is Kind.ROWS:
        return [label for _row in range(question.rows) for _name, label, _kind in question.columns]
    return list(question.part_labels) or [question.label]
