"""Reasons that the system gives: stored as their English text, read by each reader in the own language."""

import datetime

from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_noop

ENDED = gettext_noop("The contract ended on %(date)s.")
CORRECTED = gettext_noop("A correction replaces the statement.")
YEAR_CHANGED = gettext_noop("Another statement of the year has changed. File this one again.")
MINIMUM_WAIVED = gettext_noop("The minimum of the year was waived. File this statement again.")
PART_GIVEN_UP = gettext_noop("A part of what was asked for the year was forgiven or waived.")
CHARGED_AGAIN = gettext_noop("It had been charged and settled before.")
OF_SYSTEM = frozenset({ENDED, CORRECTED, YEAR_CHANGED, MINIMUM_WAIVED, PART_GIVEN_UP, CHARGED_AGAIN})


def in_words(reason: str, *, day: datetime.date | None = None) -> str:
    """Give a stored reason as its reader reads it; `day` is the one that it may name.

    What a person wrote stays as written, and so does what the system wrote out in one language before.
    """
    if reason not in OF_SYSTEM:
        return reason
    return gettext(reason) % {"date": "–" if day is None else date_format(day, "SHORT_DATE_FORMAT")}
