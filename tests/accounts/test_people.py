"""A person's data are handed out, an account is closed, a name is replaced for good; and the log still verifies."""

import datetime
import json
import logging
from pathlib import Path
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.management import CommandError, call_command
from django.db.models import F
from django.test import Client
from django.utils import timezone

from accounts import people_selectors, people_services, seat_services, selectors, services
from accounts.models import Invitation, Notification, User
from audit.models import Event
from audit.services import faults
from marketplace.kit.errors import Conflict
from matching.models import SavedSearch
from rules.models import Rule
from tests.factories.accounts import (
    PASSWORD,
    InvitationFactory,
    NotificationFactory,
    OrganisationFactory,
    UserFactory,
    person,
)

pytestmark = pytest.mark.django_db
ADDRESS, SECOND, NAME = "lan@truong.example", "lan@nha.example", "Lê Thị Lan"


@pytest.fixture
def lan() -> User:
    """An administrator with everything that an account can have."""
    company = OrganisationFactory(name_vi="Công ty Mẫu")
    user = person("admin", company, email=ADDRESS, full_name=NAME)
    EmailAddress.objects.create(user=user, email=ADDRESS, verified=True, primary=True)
    EmailAddress.objects.create(user=user, email=SECOND, verified=True)
    Authenticator.objects.create(user=user, type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})
    services.create_token(user=user)
    SavedSearch.objects.create(user=user, kind="technology", query="q=lan", name="Lan tìm")
    NotificationFactory(user=user)
    client = Client()
    assert client.login(email=ADDRESS, password=PASSWORD)
    giver = person("admin")
    offered = seat_services.invite(place=giver.all_seats[0].organisation, email=SECOND, role="broker", actor=giver)
    seat_services.accept(invitation=offered, actor=user)
    InvitationFactory(email=ADDRESS)
    return User.objects.get(pk=user.pk)


def everything() -> str:
    """Give what the database holds of people, as text."""
    rows = [*User.objects.values(), *EmailAddress.objects.values(), *Invitation.objects.values()]
    return str([*rows, *Notification.objects.values(), *Event.objects.values()])


def test_a_persons_data_are_handed_out_without_a_secret(lan: User, tmp_path: Path) -> None:
    other = UserFactory(full_name="Người Khác")
    NotificationFactory(user=other)
    file = tmp_path / "lan.json"
    call_command("export_person", SECOND.upper(), output=file)
    found = json.loads(file.read_text(encoding="utf-8"))
    assert file.stat().st_mode & 0o777 == 0o600
    assert (found["person"]["email"], found["person"]["full_name"]) == (ADDRESS, NAME)
    assert {one["email"] for one in found["invitations"]} == {ADDRESS, SECOND}
    records = found["records"]
    assert [one["role"] for one in records["accounts.Membership"]] == ["admin", "broker"]
    assert {one["email"] for one in records["account.EmailAddress"]} == {ADDRESS, SECOND}
    assert records["matching.SavedSearch"][0]["query"] == "q=lan"
    assert {"user.create_token", "invitation.accept"} <= {one["tag"] for one in found["log"]}
    text = json.dumps(found)
    assert all(secret not in text for secret in (lan.password, "JBSWY3DPEHPK3PXP", "Người Khác"))
    with pytest.raises(CommandError):
        call_command("export_person", ADDRESS, output=file)
    with pytest.raises(CommandError):
        call_command("export_person", "nobody@example.org")


def test_what_names_a_person_in_any_room_is_found() -> None:
    labels = {f"{column.model._meta.label}.{column.name}" for column in people_selectors.rows_that_name()}
    assert {
        "account.EmailAddress.user", "accounts.Membership.user", "accounts.Invitation.invited_by", "audit.Event.actor",
        "deals.ContractAcceptance.user", "deals.Payout.user", "ledger.Account.user", "listings.Technology.author",
        "matching.SavedSearch.user", "mfa.Authenticator.user", "rules.RuleProposal.proposed_by", "valuation.Report.requested_by",
    } <= labels  # fmt: skip


def test_a_closed_account_opens_nothing_and_can_be_opened_again(lan: User) -> None:
    client = Client()
    client.force_login(lan)
    call_command("deactivate_person", ADDRESS)
    assert client.get("/my/organisations/").status_code == 302
    assert not Client().login(email=ADDRESS, password=PASSWORD)
    assert not lan.auth_token_set.exists()
    assert not User.objects.get(pk=lan.pk).seats
    with pytest.raises(CommandError):
        call_command("deactivate_person", ADDRESS)
    call_command("deactivate_person", ADDRESS, undo=True)
    assert client.get("/my/organisations/").status_code == 302  # that session is gone for good
    assert Client().login(email=ADDRESS, password=PASSWORD)
    assert len(User.objects.get(pk=lan.pk).seats) == 2
    assert list(faults()) == []


