"""Read and check answers of the interview: one rule for the page, the API and the computation."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.kit.validators import plain_text
from valuation.methods.statement import Origin
from valuation.questions import QUESTIONS, Kind, Question, rows_of

GIVEN: Final = {Origin.MEASURED.value, Origin.OWNER.value, Origin.ASSUMPTION.value}
LONGEST: Final = 300
EARLIEST_YEAR: Final = 1980
MONEY_MOST: Final = Decimal(10) ** 17
BOUNDS: Final = {Kind.PERCENT: (Decimal(0), Decimal(100)), Kind.MONEY: (Decimal(0), MONEY_MOST), Kind.YEARS: (Decimal(0), Decimal(30))}  # fmt: skip


def check(code: str, answer: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Give an answer as it is stored; None when it is empty. Raises ValidationError with one message.

    Text of numbers is written without exponent or trailing noise, so that equal answers are equal bytes.
    """
    question = QUESTIONS.get(code)
    if question is None:
        raise ValidationError(_("There is no such question."), code="unknown")
    if answer is None:
        return None
    if not isinstance(answer, Mapping) or not isinstance(answer.get("value"), list):
        raise ValidationError(_("Give the answer as a list of values."), code="shape")
    values = ["" if value is None else str(value).strip() for value in answer["value"]]
    if not any(values):
        return None
    origin = str(answer.get("origin") or Origin.OWNER.value)
    if origin not in GIVEN:
        raise ValidationError(_("Say whether it is measured, your estimate, or a guess."), code="origin")
    return {"value": _values(question, values), "origin": origin}


#: Choices that say in what an answer is given, with the question of that answer.
UNIT_OF: Final = {"currency": "revenue", "royalty_base": "royalty"}


def standing_choice(question: Question, standing: Mapping[str, str]) -> str:
    """Give the choice that counts where nobody chose: the dated one if it is among the choices, else the first."""
    stands = standing.get(question.code, "")
    return stands if stands in dict(question.choices) else question.choices[0][0]


def _values(question: Question, values: list[str]) -> list[str]:
    if question.kind is Kind.ROWS:
        return _rows(question, values)
    if len(values) != question.parts or not all(values):
        message = _("Give all figures, from low to high, or none.") if question.is_ordered else _("Give all figures, or none.")  # fmt: skip
        raise ValidationError(message, code="incomplete")
    if question.kind is Kind.CHOICE:
        if values[0] not in dict(question.choices):
            raise ValidationError(_("Choose one of the answers."), code="choice")
        return values
    if question.kind is Kind.TEXT:
        if len(values[0]) > LONGEST:
            raise ValidationError(_("At most %(limit)d characters.") % {"limit": LONGEST}, code="too_long")
        plain_text(values[0])
        return values
    low, high = question.bounds or (0, 1e17)
    numbers = [_number(value, Decimal(repr(low)), Decimal(repr(high))) for value in values]
    if question.is_ordered and numbers != sorted(numbers):
        raise ValidationError(_("The figures must rise from low to high."), code="order")
    return [_text(number) for number in numbers]


def _number(value: str, low: Decimal, high: Decimal) -> Decimal:
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise ValidationError(_("“%(value)s” is not a number.") % {"value": value[:40]}, code="number") from None
    if not number.is_finite() or not low <= number <= high:
        raise ValidationError(
            _("Give a number from %(low)s to %(high)s.") % {"low": _text(low), "high": _text(high)}, code="bounds"
        )
    return number


def _text(number: Decimal) -> str:
    return f"{number.quantize(Decimal('0.0001')).normalize():f}"


def _rows(question: Question, values: list[str]) -> list[str]:
    width = len(question.columns)
    if len(values) > question.parts or len(values) % width:
        raise ValidationError(_("Give all figures, or none."), code="incomplete")
    out: list[str] = []
    for start in range(0, len(values), width):
        row = values[start : start + width]
        if not any(row):
            continue
        if not all(row):
            raise ValidationError(_("Fill every box of a row, or none."), code="incomplete")
        for (_name, _label, kind), value in zip(question.columns, row, strict=True):
            out.append(_cell(question, kind, value))
    return out


def _cell(question: Question, kind: Kind, value: str) -> str:
    if kind is Kind.CHOICE:
        if value not in dict(question.choices):
            raise ValidationError(_("Choose one of the answers."), code="choice")
        return value
    if kind is Kind.NUMBER:
        return str(int(_number(value, Decimal(EARLIEST_YEAR), Decimal(timezone.localdate().year))))
    return _text(_number(value, *BOUNDS[kind]))


@dataclass(frozen=True, slots=True)
class Answers:
    """Stored answers, read as numbers: percentages as fractions, money and years as they are.

    `standing` holds the choices that count where nobody chose (`Defaults.choices`).
    """

    given: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    standing: Mapping[str, str] = field(default_factory=dict)

    def __contains__(self, code: str) -> bool:
        return code in self.given

    def origin(self, code: str) -> Origin:
        """Where an answer comes from."""
        return Origin(self.given[code]["origin"])

    def numbers(self, code: str) -> list[float] | None:
        """Give the values of an answer as numbers, None when it takes its default."""
        if code not in self.given:
            return None
        factor = 100.0 if QUESTIONS[code].kind in {Kind.PERCENT, Kind.PERCENT2, Kind.PERCENT3} else 1.0
        return [float(value) / factor for value in self.given[code]["value"]]

    def number(self, code: str) -> float | None:
        """Give the only value of an answer."""
        found = self.numbers(code)
        return None if found is None else found[0]

    def choice(self, code: str) -> str:
        """Give what was chosen, else what stands, else the first of the choices.

        An amount that is stated without its unit is in the first of the choices, whatever stands now.
        """
        if code in self.given:
            return str(self.given[code]["value"][0])
        return standing_choice(QUESTIONS[code], {} if UNIT_OF.get(code) in self.given else self.standing)

    def rows(self, code: str) -> list[dict[str, str]]:
        """Give the rows of an answer as text by column."""
        return rows_of(QUESTIONS[code], self.given.get(code))

    def without(self, codes: set[str]) -> "Answers":
        """Give the answers but some."""
        return replace(self, given={code: answer for code, answer in self.given.items() if code not in codes})

    def stages(self) -> list[tuple[float, float, float]]:
        """Give (years from now, cost in VND, chance 0-1) of the steps still to come, in order of time.

        Steps of the same year stay in the order in which the owner named them: each is reached if those before it pass.
        """
        steps = [(float(row["years"]), float(row["cost"]), float(row["chance"]) / 100) for row in self.rows("stages")]
        return sorted(steps, key=lambda step: step[0])
