"""Letters of invitations: nobody is flooded, nobody else's invitation is kept from its address, none outlives its giver."""

import datetime
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import seat_services, selectors
from accounts.models import Invitation, Membership, Notification, Organisation, User
from tests.factories.accounts import ExchangeFactory, InvitationFactory, OrganisationFactory, UserFactory, person, seat

pytestmark = pytest.mark.django_db
ADDRESS = "hoa@example.org"


def offer(place: Any, giver: User, email: str = ADDRESS, role: str = "researcher") -> Invitation:
    made = seat_services.invite(place=place, email=email, role=role, actor=giver)
    seat_services.deliver_invitation(pk=made.pk)
    made.refresh_from_db()
    return made


def by_a(state: str = "verified") -> tuple[Organisation, User]:
    organisation = OrganisationFactory(state=state)
    return organisation, person("admin", organisation, language="en")


def a_day_later() -> None:
    for name in ("letter_at", "retry_at", "created_at"):
        for row in Invitation.objects.exclude(**{name: None}):
            Invitation.objects.filter(pk=row.pk).update(**{name: getattr(row, name) - datetime.timedelta(days=1)})


def senders() -> list[str]:
    names = {str(one.name_en): one for one in Organisation.objects.all()}
    return [name for letter in mail.outbox for name in names if name in letter.body]


def test_an_unverified_organisation_keeps_no_other_from_writing() -> None:
    offer(*by_a("unverified"))
    university, admin = by_a()
    assert offer(university, admin).letter_at is not None
    assert len(mail.outbox) == 2


@pytest.mark.parametrize("later", ["verified", "unverified"])
def test_who_writes_second_waits_a_day_and_is_not_forgotten(later: str) -> None:
    first, admin = by_a()
    withdrawn = offer(first, admin)
    second, other = by_a(later)
    made = offer(second, other)
    assert (len(mail.outbox), made.mailed_at, made.retry_at) == (1, None, withdrawn.letter_at + seat_services.A_DAY)
    seat_services.withdraw(invitation=withdrawn, actor=admin)
    assert seat_services.sweep_unmailed() == 0
    a_day_later()
    assert seat_services.sweep_unmailed() == 1
    assert senders() == [first.name_en, second.name_en]


def test_what_only_waited_makes_nobody_wait() -> None:
    offer(*by_a())
    offer(*by_a())
    a_day_later()
    third, admin = by_a()
    assert offer(third, admin).letter_at is not None  # the second had its turn after a day as well, and no letter yet
    assert seat_services.sweep_unmailed() == 0


def test_what_waits_for_its_turn_is_not_given_up_as_a_dead_address_is() -> None:
    offer(*by_a())
    made = offer(*by_a())
    Invitation.objects.update(created_at=timezone.now() - datetime.timedelta(days=9), retry_at=timezone.now())
    assert made.pk in selectors.unmailed_invitation_ids(now=timezone.now())
    Invitation.objects.update(tried=3)
    assert made.pk not in selectors.unmailed_invitation_ids(now=timezone.now())


def test_who_signs_up_is_called_to_what_waited_for_its_letter() -> None:
    offer(*by_a())
    waits = offer(*by_a())
    hoa = UserFactory(email=ADDRESS)
    assert seat_services.tell_of_invitations(user=hoa) == 2
    assert Notification.objects.filter(user=hoa, awaits=Notification.name_of(waits)).count() == 1
    assert seat_services.tell_of_invitations(user=hoa) == 2
    assert Notification.objects.filter(user=hoa).count() == 2


def test_being_told_on_the_site_alone_makes_no_silence_of_its_own(
    django_capture_on_commit_callbacks: Any, eager_tasks: None
) -> None:
    university, admin = by_a()
    hoa = UserFactory(email=ADDRESS)
    for role in ("researcher", "signatory", "broker"):
        with django_capture_on_commit_callbacks(execute=True):
            seat_services.invite(place=university, email=hoa.email, role=role, actor=admin)
        Invitation.objects.filter(letter_at__isnull=False).update(
            letter_at=timezone.now() - datetime.timedelta(hours=20 if role == "researcher" else 40)
        )
    assert len(mail.outbox) == 2  # the second, after 20 hours, stands beside the first; the third, after 40, is written


# --- who stands behind an invitation


