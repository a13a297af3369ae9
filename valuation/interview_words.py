"""The interview in words: answers as a reader sees them, and the dated record that stands in where there is none."""

from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext, ngettext

from listings.models import Technology
from marketplace.kit import money
from valuation import selectors
from valuation.answers import Answers
from valuation.defaults import UNANSWERED, UNSTATED, Defaults
from valuation.gathering import LEVEL
from valuation.inputs import standing_defaults
from valuation.methods.statement import Origin
from valuation.presenters import input_source, source_words, write
from valuation.questions import ORIGINS, QUESTIONS, SECTIONS, Kind, Question, Words, is_asked
from valuation.words import NOTES
from valuation.words import ORIGINS as ORIGIN_WORDS

PERCENTS = {Kind.PERCENT, Kind.PERCENT2, Kind.PERCENT3}
MONEYS = {Kind.MONEY, Kind.MONEY3}
LISTED_WORDS = 20  # of a text that the listing holds


def standing_words(technology: Technology, answers: Answers, defaults: Defaults) -> dict[str, dict[str, Any]]:
    """Give what stands in for each answer: text, source, origin, and whether it is still to be confirmed."""
    rows = standing_defaults(technology, defaults=defaults, rates=selectors.royalty_rates())
    out = {name: _words(row, QUESTIONS.get(name)) for name, row in rows.items()}
    out |= {code: _listed(technology, text) for code, text in listed_texts(technology).items() if text}
    for question in QUESTIONS.values():
        if question.kind is Kind.CHOICE:
            row = defaults.row(f"{UNANSWERED}{question.code}")
            out[question.code] = {
                "text": str(dict(question.choices)[answers.without({question.code}).choice(question.code)]),
                "source": source_words(row.source), "note": "", **_origin(Origin.DEFAULT),
                "unconfirmed": row.certainty == "B",
            }  # fmt: skip
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
            **_origin(Origin.DEFAULT), "unconfirmed": row.certainty == "B",
        }  # fmt: skip
    return out


def _origin(origin: str) -> dict[str, Any]:
    """Give where an answer comes from: code, words and the tone of its badge."""
    words, tone = ORIGIN_WORDS[origin]
    return {"origin": str(origin), "origin_words": words, "tone": tone}


def _words(row: dict[str, Any], question: Question | None) -> dict[str, Any]:
    """Give a default in words: as many figures as the question has fields, or the one that they all are."""
    values = (
        row["values"][: question.parts] if question is not None and question.kind is Kind.PERCENT2 else row["values"]
    )
    note: Words = NOTES.get(row["note"], "")
    if row["name"] in UNSTATED and not any(values) and question is not None:
        note = question.without
    if row["unit"] == LEVEL:
        text = gettext("Not judged: the listing states no readiness level")
        note = gettext("no range can be suggested until it does, or until both questions are answered.")
    elif row["name"] == "deals":
        count = int(values[0])
        text = ngettext("%(count)s published figure", "%(count)s published figures", count) % {"count": count}
    else:
        text = " – ".join(dict.fromkeys(write(value, row["unit"]) for value in values))
    return {
        "text": text, "source": input_source(row, {}), "note": note, **_origin(row["origin"]),
        "unconfirmed": row["certainty"] == "B",
    }  # fmt: skip


def listed_texts(technology: Technology) -> dict[str, str]:
    """Give what the listing says where nobody answers a question for words."""
    return {"product": technology.title, "buyers": technology.applications or technology.summary or technology.title}


def _listed(technology: Technology, text: str) -> dict[str, Any]:
    saved = date_format(localtime(technology.updated_at), "SHORT_DATE_FORMAT")
    return {
        "text": Truncator(" ".join(text.split())).words(LISTED_WORDS),
        "source": gettext("The listing, as saved on %(date)s") % {"date": saved}, "note": "",
        **_origin(Origin.OWNER), "unconfirmed": False,
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
            }
            if question.code in answers:
                row["lines"] = _text(question, answers, currency)
                if question.asks_origin:
                    origin = answers.origin(question.code)
                    row |= {"origin": ORIGIN_WORDS[origin][0], "tone": ORIGIN_WORDS[origin][1], "how": names[origin]}
            else:
                row["default"] = defaults.get(question.code)
            rows.append(row)
        href = reverse("valuation:interview_step", args=[technology, section.slug])
        out.append({"label": section.label, "href": href, "rows": rows})
    return out
