"""The same thing said in both languages: labels of closed lists, dates and amounts."""

import datetime
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.translation import override

from listings.choices import IPKind
from listings.models import IPRight
from marketplace.kit import money

Pair = list[str]


def in_both(label: Any) -> Pair:
    """Give a translatable label in Vietnamese and English."""
    with override("vi"):
        vi = str(label)
    with override("en"):
        return [vi, str(label)]


def of_choice(choices: type[models.TextChoices], value: str) -> Pair:
    """Give the label of a value of a closed list, in lower case at its start as inside a sentence."""
    return [text[:1].lower() + text[1:] for text in in_both(choices(value).label)]


def of_choices(choices: type[models.TextChoices], values: Iterable[str]) -> Pair:
    """Give the labels of several values, joined by semicolons."""
    pairs = [of_choice(choices, value) for value in choices.values if value in set(values)]
    return ["; ".join(pair[0] for pair in pairs), "; ".join(pair[1] for pair in pairs)]


def of_right(right: IPRight) -> Pair:
    """Name an IP right in both languages, as its `str` does in the reader's."""
    return [f"{kind} {right.office} {right.number}".strip() for kind in in_both(IPKind(right.kind).label)]


def of_day(day: datetime.date) -> Pair:
    """Write a date in both languages."""
    return [f"ngày {day.day:02d} tháng {day.month:02d} năm {day.year}", f"{day.day} {day:%B} {day.year}"]


def of_money(amount: Decimal) -> Pair:
    """Write an amount in VND in both languages, in figures and, in Vietnamese, in words."""
    return [
        f"{money.number(amount, 'vi', 0)} đồng (bằng chữ: {amount_in_words(int(amount))} đồng)",
        f"VND {money.number(amount, 'en', 0)}",
    ]


def of_percent(value: Decimal) -> Pair:
    """Write a percentage (0-100) in both languages, with every decimal it has."""
    return [f"{money.number(value.normalize(), 'vi')}%", f"{money.number(value.normalize(), 'en')}%"]


DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
GROUPS = ("", " nghìn", " triệu")


def amount_in_words(amount: int) -> str:
    """Write a whole number of at least 0 in Vietnamese words: 1250000 gives "một triệu hai trăm năm mươi nghìn"."""
    if amount == 0:
        return DIGITS[0]
    parts: list[str] = []
    billions, rest = divmod(amount, 10**9)
    if billions:
        parts.append(f"{amount_in_words(billions)} tỷ")
    for power in (2, 1, 0):
        group = rest // 1000**power % 1000
        if group:
            parts.append(_below_thousand(group, full=bool(parts)) + GROUPS[power])
    return " ".join(parts)


def _below_thousand(number: int, *, full: bool) -> str:
    """Write 1 to 999; `full` says the hundreds even when they are none, as after a higher group."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    words = [DIGITS[hundreds], "trăm"] if hundreds or full else []
    if tens == 0:
        if ones:
            words += ["lẻ"] if words else []
            words.append(DIGITS[ones])
        return " ".join(words)
    words += ["mười"] if tens == 1 else [DIGITS[tens], "mươi"]
    if ones == 1 and tens > 1:
        words.append("mốt")
    elif ones == 5:
        words.append("lăm")
    elif ones:
        words.append(DIGITS[ones])
    return " ".join(words)
