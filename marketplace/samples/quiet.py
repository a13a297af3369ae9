"""The news of the samples is old: it is on the site, and no letter goes out."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from django.db.models import F

from accounts import services
from accounts.models import Notification


@contextmanager
def without_letters() -> Iterator[None]:
    """Write notifications as mailed and read long ago, and queue no mail."""
    with mock.patch.object(services.mail_notification, "delay"):
        yield
    Notification.objects.filter(mailed_at=None, user__is_sample=True).update(
        mailed_at=F("created_at"), read_at=F("created_at")
    )
