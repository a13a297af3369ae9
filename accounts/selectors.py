"""Reads of people and organisations, narrowed to the viewer."""

import datetime
from collections.abc import Collection, Iterable
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet
from django.utils import timezone
from knox.models import AuthToken

from accounts import policies
from accounts.lifecycle import InvitationState, VerificationState
from accounts.models import Exchange, Invitation, Membership, Notification, Organisation, Province, Role, User

Viewer = User | AnonymousUser

OPEN = Q(state=InvitationState.PENDING)
GIVEN_UP = datetime.timedelta(days=7)  # a mail that does not leave


def provinces() -> QuerySet[Province]:
    """Give the provinces by code."""
    return Province.objects.order_by("code")


def exchanges() -> QuerySet[Exchange]:
    """Give the exchanges by code."""
    return Exchange.objects.select_related("province").order_by("code")


def exchange_by_code(code: str) -> Exchange:
    """Give an exchange. Raises Exchange.DoesNotExist."""
    return Exchange.objects.get(code=code)


def visible_organisations(viewer: Viewer) -> QuerySet[Organisation]:
    """Give verified organisations to everyone; to a person also the own ones, and to an operator all of the exchange."""
    visible = Q(state=VerificationState.VERIFIED)
    if isinstance(viewer, User):
        visible |= Q(pk__in=viewer.organisation_ids()) | Q(exchange_id__in=viewer.exchange_ids())
    return Organisation.objects.filter(visible).select_related("province", "exchange").order_by("name_vi", "pk")


def organisation_by_key(key: str) -> Organisation | None:
    """Give the organisation of a key; None where there is none or where several of other countries bear it.

    Up to nine digits are an id. All else is a tax code with which somebody is verified, whatever others claim: of Viet
    Nam before other countries, or as in "US:42" of that country alone.
    """
    if key.isdecimal() and len(key) < 10:
        return Organisation.objects.filter(pk=int(key)).first()
    country, colon, code = key.partition(":")
    verified = Organisation.objects.verified().exclude(tax_code="").order_by("pk")
    if colon:
        return verified.filter(country=country.upper(), tax_code=code).first()
    found = list(verified.filter(tax_code=key))
    return next((one for one in found if not one.is_foreign), found[0] if len(found) == 1 else None)


def organisations_of(user: User, *roles: str) -> QuerySet[Organisation]:
    """Give the person's organisations, narrowed to `roles` when named."""
    return (
        Organisation.objects.filter(pk__in=user.organisation_ids(*roles))
        .select_related("province", "exchange")
        .order_by("name_vi", "pk")
    )


def rivals_of(organisation: Organisation) -> QuerySet[Organisation]:
    """Give the other organisations that claim the same tax code, for who decides which of them it belongs to."""
    return Organisation.objects.with_tax_code_of(organisation).select_related("exchange").order_by("name_vi", "pk")


def members_of(organisation: Organisation) -> QuerySet[Membership]:
    """Give the active seats of an organisation with their people."""
    return organisation.memberships.filter(is_active=True).select_related("user").order_by("user__full_name", "pk")


def seats_at(exchange: Exchange) -> QuerySet[Membership]:
    """Give the active seats of an exchange with their people."""
    return exchange.memberships.filter(is_active=True).select_related("user").order_by("user__full_name", "pk")


def seat_at(pk: int, exchange: Exchange) -> Membership | None:
    """Give an active seat of the exchange."""
    return seats_at(exchange).filter(pk=pk).first()


def open_invitations(place: Organisation | Exchange) -> QuerySet[Invitation]:
    """Give the invitations of an organisation or exchange that wait for an answer, with their givers, oldest first."""
    waiting = place.invitations.filter(OPEN, expires_at__gt=timezone.now())
    return waiting.select_related("organisation", "exchange", "invited_by").order_by("pk")


def _of(place: Organisation | Exchange) -> Q:
    return Q(organisation=place) if isinstance(place, Organisation) else Q(exchange=place)


def count_offers(place: Organisation | Exchange, actor: User, *, since: datetime.datetime) -> int:
    """Count the invitations of a place, and those of a person anywhere, that wait or were made since then."""
    counts = Q(OPEN, expires_at__gt=timezone.now()) | Q(created_at__gt=since)
    return Invitation.objects.filter(_of(place) | Q(invited_by=actor), counts).count()


def wrote_since(invitation: Invitation, since: datetime.datetime) -> bool:
    """Tell whether a letter of another invitation of the same place to the address has left since then."""
    return _letters(invitation, since).filter(_of(invitation.place)).exists()


