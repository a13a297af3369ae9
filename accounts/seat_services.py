"""Writes of seats: a seat is offered, taken up by its holder, and ended; and the letters that tell of it."""

import datetime
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts import policies, selectors
from accounts.lifecycle import InvitationState
from accounts.models import EXCHANGE_ROLES, Exchange, Invitation, Membership, Organisation, Role, User
from accounts.services import deliver_notification, lock_organisation, mail_once, notify, settle
from accounts.tasks import expire_invitations, mail_invitation
from audit.services import record
from marketplace.kit.alone import alone
from marketplace.kit.errors import Conflict, require
from marketplace.kit.lifecycle import move
from marketplace.kit.single import single
from rules.selectors import number

SWEEP_SECONDS = 240
ANSWERED = "invitation.answered"
A_DAY = datetime.timedelta(days=1)  # so often at most invitations write to one address


def lock_place(place: Organisation | Exchange) -> Organisation | Exchange:
    """Lock and give the organisation or exchange whose seats change: the first lock of every write here."""
    if isinstance(place, Organisation):
        return lock_organisation(place.pk)
    return Exchange.objects.select_for_update(of=("self",), no_key=True).get(pk=place.pk)


def invite(*, place: Organisation | Exchange, email: str, role: str, actor: User) -> Invitation:
    """Offer a seat to whoever owns the address; it counts once that person accepts.

    An administrator or a manager does so; where an organisation has no administrator (an imported one), an operator
    invites the first one. What is answered does not tell whether anybody has signed up with the address. Who offers
    himself a seat has accepted it.
    Raises Conflict when the person has the seat, was invited already, or too many invitations wait.
    """
    email = email.strip().lower()
    with transaction.atomic():
        place = lock_place(place)
        require(selectors.may_invite(actor, place))
        require((role in EXCHANGE_ROLES) == isinstance(place, Exchange))
        own = email in selectors.addresses_of(actor)
        if isinstance(place, Organisation) and not policies.can_manage_members(actor, place):
            if role != Role.ADMIN or own:
                raise Conflict(_("Seat an administrator first, and not yourself: who gives the other roles."))
            if selectors.open_invitations(place).exists():
                raise Conflict(_("Somebody is invited already. Withdraw that invitation first."))
        now = timezone.now()
        for late in place.invitations.filter(state=InvitationState.PENDING, expires_at__lte=now).order_by("pk"):
            _expire(late)
        _withdraw_unbacked(place)
        if selectors.open_invitations(place).filter(email=email, role=role).exists():
            raise Conflict(_("This address is invited to this role already."))
        if selectors.count_offers(place, actor, since=now - A_DAY) >= number("access.invitation.most"):
            raise Conflict(
                _("Too many invitations wait or were made within a day. Withdraw older ones, or go on tomorrow.")
            )
        holder = selectors.holder_of(email)
        seat = place.memberships.filter(user=holder, role=role, is_active=True).first() if holder else None
        if seat is not None:
            raise Conflict(_("This person has this role already."))
        ends = now + datetime.timedelta(days=int(number("access.invitation.days")))
        made = Invitation(email=email, role=role, invited_by=actor, expires_at=ends)
        setattr(made, "organisation" if isinstance(place, Organisation) else "exchange", place)
        made.save()
        tag = f"{place._meta.model_name}.invite"
        record(tag=tag, subject=place, actor=actor, data={"invitation": made.pk, "role": role})
        if own:
            accept(invitation=made, actor=actor)
            made.refresh_from_db()
        else:
            transaction.on_commit(partial(mail_invitation.delay, made.pk), robust=True)
    return made


@contextmanager
def _locked(invitation: Invitation) -> Iterator[Invitation]:
    """Hold the place and then the invitation, in a transaction."""
    with transaction.atomic():
        place = lock_place(invitation.place)
        held = Invitation.objects.select_for_update(of=("self",)).get(pk=invitation.pk)
        setattr(held, "organisation" if isinstance(place, Organisation) else "exchange", place)
        yield held


