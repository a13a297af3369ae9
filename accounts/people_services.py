"""Writes about a person's data: an account is closed or opened again, a name is replaced, old addresses are forgotten.

Acts of the system, from commands and sweeps: they follow a request that people have checked (docs/operations.md).
"""

import datetime
from collections.abc import Iterable
from importlib import import_module

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Replace
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from knox.models import AuthToken

from accounts import people_selectors, seat_services, selectors
from accounts.models import Invitation, Membership, Notification, User
from accounts.tasks import expire_invitations
from audit.services import record
from marketplace.kit.errors import Conflict
from rules.selectors import number

#: What stands in place of an address that is forgotten.
GONE = "…"


@transaction.atomic
def deactivate_person(*, person: User) -> User:
    """Close an account: nobody signs in with it, its keys and sessions end, its roles rest, no mail goes to it.

    Nothing is erased; `reactivate_person` opens it again. Raises Conflict where it is closed already.
    """
    held = _lock(person)
    if not held.is_active:
        raise Conflict(_("This account is closed already."))
    _close(held)
    record(tag="user.deactivate", subject=held, actor=None)
    transaction.on_commit(expire_invitations.delay, robust=True)  # what the person offered to others
    return held


@transaction.atomic
def reactivate_person(*, person: User) -> User:
    """Open a closed account again, with its roles and password. Raises Conflict where it is open or has no name left."""
    held = _lock(person)
    if held.is_active or held.anonymised_at is not None:
        raise Conflict(_("This account is not closed, or its name was replaced for good."))
    held.is_active = True
    held.save(update_fields=["is_active"])
    record(tag="user.reactivate", subject=held, actor=None)
    return held


@transaction.atomic
def anonymise_person(*, person: User) -> User:
    """End a person's roles and replace name and addresses for good; the row, and what the log says by its id, stay.

    Sessions, API tokens, notifications, second factors, further addresses, saved searches and invitations go.
    Raises Conflict, with every reason, while an open deal or a law keeps the name.
    """
    for seat in Membership.objects.filter(user=person, is_active=True).order_by("pk"):
        seat_services.end_membership(membership=seat, actor=None)
    held = _lock(person)
    if held.anonymised_at is not None:
        raise Conflict(_("The name of this account was replaced already."))
    if reasons := people_selectors.why_kept(held):
        raise Conflict(" ".join(reasons))
    addresses, name = selectors.addresses_of(held), held.full_name
    seat_services.withdraw_from_addresses(addresses)
    _forget_addresses(Invitation.objects.filter(email__in=addresses))
    if name:
        answers = Notification.objects.filter(kind=seat_services.ANSWERED, text__startswith=name)
        answers.update(text=Replace("text", Value(name), Value(GONE)))
    _close(held)
    for rows in (held.notifications, held.emailaddress_set, held.authenticator_set, held.socialaccount_set):  # type: ignore[attr-defined]  # allauth
        rows.all().delete()
    held.full_name = f"Ẩn danh · Anonymous {held.pk}"
    held.email = f"{held.pk}@anonymous.invalid"
    held.last_login, held.anonymised_at = None, timezone.now()
    held.is_staff = held.is_superuser = False
    held.set_unusable_password()
    held.save()
    for room in settings.PERSON_FORGOTTEN_BY:
        import_string(room)(held)
    record(tag="user.anonymise", subject=held, actor=None)
    return held


def _lock(person: User) -> User:
    return User.objects.select_for_update(of=("self",), no_key=True).get(pk=person.pk)


def _close(person: User) -> None:
    """End what opens the account."""
    person.is_active = False
    person.save(update_fields=["is_active"])
    person.forget_seats()
    AuthToken.objects.filter(user=person).delete()
    sessions = import_module(settings.SESSION_ENGINE).SessionStore.get_model_class()
    own = [
        row.pk
        for row in sessions.objects.order_by("pk").iterator(chunk_size=2000)
        if row.get_decoded().get(SESSION_KEY) == str(person.pk)
    ]
    sessions.objects.filter(pk__in=own).delete()


def _forget_addresses(invitations: Iterable[Invitation]) -> int:
    """Blank the address in invitations, and in what their givers were told of the answer; give how many."""
    done = 0
    for invitation in invitations:
        told = Notification.objects.filter(user_id=invitation.invited_by_id, kind=seat_services.ANSWERED)
        told.filter(text__contains=invitation.email).update(
            text=Replace(F("text"), Value(invitation.email), Value(GONE))
        )
        done += Invitation.objects.filter(pk=invitation.pk).exclude(email="").update(email="")
    return done


@transaction.atomic
def forget_old_addresses() -> int:
    """Blank the addresses of invitations that ended longer ago than `privacy.invitation.days`; give how many."""
    before = timezone.now() - datetime.timedelta(days=int(number("privacy.invitation.days")))
    return _forget_addresses(
        selectors.ended_invitations(before=before).select_for_update(of=("self",), skip_locked=True)
    )