def last_letter(invitation: Invitation, since: datetime.datetime) -> datetime.datetime | None:
    """Give when the last letter left since then that this one keeps its distance from.

    What an unverified organisation writes to an address keeps no verified one, and no exchange, from writing.
    """
    letters = _letters(invitation, since)
    place = invitation.place
    if isinstance(place, Exchange) or place.is_verified:
        letters = letters.filter(Q(exchange__isnull=False) | Q(organisation__state=VerificationState.VERIFIED))
    return letters.aggregate(last=Max("letter_at"))["last"]


def _letters(invitation: Invitation, since: datetime.datetime) -> QuerySet[Invitation]:
    return Invitation.objects.filter(email=invitation.email, letter_at__gt=since).exclude(pk=invitation.pk)


def invitation(pk: int) -> Invitation | None:
    """Give an invitation with its place, whatever became of it."""
    return Invitation.objects.select_related("organisation", "exchange", "invited_by").filter(pk=pk).first()


def addresses_of(user: User) -> set[str]:
    """Give the addresses, in lower case, of which the person has shown that they are his."""
    confirmed = dict(user.emailaddress_set.values_list("email", "verified"))  # type: ignore[attr-defined]  # allauth
    found = {email.lower() for email, verified in confirmed.items() if verified}
    if user.email.lower() not in {email.lower() for email in confirmed}:  # made by a command, not by signing up
        found.add(user.email.lower())
    return found


def invitations_to(user: User) -> QuerySet[Invitation]:
    """Give the invitations that wait for the person's answer, oldest first."""
    return (
        Invitation.objects.filter(OPEN, email__in=addresses_of(user), expires_at__gt=timezone.now())
        .select_related("organisation__province", "exchange", "invited_by")
        .order_by("pk")
    )


def called_to(user: User, invitations: Iterable[Invitation]) -> set[int]:
    """Give the ids of those invitations to which the person was called on the site."""
    names = {Notification.name_of(invitation): invitation.pk for invitation in invitations}
    told = Notification.objects.filter(user=user, awaits__in=names).values_list("awaits", flat=True)
    return {names[name] for name in told}


def unmailed_invitation_ids(*, now: datetime.datetime, limit: int = 500) -> list[int]:
    """Give the ids of waiting invitations of which no mail told yet and whose turn it is; what was refused, for a week."""
    turn = Q(retry_at=None) | Q(retry_at__lte=now) & (Q(tried=0) | Q(created_at__gt=now - GIVEN_UP))
    found = Invitation.objects.filter(OPEN, turn, mailed_at=None, expires_at__gt=now)
    return list(found.order_by(F("retry_at").asc(nulls_first=True), "pk").values_list("pk", flat=True)[:limit])


def expired_invitation_ids(*, now: datetime.datetime, limit: int = 500) -> list[int]:
    """Give the ids of invitations that were not answered in time, oldest first."""
    found = Invitation.objects.filter(OPEN, expires_at__lte=now).order_by("expires_at", "pk")
    return list(found.values_list("pk", flat=True)[:limit])


def unbacked_invitations() -> QuerySet[Invitation]:
    """Give the waiting invitations whose giver may offer that seat no longer, as after his own seat ended."""
    seats = Membership.objects.filter(user=OuterRef("invited_by"), user__is_active=True, is_active=True)
    in_organisation = Q(organisation__isnull=False)
    administers = Exists(seats.filter(organisation=OuterRef("organisation"), role=Role.ADMIN))
    manages = Exists(seats.filter(exchange=OuterRef("exchange"), role=Role.MANAGER))
    serves = Exists(seats.filter(exchange=OuterRef("organisation__exchange")))
    hands_over = Q(serves, ~Exists(seats.filter(organisation=OuterRef("organisation")))) & ~Q(
        organisation__in=administered_ids()
    )
    backed = (in_organisation & (Q(administers) | hands_over)) | (~in_organisation & Q(manages))
    return Invitation.objects.filter(OPEN, ~backed).select_related("organisation", "exchange").order_by("pk")


def ended_invitations(*, before: datetime.datetime) -> QuerySet[Invitation]:
    """Give the invitations that ended before then and still hold their address, oldest first."""
    return Invitation.objects.filter(~OPEN, ~Q(email=""), ended_at__lt=before).order_by("ended_at", "pk")


def holder_of(email: str) -> User | None:
    """Give the active person who has shown that the address is his."""
    wanted = email.strip().lower()
    found = User.objects.filter(Q(email=wanted) | Q(emailaddress__email__iexact=wanted), is_active=True)
    return next((user for user in found.distinct().order_by("pk") if wanted in addresses_of(user)), None)


def administered_ids() -> QuerySet[Any]:
    """Give, as a subquery, the ids of the organisations that somebody administers: somebody who can still sign in."""
    seats = Membership.objects.filter(is_active=True, user__is_active=True, role=Role.ADMIN, organisation__isnull=False)
    return seats.order_by().values("organisation_id")


def is_unclaimed(organisation: Organisation) -> bool:
    """Tell whether nobody administers the organisation, as when it came with an import."""
    return not organisation.memberships.filter(is_active=True, user__is_active=True, role=Role.ADMIN).exists()


