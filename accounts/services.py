"""Writes of people and organisations."""

import csv
import datetime
import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from knox.models import AuthToken

from accounts import policies
from accounts.models import (
    TAX_CODE_TAKEN,
    Exchange,
    Invitation,
    Membership,
    Notification,
    Organisation,
    Province,
    Role,
    User,
)
from accounts.selectors import people_in
from accounts.tasks import mail_notification
from audit.services import record, record_all
from marketplace.kit.errors import Conflict, Stale, require
from marketplace.kit.letters import REFUSALS, refusal
from marketplace.kit.lifecycle import move, move_all
from rules.selectors import number

logger = logging.getLogger(__name__)

#: A mail that did not leave waits for twice this, then twice as long each time.
PAUSE = datetime.timedelta(minutes=5)
LONGEST_PAUSE = datetime.timedelta(hours=6)

#: What an administrator may edit.
EDITABLE = (
    "name_vi", "name_en", "country", "province", "tax_code", "about_vi", "about_en", "website", "has_state_capital",
)  # fmt: skip

#: Of these, what an operator has verified: changed, it is verified anew.
IDENTITY = ("name_vi", "name_en", "country", "tax_code", "has_state_capital")


def lock_organisation(pk: int) -> Organisation:
    """Lock and give an organisation."""
    return Organisation.objects.select_for_update(of=("self",)).get(pk=pk)


def _require_free_tax_code(organisation: Organisation) -> None:
    """Refuse the tax code of a verified organisation. Raises ValidationError; the database decides between rivals."""
    if Organisation.objects.verified().with_tax_code_of(organisation).exists():
        raise ValidationError({"tax_code": [TAX_CODE_TAKEN]})


@transaction.atomic
def create_organisation(*, actor: User, kind: str, exchange: Exchange, **details: Any) -> Organisation:
    """Register an organisation; its founder becomes administrator and, by kind, researcher or representative.

    Raises ValidationError for bad details.
    """
    organisation = Organisation(kind=kind, exchange=exchange, **details)
    organisation.full_clean()
    _require_free_tax_code(organisation)
    organisation.save()
    working_role = Role.TTO_OFFICER if organisation.needs_tto_approval else Role.REPRESENTATIVE
    for role in (Role.ADMIN, working_role):
        Membership.objects.create(user=actor, organisation=organisation, role=role)
    actor.forget_seats()
    record(tag="organisation.create", subject=organisation, actor=actor, data={"kind": kind, "exchange": exchange.code})
    return organisation


@transaction.atomic
def edit_organisation(*, organisation: Organisation, actor: User, version: int, **details: Any) -> Organisation:
    """Change an organisation's details; a verified one whose identity changes waits for verification again.

    Raises Stale when someone saved since `version`, ValidationError for bad details.
    """
    organisation = lock_organisation(organisation.pk)
    require(policies.can_edit_organisation(actor, organisation))
    if organisation.version != version:
        raise Stale(_("Someone else has changed this organisation meanwhile. Compare and save again."))
    before = {name: str(getattr(organisation, name)) for name in details}
    for name, value in details.items():
        assert name in EDITABLE
        setattr(organisation, name, value)
    organisation.version += 1
    _require_free_tax_code(organisation)
    organisation.full_clean()
    try:
        with transaction.atomic():
            organisation.save()
    except IntegrityError as error:  # verified with this tax code by another just now
        raise ValidationError({"tax_code": [TAX_CODE_TAKEN]}) from error
    after = {name: str(getattr(organisation, name)) for name in details}
    changed = {name: [before[name], after[name]] for name in details if before[name] != after[name]}
    record(tag="organisation.edit", subject=organisation, actor=actor, data={"changed": changed})
    if organisation.is_verified and changed.keys() & set(IDENTITY):
        move(organisation, "change_identity", actor=actor, data={"changed": sorted(changed.keys() & set(IDENTITY))})
    return organisation


def imported_organisation(*, name: str, kind: str, exchange: Exchange, **details: Any) -> Organisation:
    """Make, unsaved, an organisation that a foreign register names; `import_organisations` saves it.

    In Viet Nam and without a province of its own it is entered under that of the exchange. Raises ValidationError.
    """
    organisation = Organisation(kind=kind, exchange=exchange, name_vi=name, **{"name_en": name, **details})
    if organisation.province is None and not organisation.is_foreign:
        organisation.province = exchange.province
    organisation.clean_fields(exclude={"exchange", "province"})
    organisation.clean()
    _require_free_tax_code(organisation)
    return organisation


@transaction.atomic
def import_organisations(
    *, organisations: Sequence[Organisation], exchange: Exchange, source: str, actor: User | None
) -> None:
    """Enter organisations of an imported register, verified as such; they have no members yet.

    An act of the exchange: `actor` is one of its operators, or None for the system (a command without --as).
    Raises NotAllowed.
    """
    require(actor is None or policies.serves_exchange(actor, exchange.pk))
    assert all(organisation.exchange_id == exchange.pk for organisation in organisations)
    Organisation.objects.bulk_create(organisations)
    data = [{"kind": one.kind, "exchange": exchange.code, "source": source} for one in organisations]
    record_all(tag="organisation.create", subjects=organisations, actor=actor, data=data)
    note = f"imported from {source}"
    notes = [{"note": note}] * len(organisations)
    move_all(organisations, "import_verified", actor=actor, data=notes, verification_note=note)