def accept(*, invitation: Invitation, actor: User) -> Membership:
    """Take the offered seat. Raises NotAllowed for another's invitation.

    Raises Conflict when it was answered, withdrawn or has expired, and when who gave it may give it no more.
    """
    with _locked(invitation) as held:
        require(held.email in selectors.addresses_of(actor))
        place = held.place
        if held.state == InvitationState.PENDING and (
            held.expires_at <= timezone.now() or not selectors.may_invite(held.invited_by, place)
        ):
            raise Conflict(_("This invitation is valid no longer. Ask for a new one."))
        move(held, "accept", actor=actor, ended_at=timezone.now())
        settle(held)
        seat = seat_person(place=place, user=actor, role=held.role, actor=actor, invitation=held)
        if held.invited_by_id != actor.pk:
            _tell_giver(held, actor, accepted=True)
    return seat


def decline(*, invitation: Invitation, actor: User) -> Invitation:
    """Refuse the offered seat. Raises NotAllowed for another's invitation, Conflict when it is open no more."""
    with _locked(invitation) as held:
        require(held.email in selectors.addresses_of(actor))
        move(held, "decline", actor=actor, ended_at=timezone.now())
        settle(held)
        _tell_giver(held, actor, accepted=False)
    return held


def withdraw(*, invitation: Invitation, actor: User) -> Invitation:
    """Take an offer back: by whoever may make it. Raises Conflict when it was answered meanwhile."""
    with _locked(invitation) as held:
        require(selectors.may_invite(actor, held.place))
        move(held, "withdraw", actor=actor, ended_at=timezone.now())
        settle(held)
    return held


def _expire(invitation: Invitation) -> None:
    move(invitation, "expire", actor=None, ended_at=timezone.now())
    settle(invitation)


def _withdraw_unbacked(place: Organisation | Exchange, **of: Any) -> None:
    """Take back what is offered at a locked place by people who may offer it no longer: nobody could accept it."""
    for invitation in place.invitations.filter(pk__in=selectors.unbacked_invitations().values("pk"), **of):
        _take_back(invitation, "giver")


def _take_back(invitation: Invitation, because: str) -> None:
    move(invitation, "withdraw", actor=None, data={"because": because}, ended_at=timezone.now())
    settle(invitation)


def withdraw_from_addresses(addresses: Collection[str]) -> None:
    """Take back what waits for an answer from addresses that are to be forgotten; in the caller's transaction."""
    waiting = Invitation.objects.filter(email__in=addresses, state=InvitationState.PENDING)
    for invitation in waiting.select_related("organisation", "exchange").order_by("pk"):
        with _locked(invitation) as held:
            if held.state == InvitationState.PENDING:
                _take_back(held, "addressee")


def withdraw_unbacked() -> int:
    """Take back every waiting invitation whose giver may offer that seat no longer; give how many."""
    done = 0
    for pk in selectors.unbacked_invitations().values_list("pk", flat=True)[:500]:
        with _locked(Invitation.objects.select_related("organisation", "exchange").get(pk=pk)) as held:
            if selectors.unbacked_invitations().filter(pk=pk).exists():
                _take_back(held, "giver")
                done += 1
    return done


def expire_due() -> int:
    """End the invitations that nobody answered in time, each by itself; give how many."""
    done = 0
    for pk in selectors.expired_invitation_ids(now=timezone.now()):
        with alone("Invitation", pk):
            with _locked(Invitation.objects.select_related("organisation", "exchange").get(pk=pk)) as held:
                ends = held.state == InvitationState.PENDING
                if ends:
                    _expire(held)
            done += ends
    return done