def may_invite(actor: User, place: Organisation | Exchange) -> bool:
    """Tell whether the person offers seats: an administrator, a manager, or an operator where nobody administers yet."""
    if isinstance(place, Exchange):
        return policies.manages_exchange(actor, place.pk)
    return policies.can_manage_members(actor, place) or (policies.can_hand_over(actor, place) and is_unclaimed(place))


def people_in(organisation_id: int | None, *roles: str) -> QuerySet[User]:
    """Give the active people of an organisation, narrowed to `roles` when named."""
    seats: dict[str, Any] = {"memberships__organisation_id": organisation_id, "memberships__is_active": True}
    if roles:
        seats["memberships__role__in"] = roles
    return User.objects.filter(is_active=True, **seats).distinct().order_by("pk")


def operators_of(exchange_id: int) -> QuerySet[User]:
    """Give the active people who serve an exchange."""
    return (
        User.objects.filter(is_active=True, memberships__exchange_id=exchange_id, memberships__is_active=True)
        .distinct()
        .order_by("pk")
    )


def verification_queue(operator: User) -> QuerySet[Organisation]:
    """Give the organisations that wait for verification at the operator's exchanges, without his own, oldest first."""
    return (
        Organisation.objects.filter(state=VerificationState.PENDING, exchange_id__in=operator.exchange_ids())
        .exclude(pk__in=operator.organisation_ids())
        .select_related("province", "exchange")
        .order_by("created_at", "pk")
    )


def read_seats(people: Collection[User]) -> None:
    """Read the active seats of several people with one query, for predicates that ask each of them for `all_seats`."""
    seats = Membership.objects.filter(user__in={person.pk for person in people}, is_active=True)
    by_person: dict[int, list[Membership]] = {}
    for seat in seats.select_related("organisation", "exchange").order_by("pk"):
        by_person.setdefault(seat.user_id, []).append(seat)
    for person in people:
        person.__dict__["all_seats"] = by_person.get(person.pk, []) if person.is_active else []


def users_by_id(ids: Iterable[int]) -> QuerySet[User]:
    """Give users by id."""
    return User.objects.filter(pk__in=list(ids)).order_by("pk")


def notifications_of(user: User) -> QuerySet[Notification]:
    """Give the person's notifications, newest first."""
    return Notification.objects.filter(user=user).order_by("-pk")


def news_of(user: User, *, beside: Collection[str] = (), limit: int = 5) -> list[Notification]:
    """Give what is new to the person, newest first, without the calls to act on what is `beside` it already."""
    return list(notifications_of(user).filter(read_at=None).exclude(awaits__in=beside)[:limit])


def unmailed_notification_ids(*, now: datetime.datetime, limit: int = 500) -> list[int]:
    """Give the ids of notifications that no mail carried yet and whose turn it is, first those that were never tried.

    What was refused for a week is given up: the address may be gone.
    """
    turn = Q(retry_at=None) | Q(retry_at__lte=now, created_at__gt=now - GIVEN_UP)
    found = Notification.objects.filter(turn, mailed_at=None)
    return list(found.order_by(F("retry_at").asc(nulls_first=True), "pk").values_list("pk", flat=True)[:limit])


def person_by_email(email: str) -> User | None:
    """Give the active person with this e-mail, whatever its case."""
    return User.objects.filter(email__iexact=email.strip(), is_active=True).first()


def anybody_by_email(email: str) -> User | None:
    """Give the person with this e-mail, active or not."""
    return User.objects.filter(email__iexact=email.strip()).first()


def seats_to_end(user: User, *, exchange: str | None, organisation: str | None, role: str | None) -> list[Membership]:
    """Give the person's active seats at the exchange of that code or in the organisation of that key, in one role or all."""
    seats = Membership.objects.filter(user=user, is_active=True).select_related("organisation", "exchange")
    if exchange:
        seats = seats.filter(exchange__code=exchange)
    else:
        found = organisation_by_key(organisation or "")
        seats = seats.filter(organisation=found) if found else seats.none()
    return list((seats.filter(role=role) if role else seats).order_by("pk"))


def membership(pk: int, organisation: Organisation) -> Membership | None:
    """Give an active seat of the organisation."""
    return members_of(organisation).filter(pk=pk).first()


def tokens_of(user: User) -> QuerySet[AuthToken]:
    """Give the person's API tokens that still work, newest first."""
    return AuthToken.objects.filter(user=user).exclude(expiry__lte=timezone.now()).order_by("-created", "pk")


def visible_organisations_count(*, exchange: Exchange | None = None) -> int:
    """Count the verified organisations, of one exchange when named."""
    verified = Organisation.objects.verified()
    return (verified if exchange is None else verified.filter(exchange=exchange)).count()