def test_what_a_closed_account_offered_is_taken_back(
    lan: User, django_capture_on_commit_callbacks: Any, eager_tasks: None
) -> None:
    seat_services.invite(place=lan.all_seats[0].organisation, email="a@example.org", role="broker", actor=lan)
    with django_capture_on_commit_callbacks(execute=True):
        people_services.deactivate_person(person=lan)
    assert Invitation.objects.get(email="a@example.org").state == "withdrawn"


def test_a_name_is_replaced_for_good_and_the_log_still_verifies(lan: User) -> None:
    before = Event.objects.count()
    call_command("anonymise_person", SECOND)
    lan.refresh_from_db()
    assert not any(word in everything() for word in (ADDRESS, SECOND, NAME))
    assert (lan.is_active, lan.has_usable_password(), str(lan)) == (False, False, f"Ẩn danh · Anonymous {lan.pk}")
    assert not lan.memberships.filter(is_active=True).exists()
    for rows in (
        lan.notifications,
        lan.auth_token_set,
        lan.authenticator_set,
        lan.emailaddress_set,
        lan.saved_searches,
    ):
        assert not rows.exists()
    assert set(Invitation.objects.values_list("state", "email")) == {("accepted", ""), ("withdrawn", "")}
    assert Event.objects.count() > before
    assert Event.objects.filter(actor=lan, tag="invitation.accept").exists()
    assert list(faults()) == []
    with pytest.raises(Conflict):
        people_services.reactivate_person(person=lan)
    with pytest.raises(Conflict):
        people_services.anonymise_person(person=lan)
    assert UserFactory(email=ADDRESS).pk  # the address is free


# --- addresses of invitations


def test_the_address_of_an_ended_invitation_is_blanked_after_the_days_of_the_rule() -> None:
    company = OrganisationFactory()
    admin, invited = person("admin", company), UserFactory(email="hoa@example.org")
    made = seat_services.invite(place=company, email=invited.email, role="broker", actor=admin)
    waits = InvitationFactory(organisation=company, invited_by=admin, email="cho@example.org")
    seat_services.decline(invitation=made, actor=invited)
    assert "hoa@example.org" in Notification.objects.get(user=admin).text
    days = int(Rule.objects.get(code="privacy.invitation.days").value or 0)
    Invitation.objects.update(ended_at=F("ended_at") - datetime.timedelta(days=days, minutes=-5))
    assert people_services.forget_old_addresses() == 0
    Invitation.objects.update(ended_at=F("ended_at") - datetime.timedelta(minutes=10))
    assert people_services.forget_old_addresses() == 1
    assert people_services.forget_old_addresses() == 0
    made.refresh_from_db()
    assert (made.email, made.state) == ("", "declined")
    assert Invitation.objects.get(pk=waits.pk).email == "cho@example.org"
    assert "hoa@example.org" not in Notification.objects.get(user=admin).text


@pytest.mark.parametrize("end", ["decline", "accept", "withdraw", "expire"])
def test_every_end_of_an_invitation_has_its_time(end: str) -> None:
    company = OrganisationFactory()
    admin, invited = person("admin", company), UserFactory()
    made = seat_services.invite(place=company, email=invited.email, role="broker", actor=admin)
    if end == "expire":
        Invitation.objects.update(expires_at=timezone.now())
        seat_services.expire_due()
    else:
        getattr(seat_services, end)(invitation=made, actor=admin if end == "withdraw" else invited)
    assert Invitation.objects.get().ended_at is not None
    assert list(selectors.ended_invitations(before=timezone.now())) == [made]


# --- the log of the site


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail server that takes no letter."""
    from django.core.mail.backends.locmem import EmailBackend

    def refuse(self: Any, messages: Any) -> int:
        raise SMTPRecipientsRefused({messages[0].to[0]: (550, f"no such mailbox {messages[0].to[0]}".encode())})

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)


def test_a_refused_letter_leaves_no_address_in_the_log(refusing: None, caplog: pytest.LogCaptureFixture) -> None:
    note = NotificationFactory()
    invited = InvitationFactory(email="hoa@example.org")
    with caplog.at_level(logging.DEBUG):
        assert not services.deliver_notification(pk=note.pk)
        assert not seat_services.deliver_invitation(pk=invited.pk)
        client = Client(raise_request_exception=False)
        sent = {"full_name": "Hoa", "email": "la@example.org", "password1": PASSWORD, "password2": PASSWORD}
        assert client.post("/account/signup/", sent).status_code == 500
    log = logging.Formatter()
    told = "\n".join(log.format(record) for record in caplog.records)
    assert "SMTPRecipientsRefused 550" in told
    assert not any(address in told for address in (note.user.email, "hoa@example.org", "la@example.org"))
    assert mail.outbox == []
