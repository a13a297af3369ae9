"""Filters that write amounts, dates and numbers the way people write them in the page's language."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from marketplace.kit import money as writing
from marketplace.kit.language import in_own_language

from .registry import is_given, register

NO_BREAK = "\u00a0"


def language() -> str:
    """Give the page's language as `vi` or `en`."""
    return writing.language_of(get_language())


@register.filter
def money(amount: Any) -> str:
    """Write VND short, the exact figure on hover: `1,25 tỷ ₫`, `₫1.25 bn`. An absent amount gives an en dash."""
    if not is_given(amount):
        return "–"
    amount = Decimal(str(amount))
    return format_html(
        '<data class="money" value="{}" title="{}">{}</data>',
        f"{amount:f}",
        writing.exact(amount, language()),
        writing.short(amount, language()),
    )


@register.filter
def money_exact(amount: Any) -> str:
    """Write VND whole: `1.250.000.000 ₫`, `₫1,250,000,000`. An absent amount gives an en dash."""
    if not is_given(amount):
        return "–"
    return format_html(
        '<data class="money" value="{}">{}</data>', f"{Decimal(str(amount)):f}", money_text(amount, "exact")
    )


@register.filter
def money_text(amount: Any, form: str = "short") -> str:
    """Write VND as plain text (for titles, options, mail); `form` is `short` or `exact`."""
    if not is_given(amount):
        return "–"
    write = {"short": writing.short, "exact": writing.exact}[form]
    return write(Decimal(str(amount)), language())


@register.filter
def in_currency(value: Any, currency: str) -> str:
    """Write a whole amount with its currency: đồng as everywhere, others by their ISO 4217 code (`1.200 USD`)."""
    return money_exact(value) if currency == "VND" else f"{number(value)}\u00a0{currency}"


@register.filter
def percent(value: Any, places: int = 2) -> str:
    """Write a percentage on the scale 0-100: `12,5 %`, `12.5%`."""
    return writing.percent(value, language(), places) if is_given(value) else "–"


@register.filter
def share(value: Any, places: int = 1) -> str:
    """Write a fraction 0-1 as a percentage: `0.125` gives `12,5 %`, `12.5%`."""
    return writing.percent(Decimal(str(value)) * 100, language(), places) if is_given(value) else "–"


@register.filter
def number(value: Any, places: int | None = None) -> str:
    """Write a number with the language's marks: `1.234,5`, `1,234.5`."""
    return writing.number(value, language(), places) if is_given(value) else "–"


@register.filter
def figure(text: str) -> str:
    """Write a measured value as people gave it, but a long bare number with the language's marks: `5200` gives `5.200`."""
    return writing.number(Decimal(text), language()) if re.fullmatch(r"[1-9]\d{3,}", text or "") else text


@register.filter
def day(value: date | datetime | None) -> str:
    """Write a date: `21/11/2025`, `21 Nov 2025`. An aware time is first brought to the local day."""
    if not is_given(value):
        return "–"
    assert value is not None
    local = timezone.localtime(value).date() if isinstance(value, datetime) and timezone.is_aware(value) else value
    return format_html('<time datetime="{}">{}</time>', local.isoformat()[:10], date_format(local, "SHORT_DATE_FORMAT"))


@register.filter
def moment(value: datetime | None) -> str:
    """Write a time with its day: `14:05 21/11/2025`, `21 Nov 2025, 14:05`."""
    if not is_given(value):
        return "–"
    assert value is not None
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    return format_html(
        '<time datetime="{}">{}</time>',
        local.isoformat(timespec="minutes"),
        date_format(local, "SHORT_DATETIME_FORMAT"),
    )


@register.filter
def ago(value: datetime | date | None) -> str:
    """Write how long ago or how far ahead a moment is, the exact one on hover: `3 ngày trước`, `in 2 days`."""
    if not is_given(value):
        return "–"
    assert value is not None
    if isinstance(value, datetime):
        now: date = timezone.now()
        exact = date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")
    else:
        now = timezone.localdate()
        exact = date_format(value, "SHORT_DATE_FORMAT")
    if value == now:
        text = _("today")
    elif value > now:
        text = _("in %(time)s") % {"time": _span(value - now)}
    else:
        text = _("%(time)s ago") % {"time": _span(now - value)}
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), exact, text)


def _span(length: timedelta) -> str:
    """Write a length of time in its largest whole unit: `3 ngày`, `2 months`; at least a minute."""
    minutes = max(int(length.total_seconds() // 60), 1)
    if minutes >= 525_600:
        count = minutes // 525_600
        text = ngettext("%(count)d year", "%(count)d years", count)
    elif minutes >= 43_800:
        count = minutes // 43_800
        text = ngettext("%(count)d month", "%(count)d months", count)
    elif minutes >= 1_440:
        count = minutes // 1_440
        text = ngettext("%(count)d day", "%(count)d days", count)
    elif minutes >= 60:
        count = minutes // 60
        text = ngettext("%(count)d hour", "%(count)d hours", count)
    else:
        count = minutes
        text = ngettext("%(count)d minute", "%(count)d minutes", count)
    return (text % {"count": count}).replace(" ", NO_BREAK)


@register.filter
def own_words(listing: Any, name: str) -> str:
    """Give a text of a listing amid words of the page; a block of several texts says `lang` on its element instead."""
    return in_own_language(getattr(listing, name), listing.language)


@register.filter
def size(value: Any) -> str:
    """Write a number of bytes: `1,2 MB`, `1.2 MB`."""
    if not is_given(value):
        return "–"
    amount = Decimal(str(value))
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    return f"{writing.number(amount, language(), 0 if unit == 'B' or amount >= 100 else 1)}\u00a0{unit}"
