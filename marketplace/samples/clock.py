"""The samples' own clock: their acts happened on days in the past, one after the other."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from django.utils import timezone


@contextmanager
def clock_at(moment: datetime.datetime) -> Iterator[None]:
    """Let `timezone.now()` (and so `localdate()`) say `moment` meanwhile; for the loader of samples and for tests."""
    with mock.patch.object(timezone, "now", return_value=moment):
        yield


def days_ago(days: float) -> datetime.datetime:
    """Give the moment so many days before now."""
    return timezone.now() - datetime.timedelta(days=days)