def seat_person(
    *, place: Organisation | Exchange, user: User, role: str, actor: User | None, invitation: Invitation | None = None
) -> Membership:
    """Give a person a seat, in the caller's transaction: from `accept`, or by the system (actor None) from a command.

    A seat that had ended is taken up again. Raises Conflict when the person has it.
    """
    require(actor is None or (invitation is not None and actor.pk == user.pk))
    place = lock_place(place)
    at: dict[str, Any] = {"organisation" if isinstance(place, Organisation) else "exchange": place}
    seat, created = Membership.objects.get_or_create(user=user, role=role, **at)
    if not created and seat.is_active:
        raise Conflict(_("This person has this role already."))
    if not seat.is_active:
        seat.is_active = True
        seat.save(update_fields=["is_active"])
    user.forget_seats()
    data = {"user": user.pk, "role": role, **({"invitation": invitation.pk} if invitation else {})}
    record(tag=f"{place._meta.model_name}.add_member", subject=place, actor=actor, data=data)
    return seat


@transaction.atomic
def open_exchange(*, code: str, name_vi: str, name_en: str, province_id: str, email: str = "") -> tuple[Exchange, bool]:
    """Enter an exchange by the system, from a command; one of that code stays as it is. Raises ValidationError.

    Give it, and whether it is new.
    """
    there = Exchange.objects.filter(code=code).first()
    if there is not None:
        return there, False
    made = Exchange(code=code, name_vi=name_vi, name_en=name_en, province_id=province_id, email=email)
    made.full_clean()
    made.save()
    record(tag="exchange.open", subject=made, actor=None, data={"code": code})
    return made, True


@transaction.atomic
def seat_at_exchange(*, exchange: Exchange, user: User, role: str) -> Membership:
    """Seat a person at an exchange by the system, from a command: the first manager has nobody to be invited by."""
    return seat_person(place=exchange, user=user, role=role, actor=None)


@transaction.atomic
def end_membership(*, membership: Membership, actor: User | None) -> Membership:
    """End a seat: by whoever gives such seats, by its holder, or by the system (actor None) from a command.

    Raises Conflict for a seat that has ended and, but for the system, for the last administrator or manager.
    """
    place = lock_place(membership.organisation or membership.exchange)  # type: ignore[arg-type]  # one of them is set
    membership = Membership.objects.select_for_update(of=("self",)).select_related("user").get(pk=membership.pk)
    require(actor is None or policies.can_end_seat(actor, membership))
    if not membership.is_active:
        raise Conflict(_("This seat has ended already."))
    if actor is not None and membership.role in (Role.ADMIN, Role.MANAGER):
        others = place.memberships.filter(role=membership.role, is_active=True, user__is_active=True)
        if not others.exclude(pk=membership.pk).exists():
            raise Conflict(
                _("The last administrator cannot leave. Name another one first.")
                if membership.role == Role.ADMIN
                else _("The last manager cannot leave. Name another one first.")
            )
    membership.is_active = False
    membership.save(update_fields=["is_active"])
    _withdraw_unbacked(place, invited_by=membership.user)
    if isinstance(place, Exchange):  # what its people offered in organisations without an administrator
        transaction.on_commit(expire_invitations.delay, robust=True)
    if actor is not None and actor.pk == membership.user_id:
        actor.forget_seats()
    data = {"user": membership.user_id, "role": membership.role}
    record(tag=f"{place._meta.model_name}.end_membership", subject=place, actor=actor, data=data)
    if actor is None or actor.pk != membership.user_id:
        notify(
            users=[membership.user],
            kind="seat.ended",
            text=lambda: (
                _("Your role in %(organisation)s has ended: %(role)s.")
                % {"organisation": place, "role": membership.get_role_display()}
            ),
            url=lambda: reverse("accounts:my_organisations"),
        )
    return membership


def _tell_giver(invitation: Invitation, actor: User, *, accepted: bool) -> None:
    """Tell who made the offer how it was answered: the name of who accepted, else the address that was written to."""
    place = invitation.place
    page = "accounts:organisation" if isinstance(place, Organisation) else "accounts:exchange_people"

    def text() -> str:
        if accepted:
            words = _("%(who)s has accepted the role in %(organisation)s: %(role)s.")
        else:
            words = _("%(who)s has declined the role in %(organisation)s: %(role)s.")
        who = str(actor) if accepted else invitation.email
        return words % {"who": who, "organisation": place, "role": invitation.get_role_display()}

    notify(
        users=[invitation.invited_by],
        kind=ANSWERED,
        text=text,
        url=lambda: reverse(page, args=[place.pk]),
    )


