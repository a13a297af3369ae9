"""Nobody gets a seat without having accepted it, nobody is kept in one, and nobody learns who has signed up."""

import datetime
import threading
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from bs4 import BeautifulSoup
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts import policies, seat_services, selectors
from accounts.models import Invitation, Membership, Notification, Organisation, User
from audit.models import Event
from marketplace.kit.errors import Conflict, NotAllowed
from rules.models import Rule
from tests.factories.accounts import PASSWORD, InvitationFactory, OrganisationFactory, UserFactory, person, seat
from tests.refusals import refuse

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Organisation:
    return OrganisationFactory()


@pytest.fixture
def admin(company: Organisation) -> User:
    return person("admin", company, language="en")


def offer(company: Organisation, admin: User, to: User | str, role: str = "representative") -> Invitation:
    email = to if isinstance(to, str) else to.email
    return seat_services.invite(place=company, email=email, role=role, actor=admin)


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def test_an_operator_who_is_invited_goes_on_deciding_until_he_accepts(company: Organisation, admin: User) -> None:
    operator = person("operator", exchange=company.exchange)
    made = offer(company, admin, operator)
    assert policies.can_verify_organisation(fresh(operator), company)
    assert not fresh(operator).has_org_role(company.pk)
    seat_services.accept(invitation=made, actor=operator)
    assert not policies.can_verify_organisation(fresh(operator), company)


@pytest.mark.parametrize("api", [False, True])
@pytest.mark.parametrize("known", [False, True])
def test_the_answer_is_the_same_whether_anybody_has_signed_up(
    client: Client, company: Organisation, admin: User, api: bool, known: bool
) -> None:
    stranger = UserFactory(email="la@nhipcau.example", full_name="Tên Không Được Lộ") if known else None
    client.force_login(admin)
    data = {"email": "La@nhipcau.example", "role": "researcher"}
    if api:
        path = f"/api/v1/organisations/{company.pk}/members/"
        answer = client.post(path, data, content_type="application/json")
        assert (answer.status_code, answer.json()["email"]) == (201, "la@nhipcau.example")
        text = client.get(f"/api/v1/organisations/{company.pk}/invitations/").content.decode()
    else:
        answer = client.post(f"/en/my/organisations/{company.pk}/members/add/", data)
        assert answer.status_code == 302
        text = client.get(f"/en/my/organisations/{company.pk}/").content.decode()
    assert "la@nhipcau.example" in text
    assert "Tên Không Được Lộ" not in text + answer.content.decode()
    assert not Membership.objects.filter(user=stranger).exists()
    assert Event.objects.get(tag="organisation.invite").data.keys() == {"invitation", "role"}


def test_who_has_signed_up_is_called_on_the_site_and_by_mail(company: Organisation, admin: User) -> None:
    known = UserFactory(language="vi")
    made = offer(company, admin, known)
    assert seat_services.deliver_invitation(pk=made.pk)
    assert not seat_services.deliver_invitation(pk=made.pk)
    note = Notification.objects.get()
    assert (note.user, note.awaits, note.read_at) == (known, f"accounts.invitation:{made.pk}", None)
    assert mail.outbox == []  # the letter of the notification follows its commit
    seat_services.decline(invitation=made, actor=known)
    note.refresh_from_db()
    assert note.read_at is not None
    assert Notification.objects.get(user=admin).text.startswith(f"{known.email} has declined the role")


