"""The interview in words: answers as a reader sees them, and what stands in where there is none."""

from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.translation import get_language, gettext

from marketplace.kit import money
from valuation.answers import Answers
from valuation.defaults import Defaults
from valuation.presenters import input_source, write
from valuation.questions import ORIGINS, QUESTIONS, SECTIONS, Kind, Question, is_asked
from valuation.words import NOTES
from valuation.words import ORIGINS as ORIGIN_WORDS

PERCENTS = {Kind.PERCENT, Kind.PERCENT2, Kind.PERCENT3}
MONEYS = {Kind.MONEY, Kind.MONEY3}


def default_words(rows: dict[str, dict[str, Any]], defaults: Defaults, answers: Answers) -> dict[str, dict[str, Any]]:
    """Give what stands in for each answer: text, source, origin, and whether it is still to be confirmed."""
    out = {name: _words(row, QUESTIONS.get(name)) for name, row in rows.items()}
    if "discount_rate" in out:
        rate = out["discount_rate"]
        whole = gettext("Nothing is added; the discount rate then stays %(rate)s: bond, shares, small company")
        out["specific_premium"] = {
            **rate, "text": write(0.0, "fraction"), "source": whole % {"rate": rate["text"]}, "note": "", "unconfirmed": False,
        }  # fmt: skip
    currency = answers.choice("currency")
    if currency != "VND":
        row = defaults.row(f"exchange_rate.{currency}")
        out["exchange_rate"] = {
            "text": money.number(row.value or 0, money.language_of(get_language())), "source": row.source, "note": "",
            "origin": ORIGIN_WORDS["default"][0], "tone": "neutral", "unconfirmed": row.certainty == "B",
        }  # fmt: skip
    return out


def _words(row: dict[str, Any], question: Question | None) -> dict[str, Any]:
    """Give a default in words: as many figures as the question has fields, or the one that they all are."""
    origin, tone = ORIGIN_WORDS[row["origin"]]
    values = (
        row["values"][: question.parts] if question is not None and question.kind is Kind.PERCENT2 else row["values"]
    )
    texts = list(dict.fromkeys(write(value, row["unit"]) for value in values))
    return {
        "text": " – ".join(texts), "source": input_source(row, {}), "note": NOTES.get(row["note"], ""), "origin": origin,
        "tone": tone, "unconfirmed": row["certainty"] == "B",
    }  # fmt: skip


def _figure(kind: Kind, text: str, currency: str) -> str:
    language = money.language_of(get_language())
    if kind in PERCENTS:
        return money.percent(Decimal(text), language)
    if kind in MONEYS or (kind is Kind.AMOUNT3 and currency == "VND"):
        return money.short(Decimal(text), language)
    if kind is Kind.AMOUNT3:
        return f"{money.number(Decimal(text), language)} {currency}"
    if kind is Kind.YEARS:
        return write(float(text), "years")
    return money.number(Decimal(text), language) if kind is Kind.NUMBER else text


def _text(question: Question, answers: Answers, currency: str) -> list[str]:
    """Give an answer as lines of text."""
    if question.kind is Kind.ROWS:
        kinds = [kind for _name, _label, kind in question.columns]
        choices = dict(question.choices)
        return [
            " · ".join(
                str(choices.get(value, value)) if kind is Kind.CHOICE
                else value if kind is Kind.NUMBER else _figure(kind, value, currency)
                for kind, value in zip(kinds, row.values(), strict=True)
            )
            for row in answers.rows(question.code)
        ]  # fmt: skip
    values = answers.given[question.code]["value"]
    if question.kind is Kind.CHOICE:
        return [str(dict(question.choices)[values[0]])]
    return [" – ".join(dict.fromkeys(_figure(question.kind, value, currency) for value in values))]


def answer_rows(answers: Answers, defaults: dict[str, dict[str, Any]], *, technology: int) -> list[dict[str, Any]]:
    """Give each step with its questions: the answer or what stands in for it, and where each comes from."""
    currency, names = answers.choice("currency"), dict(ORIGINS)
    out = []
    for section in SECTIONS:
        rows: list[dict[str, Any]] = []
        for question in section.questions:
            if not is_asked(question, currency):
                continue
            row: dict[str, Any] = {
                "label": question.label,
                "is_secret": question.is_secret,
                "lines": [],
                "default": None,
                "without": question.without,
            }
            if question.code in answers:
                row["lines"] = _text(question, answers, currency)
                if question.asks_origin:
                    origin = answers.origin(question.code)
                    row |= {"origin": ORIGIN_WORDS[origin][0], "tone": ORIGIN_WORDS[origin][1], "how": names[origin]}
            elif question.kind is Kind.CHOICE:
                row["lines"] = [str(question.choices[0][1])]
            else:
                row["default"] = defaults.get(question.code)
            rows.append(row)
        href = reverse("valuation:interview_step", args=[technology, section.slug])
        out.append({"label": section.label, "href": href, "rows": rows})
    return out