@transaction.atomic
def request_verification(*, organisation: Organisation, actor: User) -> Organisation:
    """Ask the exchange to verify the organisation."""
    organisation = lock_organisation(organisation.pk)
    require(policies.can_request_verification(actor, organisation))
    if not organisation.tax_code:
        raise Conflict(_("Enter the tax code first: the operator checks it."))
    if Organisation.objects.verified().with_tax_code_of(organisation).exists():
        raise Conflict(str(TAX_CODE_TAKEN))
    move(organisation, "request_verification", actor=actor)
    return organisation


@transaction.atomic
def verify_organisation(
    *, organisation: Organisation, actor: User, note: str = "", version: int | None = None
) -> Organisation:
    """Confirm that the organisation is who it says, and tell its people.

    Raises Stale when its details changed since `version`, Conflict when another is verified with its tax code.
    """
    organisation = lock_organisation(organisation.pk)
    require(policies.can_verify_organisation(actor, organisation))
    _require_version(organisation, version)
    try:
        with transaction.atomic():
            move(organisation, "verify", actor=actor, data={"note": note}, verification_note=note)
    except IntegrityError as error:
        raise Conflict(
            _("Another organisation is verified with this tax code. Take that back first, or refuse this one.")
        ) from error
    _tell_people(organisation, "verified", lambda: _("%(organisation)s is verified.") % {"organisation": organisation})
    return organisation


def _require_version(organisation: Organisation, version: int | None) -> None:
    """Raise Stale when the details changed since `version`; None asks nothing."""
    if version is not None and organisation.version != version:
        raise Stale(_("The organisation's details have changed since you opened them. Look again before you decide."))


def _tell_people(organisation: Organisation, kind: str, text: Callable[[], str]) -> None:
    """Tell everybody of an organisation what the exchange decided about it."""
    notify(
        users=people_in(organisation.pk),
        kind=f"organisation.{kind}",
        text=text,
        url=lambda: reverse("accounts:organisation", args=[organisation.pk]),
    )


@transaction.atomic
def refuse_verification(
    *, organisation: Organisation, actor: User, reason: str, version: int | None = None
) -> Organisation:
    """Refuse to verify, with a reason that the organisation's people are told.

    Raises Stale when its details changed since `version`.
    """
    organisation = lock_organisation(organisation.pk)
    require(policies.can_verify_organisation(actor, organisation))
    _require_version(organisation, version)
    if not reason.strip():
        raise Conflict(_("Give a reason."))
    move(organisation, "refuse", actor=actor, data={"reason": reason}, verification_note=reason)
    data = {"organisation": organisation, "reason": reason}
    _tell_people(
        organisation, "refused", lambda: _("The exchange did not verify %(organisation)s: %(reason)s") % data
    )  # fmt: skip
    return organisation


@transaction.atomic
def revoke_verification(
    *, organisation: Organisation, actor: User, reason: str, version: int | None = None
) -> Organisation:
    """Take a verification back, with a reason that the organisation's people are told.

    What it has published stays to be read, marked, and takes no new enquiries; its running deals go on.
    Raises Stale when its details changed since `version`.
    """
    organisation = lock_organisation(organisation.pk)
    require(policies.can_verify_organisation(actor, organisation))
    _require_version(organisation, version)
    if not reason.strip():
        raise Conflict(_("Give a reason."))
    move(organisation, "revoke", actor=actor, data={"reason": reason}, verification_note=reason)
    data = {"organisation": organisation, "reason": reason}
    _tell_people(
        organisation, "revoked",
        lambda: _("The exchange took the verification of %(organisation)s back: %(reason)s") % data,
    )  # fmt: skip
    return organisation


@transaction.atomic
def edit_profile(*, user: User, full_name: str, language: str) -> User:
    """Change the own name and language. Raises ValidationError."""
    user.full_name, user.language = full_name, language
    user.full_clean(exclude=["password"])
    user.save(update_fields=["full_name", "language"])
    record(tag="user.edit_profile", subject=user, actor=user)
    return user