def test_who_has_not_signed_up_gets_a_letter_and_finds_the_offer_after_confirming_the_address(
    client: Client, company: Organisation, admin: User
) -> None:
    made = offer(company, admin, "hoa@example.org")
    assert seat_services.sweep_unmailed() == 1
    assert seat_services.sweep_unmailed() == 0
    letter = mail.outbox.pop()
    assert letter.to == ["hoa@example.org"]
    assert f"invites you to act for {company.name_en}" in letter.body
    sent = {"full_name": "Lê Thị Hoa", "email": "hoa@example.org", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/account/signup/", sent)
    hoa = User.objects.get(email="hoa@example.org")
    assert not Notification.objects.filter(user=hoa).exists()
    with pytest.raises(NotAllowed):  # not confirmed yet
        seat_services.accept(invitation=made, actor=hoa)
    link = next(word for word in mail.outbox[0].body.split() if "/confirm-email/" in word)
    client.post(link.removeprefix("http://testserver"))
    assert Notification.objects.get(user=hoa).awaits == f"accounts.invitation:{made.pk}"
    client.force_login(hoa)
    page = BeautifulSoup(client.get("/en/my/organisations/").content, "html.parser")
    assert company.name_en in page.main.text
    assert client.post(f"/my/invitations/{made.pk}/accept/").status_code == 302
    assert fresh(hoa).has_org_role(company.pk, "representative")


def test_an_address_counts_once_it_is_confirmed(company: Organisation, admin: User) -> None:
    claims = UserFactory()
    EmailAddress.objects.create(user=claims, email="Cua-Nguoi-Khac@example.org", verified=False)
    made = offer(company, admin, "cua-nguoi-khac@example.org")
    assert list(selectors.invitations_to(claims)) == []
    assert selectors.holder_of(made.email) is None
    claims.emailaddress_set.update(verified=True)
    assert list(selectors.invitations_to(claims)) == [made]
    assert selectors.holder_of(made.email) == claims


@pytest.mark.parametrize("api", [False, True])
@pytest.mark.parametrize("act", ["accept", "decline"])
def test_nobody_else_answers(client: Client, company: Organisation, admin: User, act: str, api: bool) -> None:
    invited = UserFactory()
    made = offer(company, admin, invited)
    path = f"/api/v1/me/invitations/{made.pk}/{act}/" if api else f"/my/invitations/{made.pk}/{act}/"
    for other in (UserFactory(), admin):
        client.force_login(other)
        assert client.post(path).status_code == 404
    assert Invitation.objects.get().state == "pending"
    client.force_login(invited)
    assert client.post(path).status_code == (200 if api else 302)
    assert client.post(path).status_code == 409
    assert Membership.objects.filter(user=invited).count() == (act == "accept")


@pytest.mark.parametrize("late", ["expired", "withdrawn", "giver left"])
def test_an_offer_that_stands_no_more_is_not_taken(company: Organisation, admin: User, late: str) -> None:
    invited, second = UserFactory(), person("admin", company)
    made = offer(company, admin, invited)
    if late == "expired":
        Invitation.objects.update(expires_at=timezone.now())
    elif late == "withdrawn":
        seat_services.withdraw(invitation=made, actor=second)
    else:
        seat_services.end_membership(membership=admin.memberships.get(), actor=second)
    with pytest.raises(Conflict):
        seat_services.accept(invitation=made, actor=invited)
    assert not invited.memberships.exists()
    assert late == "expired" or Invitation.objects.get().state == "withdrawn"


def test_offers_expire_by_the_dated_rule_and_may_be_made_again(company: Organisation, admin: User) -> None:
    invited = UserFactory()
    made = offer(company, admin, invited)
    days = Rule.objects.get(code="access.invitation.days").value
    assert made.expires_at - made.created_at >= datetime.timedelta(days=int(days)) - datetime.timedelta(minutes=1)
    with pytest.raises(Conflict):
        offer(company, admin, invited.email.upper())
    Invitation.objects.update(expires_at=timezone.now())
    assert seat_services.expire_due() == 1
    assert seat_services.expire_due() == 0
    assert Invitation.objects.get().state == "expired"
    offer(company, admin, invited)
    Invitation.objects.filter(state="pending").update(expires_at=timezone.now())
    offer(company, admin, invited)  # no sweep came between
    assert Invitation.objects.filter(state="pending").count() == 1


def test_no_more_wait_than_the_rule_says(company: Organisation, admin: User) -> None:
    Rule.objects.filter(code="access.invitation.most").update(value=2)
    InvitationFactory.create_batch(2, organisation=company, invited_by=admin)
    with pytest.raises(Conflict):
        offer(company, admin, UserFactory())


def test_withdrawing_makes_no_room_for_more_letters_the_same_day(company: Organisation, admin: User) -> None:
    Rule.objects.filter(code="access.invitation.most").update(value=2)
    for _ in range(2):
        seat_services.withdraw(invitation=offer(company, admin, "a@example.org"), actor=admin)
    with pytest.raises(Conflict):
        offer(company, admin, "a@example.org")
    elsewhere = OrganisationFactory()
    seat(admin, "admin", organisation=elsewhere)
    with pytest.raises(Conflict):
        offer(elsewhere, admin, "a@example.org")
    Invitation.objects.update(created_at=timezone.now() - datetime.timedelta(days=2))
    assert offer(elsewhere, admin, "a@example.org").pk


@pytest.mark.parametrize("known", [False, True])
def test_an_address_is_not_written_to_again_and_again(
    company: Organisation, admin: User, known: bool, django_capture_on_commit_callbacks: Any, eager_tasks: None
) -> None:
    invited = UserFactory() if known else None
    for role in ("researcher", "signatory", "broker"):
        with django_capture_on_commit_callbacks(execute=True):
            offer(company, admin, invited or "a@example.org", role)
    assert len(mail.outbox) == 1
    assert seat_services.sweep_unmailed() == 0
    Invitation.objects.update(letter_at=timezone.now() - datetime.timedelta(days=2))
    assert seat_services.sweep_unmailed() == 0
    assert Notification.objects.filter(user=invited, read_at=None).count() == (3 if known else 0)
    assert not Invitation.objects.filter(mailed_at=None).exists()


def test_who_has_the_role_is_not_invited_to_it(company: Organisation, admin: User) -> None:
    with pytest.raises(Conflict):
        offer(company, admin, admin, "admin")


def test_who_offers_himself_a_role_has_it(client: Client, company: Organisation, admin: User) -> None:
    client.force_login(admin)
    data = {"email": admin.email, "role": "representative"}
    assert client.post(f"/my/organisations/{company.pk}/members/add/", data).status_code == 302
    assert fresh(admin).has_org_role(company.pk, "representative")
    assert Invitation.objects.get().state == "accepted"
    assert not Notification.objects.exists()


@pytest.mark.parametrize("api", [False, True])
def test_anybody_leaves_but_the_last_administrator(
    client: Client, company: Organisation, admin: User, api: bool
) -> None:
    member = person("signatory", company)
    client.force_login(member)
    base = f"/api/v1/organisations/{company.pk}" if api else f"/my/organisations/{company.pk}"
    others = Membership.objects.get(user=admin)
    assert client.post(f"{base}/members/{others.pk}/end/").status_code == 403
    assert client.post(f"{base}/members/{member.memberships.get().pk}/end/").status_code == (200 if api else 302)
    assert not fresh(member).has_org_role(company.pk)
    client.force_login(admin)
    assert client.post(f"{base}/members/{others.pk}/end/").status_code == 409
    assert fresh(admin).has_org_role(company.pk)


def at_once(*acts: Callable[[], Any]) -> list[str]:
    """Run acts at the same time, each with a connection of its own; give what became of each."""
    start, done = threading.Barrier(len(acts)), [""] * len(acts)

    def run(number: int, act: Callable[[], Any]) -> None:
        try:
            start.wait(20)
            act()
            done[number] = "done"
        except Conflict:
            done[number] = "conflict"
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return done


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("rival", ["accept", "withdraw", "decline"])
def test_of_two_answers_at_once_one_counts(company: Organisation, admin: User, rival: str) -> None:
    invited = UserFactory()
    made = offer(company, admin, invited)
    actor = admin if rival == "withdraw" else invited
    done = at_once(
        lambda: seat_services.accept(invitation=made, actor=fresh(invited)),
        lambda: getattr(seat_services, rival)(invitation=made, actor=fresh(actor)),
    )
    assert sorted(done) == ["conflict", "done"]
    state = Invitation.objects.get().state
    assert Membership.objects.filter(user=invited, is_active=True).count() == (state == "accepted")
    assert Event.objects.filter(tag__in=("invitation.accept", f"invitation.{rival}")).count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_offer_made_twice_at_once_is_made_once(company: Organisation, admin: User) -> None:
    invited = UserFactory()
    assert sorted(at_once(*[lambda: offer(company, fresh(admin), invited)] * 2)) == ["conflict", "done"]
    assert Invitation.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_last_administrators_do_not_both_leave(company: Organisation, admin: User) -> None:
    seats = [admin.memberships.get(), seat(UserFactory(), "admin", organisation=company)]
    done = at_once(
        *[lambda own=own: seat_services.end_membership(membership=own, actor=fresh(own.user)) for own in seats]
    )
    assert sorted(done) == ["conflict", "done"]
    assert company.memberships.filter(is_active=True).count() == 1


def test_invitation_that_cannot_be_ended_keeps_no_other_back(company: Organisation, admin: User) -> None:
    made = [offer(company, admin, UserFactory()) for _number in range(2)]
    Invitation.objects.update(expires_at=timezone.now())
    refuse("accounts_invitation", f"NEW.id = {made[0].pk}")
    assert seat_services.expire_due() == 1
    assert [Invitation.objects.get(pk=one.pk).state for one in made] == ["pending", "expired"]