@transaction.atomic
def deliver_invitation(*, pk: int) -> bool:
    """Tell an address of its invitation: its owner on the site and by mail, else a letter that asks to sign up.

    Nobody can have an address written to again and again: its owner, and who has not signed up, get one letter a day
    from each place, beside which its other invitations stand on the site. To who has not signed up the letters of
    several places keep a day's distance: the later ones wait for it.
    Give whether something was told; what waits, or is refused by the mail server, is left to the sweep.
    """
    found = Invitation.objects.select_for_update(of=("self",), skip_locked=True)
    invitation = found.filter(pk=pk, mailed_at=None, state=InvitationState.PENDING).first()
    if invitation is None or invitation.expires_at <= timezone.now():
        return False
    now = timezone.now()
    holder = selectors.holder_of(invitation.email)
    written = selectors.wrote_since(invitation, now - A_DAY)
    if holder is not None or written:
        if holder is not None:
            _call(holder, invitation, mail=not written)
        invitation.mailed_at = now
        invitation.letter_at = None if written else now
        invitation.save(update_fields=["mailed_at", "letter_at"])
        return holder is not None
    last = selectors.last_letter(invitation, now - A_DAY)
    if last is not None:
        invitation.retry_at = last + A_DAY
        invitation.save(update_fields=["retry_at"])
        return False
    with override(invitation.invited_by.language):
        subject = _("Invitation to Nhịp Cầu: %(role)s") % {"role": invitation.get_role_display()}
        body = _(
            "%(who)s invites you to act for %(organisation)s on the technology exchange Nhịp Cầu. Role: %(role)s.\n\n"
            "Sign up with this e-mail address, then accept or decline: %(url)s\n\n"
            "If you do not know the sender, do nothing: the invitation ends by itself."
        ) % {
            "who": invitation.invited_by,
            "organisation": invitation.place,
            "role": invitation.get_role_display(),
            "url": f"{settings.SITE_URL}{reverse('accounts:my_organisations')}",
        }
    left = mail_once(invitation, subject, body, invitation.email)
    if left:
        invitation.letter_at = invitation.mailed_at
        invitation.save(update_fields=["letter_at"])
    return left


def _call(person: User, invitation: Invitation, *, mail: bool = True) -> None:
    notify(
        users=[person],
        kind="invitation",
        text=lambda: (
            _("%(who)s offers you a role in %(organisation)s: %(role)s. Accept or decline it.")
            % {
                "who": invitation.invited_by,
                "organisation": invitation.place,
                "role": invitation.get_role_display(),
            }
        ),
        url=lambda: reverse("accounts:my_organisations"),
        awaits=invitation,
        mail=mail,
    )


@transaction.atomic
def tell_of_invitations(*, user: User) -> int:
    """Call a person whose address was just confirmed to answer what waits for it; give how many invitations.

    What the task has not tried to mail yet it will tell itself; what waited for its turn waits no more.
    """
    waiting = list(selectors.invitations_to(user).exclude(mailed_at=None, retry_at=None))
    called = selectors.called_to(user, waiting)
    for invitation in waiting:
        if invitation.mailed_at is None:
            deliver_invitation(pk=invitation.pk)
        elif invitation.pk not in called:
            _call(user, invitation)
    return len(waiting)


def sweep_unmailed() -> int:
    """Mail what a lost message or a refusing server left, no longer than a sweep's time; give how much went out.

    Of several sweeps at once only one works.
    """
    end, sent = time.monotonic() + SWEEP_SECONDS, 0
    with single("accounts.mail") as mine:
        if not mine:
            return 0
        now = timezone.now()
        for deliver, ids in (
            (deliver_notification, selectors.unmailed_notification_ids(now=now)),
            (deliver_invitation, selectors.unmailed_invitation_ids(now=now)),
        ):
            for pk in ids:
                if time.monotonic() > end:
                    break
                sent += deliver(pk=pk)
    return sent