@transaction.atomic
def load_provinces(*, path: Path) -> int:
    """Load data/provinces.csv (code, names, regions); give the number of rows. Idempotent by code."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [
            Province(**{name: row[name] for name in ("code", "name_vi", "name_en", "region_vi", "region_en")})
            for row in csv.DictReader(file)
        ]
    Province.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["name_vi", "name_en", "region_vi", "region_en"],
    )
    return len(rows)


@transaction.atomic
def notify(
    *,
    users: Iterable[User],
    kind: str,
    text: Callable[[], str],
    url: Callable[[], str],
    awaits: Model | None = None,
    mail: bool = True,
) -> list[Notification]:
    """Tell people something, each in the own language, on the site and, but for `mail` False, by mail after the commit.

    `text` and `url` are called with the person's language active, so that both come out in it. `awaits`: what they are
    called to act on; who acts on it calls `settle`, and the call is no longer new to anybody.
    """
    notes = []
    called_to = Notification.name_of(awaits) if awaits is not None else ""
    for user in users:
        with override(user.language):
            mailed_at = None if mail else timezone.now()
            notes.append(
                Notification(user=user, kind=kind, text=text(), url=url(), awaits=called_to, mailed_at=mailed_at)
            )
    Notification.objects.bulk_create(notes)
    for note in notes if mail else ():
        transaction.on_commit(partial(mail_notification.delay, note.pk), robust=True)
    return notes


def settle(row: Model, *, users: QuerySet[User] | None = None, kinds: Collection[str] = ()) -> int:
    """Mark the calls to act on a row read, for it was done or needs nobody any more; give how many were new.

    Of everybody, or of some `users`; all, or those of some `kinds`. In the caller's transaction.
    """
    notes = Notification.objects.filter(awaits=Notification.name_of(row), read_at=None)
    if users is not None:
        notes = notes.filter(user__in=users)
    if kinds:
        notes = notes.filter(kind__in=kinds)
    return notes.update(read_at=timezone.now())


@transaction.atomic
def deliver_notification(*, pk: int) -> bool:
    """Mail a notification that was not mailed yet; tell whether a mail went out. A missing row is no error.

    What the mail server refuses is noted and left to the sweep, with longer and longer pauses.
    """
    note = Notification.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=pk, mailed_at=None).first()
    if note is None:
        return False
    user = note.user
    if not user.is_active:
        note.mailed_at = timezone.now()
        note.save(update_fields=["mailed_at"])
        return False
    with override(user.language):
        subject = note.text.splitlines()[0][:180]
        body = _("%(text)s\n\nOpen: %(url)s") % {"text": note.text, "url": f"{settings.SITE_URL}{note.url}"}
    return mail_once(note, subject, body, user.email)


def mail_once(row: Notification | Invitation, subject: str, body: str, to: str) -> bool:
    """Send the letter of a locked row and mark it, or note in the row that it did not leave; tell whether it did."""
    try:
        send_mail(subject, body, None, [to])
    except Exception as error:  # whatever it is, it is this letter's alone
        trouble = None if isinstance(error, REFUSALS) else error  # a refusal repeats the address
        logger.error(
            "The letter of %s %s did not leave: %s", row._meta.label_lower, row.pk, refusal(error), exc_info=trouble
        )
        row.tried += 1
        row.retry_at = timezone.now() + min(PAUSE * 2 ** min(row.tried, 10), LONGEST_PAUSE)
        row.save(update_fields=["tried", "retry_at"])
        return False
    row.mailed_at = timezone.now()
    row.save(update_fields=["mailed_at"])
    return True


@transaction.atomic
def mark_notifications_read(*, user: User) -> int:
    """Mark everything read; give how many were unread. What is just being settled or mailed stays new this time.

    So this waits for nobody: `settle` locks in the order of what was done, and the two would wait for each other.
    """
    unread = Notification.objects.select_for_update(of=("self",), skip_locked=True).filter(user=user, read_at=None)
    ids = list(unread.order_by("pk").values_list("pk", flat=True))
    return Notification.objects.filter(pk__in=ids).update(read_at=timezone.now())


@transaction.atomic
def create_token(*, user: User) -> str:
    """Make an API token for the person and give its secret, which is stored as a hash only.

    It ends after the days of the rule `access.token.days`. The person's tokens that have ended are removed.
    Raises Conflict where the password was changed after `user` was read: whoever knew the old one gets no key.
    """
    stored = User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    if not stored.is_active or stored.password != user.password:
        raise Conflict(_("Your password has changed meanwhile. Sign in again."))
    AuthToken.objects.filter(user=user, expiry__lte=timezone.now()).delete()
    lasts = datetime.timedelta(days=int(number("access.token.days")))
    token, secret = AuthToken.objects.create(user=user, expiry=lasts)
    record(tag="user.create_token", subject=user, actor=user, data={"token": token.token_key, "until": token.expiry})
    return secret


@transaction.atomic
def revoke_token(*, user: User, key: str) -> bool:
    """End the person's token with this key; tell whether there was one."""
    deleted, _rows = AuthToken.objects.filter(user=user, token_key=key).delete()
    if deleted:
        record(tag="user.revoke_token", subject=user, actor=user, data={"token": key})
    return bool(deleted)


@transaction.atomic
def set_password(*, user: User, password: str) -> None:
    """Set the person's password and end all API tokens, as a new password ends all sessions.

    So whoever had taken the account over keeps no key to it: one that is made meanwhile waits here, or is refused.
    """
    User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
    user.set_password(password)
    user.save(update_fields=["password"])
    ended = AuthToken.objects.filter(user=user)
    keys = list(ended.order_by("created", "pk").values_list("token_key", flat=True))
    ended.delete()
    record(tag="user.set_password", subject=user, actor=user, data={"tokens_ended": keys})
