"""Letters leave once, in the end, and no bad address keeps the others waiting."""

import datetime
from typing import Any

import pytest
from django.conf import settings as configured
from django.core import mail
from django.utils import timezone

from accounts import seat_services, selectors, services
from accounts.models import Notification
from tests.factories.accounts import NotificationFactory, UserFactory

pytestmark = pytest.mark.django_db


def refuse(monkeypatch: pytest.MonkeyPatch, address: str) -> list[str]:
    """Have the mail server refuse an address; give the tries."""
    send, tries = services.send_mail, []

    def refused(subject: str, body: str, sender: Any, to: list[str]) -> int:
        if address in to:
            tries.append(subject)
            raise OSError("no such mailbox")
        return int(send(subject, body, sender, to))

    monkeypatch.setattr(services, "send_mail", refused)
    return tries


def test_a_refused_address_holds_up_nobody_and_is_tried_with_longer_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = NotificationFactory(text="Thư không đến")
    rest = NotificationFactory.create_batch(2)
    tries = refuse(monkeypatch, gone.user.email)
    for _ in range(3):
        seat_services.sweep_unmailed()
    assert (len(tries), len(mail.outbox)) == (1, 2)
    assert all(Notification.objects.get(pk=note.pk).mailed_at for note in rest)
    gone.refresh_from_db()
    assert (gone.mailed_at, gone.tried) == (None, 1)
    now = timezone.now()
    soon, later = now + datetime.timedelta(minutes=9), now + datetime.timedelta(minutes=11)
    assert selectors.unmailed_notification_ids(now=soon) == []
    assert selectors.unmailed_notification_ids(now=later) == [gone.pk]
    services.deliver_notification(pk=gone.pk)
    assert selectors.unmailed_notification_ids(now=later) == []
    assert selectors.unmailed_notification_ids(now=now + datetime.timedelta(minutes=21)) == [gone.pk]
    assert selectors.unmailed_notification_ids(now=now + datetime.timedelta(days=8)) == []


def test_what_was_refused_leaves_once_the_address_takes_mail_again(monkeypatch: pytest.MonkeyPatch) -> None:
    note = NotificationFactory()
    with monkeypatch.context() as patched:
        refuse(patched, note.user.email)
        assert services.deliver_notification(pk=note.pk) is False
    Notification.objects.update(retry_at=timezone.now())
    assert seat_services.sweep_unmailed() == 1
    assert seat_services.sweep_unmailed() == 0
    assert [letter.to for letter in mail.outbox] == [[note.user.email]]


def test_who_left_is_written_to_no_more() -> None:
    note = NotificationFactory(user=UserFactory(is_active=False))
    assert seat_services.sweep_unmailed() == 0
    assert Notification.objects.get(pk=note.pk).mailed_at is not None
    assert mail.outbox == []


def test_a_mail_server_that_hangs_is_not_waited_for_longer_than_others_wait_for_a_row() -> None:
    assert 0 < configured.EMAIL_TIMEOUT < 10
    assert "lock_timeout=10000" in configured.DATABASES["default"]["OPTIONS"]["options"]