def test_with_the_giver_goes_what_he_offered_and_it_can_be_offered_again() -> None:
    university, admin = by_a()
    second, invited = person("admin", university), UserFactory()
    made = offer(university, admin, invited.email)
    kept = offer(university, second, role="broker")
    seat_services.end_membership(membership=admin.memberships.get(), actor=second)
    assert list(selectors.invitations_to(invited)) == []
    assert list(selectors.open_invitations(university)) == [kept]
    assert not Notification.objects.filter(user=invited, read_at=None).exists()
    again = offer(university, second, invited.email)
    seat_services.accept(invitation=again, actor=invited)
    assert Invitation.objects.get(pk=made.pk).state == "withdrawn"


def test_another_role_that_ends_takes_nothing_along() -> None:
    university, admin = by_a()
    seat(admin, "broker", organisation=university)
    made = offer(university, admin)
    seat_services.end_membership(membership=admin.memberships.get(role="broker"), actor=admin)
    assert list(selectors.open_invitations(university)) == [made]


@pytest.mark.parametrize("how", ["seat ended", "administered meanwhile", "signs in no more"])
def test_an_operator_who_hands_over_no_longer_offers(
    how: str, django_capture_on_commit_callbacks: Any, eager_tasks: None
) -> None:
    exchange = ExchangeFactory()
    imported = OrganisationFactory(exchange=exchange)
    operator = person("operator", exchange=exchange)
    made = offer(imported, operator, role="admin")
    assert seat_services.withdraw_unbacked() == 0
    with django_capture_on_commit_callbacks(execute=True):
        if how == "seat ended":
            seat_services.end_membership(membership=operator.memberships.get(), actor=None)
        elif how == "administered meanwhile":
            seat(UserFactory(), "admin", organisation=imported)
        else:
            User.objects.filter(pk=operator.pk).update(is_active=False)
    assert seat_services.withdraw_unbacked() == (how != "seat ended")
    made.refresh_from_db()
    assert made.state == "withdrawn"


def test_managers_stand_behind_the_offers_of_their_exchange() -> None:
    exchange = ExchangeFactory()
    manager = person("manager", exchange=exchange)
    offer(exchange, manager, role="operator")
    assert seat_services.withdraw_unbacked() == 0
    Membership.objects.update(role="operator")
    assert seat_services.withdraw_unbacked() == 1


def test_an_organisation_whose_administrator_signs_in_no_more_may_be_handed_over() -> None:
    university, admin = by_a()
    operator = person("operator", exchange=university.exchange)
    assert not selectors.may_invite(operator, university)
    User.objects.filter(pk=admin.pk).update(is_active=False)
    assert selectors.may_invite(operator, university)


# --- doors


@pytest.mark.parametrize("place", ["organisation", "exchange"])
@pytest.mark.parametrize("api", [False, True])
def test_an_overlong_address_is_refused_and_kept(client: Client, place: str, api: bool) -> None:
    if place == "organisation":
        organisation, who = by_a()
        path = f"organisations/{organisation.pk}" if api else f"my/organisations/{organisation.pk}"
    else:
        exchange = ExchangeFactory()
        who = person("manager", exchange=exchange)
        path = f"exchanges/{exchange.pk}" if api else f"operator/exchanges/{exchange.pk}"
    client.force_login(who)
    sent = {
        "email": "a" * 60 + "@" + ".".join(["b" * 60] * 4) + ".vn",
        "role": "researcher" if place == "organisation" else "operator",
    }
    if api:
        answer = client.post(f"/api/v1/{path}/members/", sent, content_type="application/json")
        assert list(answer.json()) == ["email"]
    else:
        answer = client.post(f"/{path}/members/add/", sent)
        assert sent["email"] in answer.content.decode()
    assert answer.status_code == 400
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("place", ["organisations", "exchanges"])
def test_the_api_lists_invitations_with_as_many_questions_for_three_as_for_one(
    client: Client, place: str, django_assert_num_queries: Any
) -> None:
    if place == "organisations":
        at, who = by_a()
        offered: dict[str, Any] = {"organisation": at}
    else:
        at = ExchangeFactory()
        who = person("manager", exchange=at)
        offered = {"organisation": None, "exchange": at, "role": "operator"}
    client.force_login(who)
    for count in (1, 3):
        Invitation.objects.all().delete()
        for _ in range(count):
            InvitationFactory(invited_by=UserFactory(), **offered)
        with django_assert_num_queries(5):
            found = client.get(f"/api/v1/{place}/{at.pk}/invitations/")
        assert len(found.json()) == count
