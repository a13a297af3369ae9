"""An organisation that came with an import gets its first administrator from an operator, who steps back then."""

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from accounts import seat_services
from accounts.models import Invitation, Membership, Notification, Organisation, User
from tests.factories.accounts import ExchangeFactory, OrganisationFactory, UserFactory, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def unclaimed() -> Organisation:
    return OrganisationFactory(country="US", province=None, tax_code="")


def actor(name: str, organisation: Organisation) -> User | None:
    match name:
        case "stranger":
            return None
        case "operator_elsewhere":
            return person(role="operator", exchange=ExchangeFactory())
        case "member":
            return person(role="representative", organisation=organisation)
        case _:
            return person(role="operator", exchange=organisation.exchange)


def seat(client: Client, organisation: Organisation, email: str, role: str = "admin", *, api: bool = False) -> int:
    data: dict[str, Any] = {"email": email, "role": role}
    if api:
        path = f"/api/v1/organisations/{organisation.pk}/members/"
        return client.post(path, data, content_type="application/json").status_code
    return client.post(f"/my/organisations/{organisation.pk}/members/add/", data).status_code


def accept(person: User) -> None:
    """Take the one seat that is offered."""
    seat_services.accept(invitation=Invitation.objects.get(email=person.email), actor=person)


@pytest.mark.parametrize("api", [False, True])
@pytest.mark.parametrize(
    ("name", "page_status", "api_status"),
    [("stranger", 302, 401), ("operator_elsewhere", 404, 404), ("member", 403, 403), ("operator", 302, 201)],
)
def test_only_an_operator_of_its_exchange_seats_the_first_administrator(
    client: Client, unclaimed: Organisation, name: str, page_status: int, api_status: int, api: bool
) -> None:
    who = actor(name, unclaimed)
    if who is not None:
        client.force_login(who)
    before = Membership.objects.count()
    newcomer = UserFactory()
    assert seat(client, unclaimed, newcomer.email, api=api) == (api_status if api else page_status)
    assert Membership.objects.count() == before
    assert Invitation.objects.count() == (name == "operator")
    if name == "operator":
        accept(newcomer)
        assert newcomer.memberships.get().role == "admin"


@pytest.mark.parametrize("api", [False, True])
def test_operator_gives_no_other_role_no_own_seat_and_no_second_one(
    client: Client, unclaimed: Organisation, api: bool
) -> None:
    operator, newcomer = person(role="operator", exchange=unclaimed.exchange), UserFactory()
    client.force_login(operator)
    assert seat(client, unclaimed, newcomer.email, role="signatory", api=api) == 409
    assert seat(client, unclaimed, operator.email, api=api) == 409
    assert not unclaimed.memberships.exists()
    seat(client, unclaimed, newcomer.email, api=api)
    assert seat(client, unclaimed, UserFactory().email, api=api) == 409
    accept(newcomer)
    assert seat(client, unclaimed, UserFactory().email, api=api) == 403
    assert unclaimed.memberships.count() == 1


def test_page_offers_it_while_nobody_administers(client: Client, unclaimed: Organisation) -> None:
    client.force_login(person(role="operator", exchange=unclaimed.exchange))
    form = f'form[action$="/{unclaimed.pk}/members/add/"]'
    path = f"/my/organisations/{unclaimed.pk}/"
    page = BeautifulSoup(client.get(path).content, "html.parser")
    chosen = page.select_one(f"{form} option[selected]")
    assert chosen is not None
    assert chosen["value"] == "admin"
    person(role="admin", organisation=unclaimed)
    assert BeautifulSoup(client.get(path).content, "html.parser").select_one(form) is None


def test_handing_over_comes_before_taking_the_verification_back(client: Client, unclaimed: Organisation) -> None:
    client.force_login(person(role="operator", exchange=unclaimed.exchange))
    page = BeautifulSoup(client.get(f"/my/organisations/{unclaimed.pk}/").content, "html.parser")
    assert [option["value"] for option in page.select("select[name=role] option")] == ["admin"]
    assert [form["action"].rsplit("/", 2)[1] for form in page.select("main form")] == ["add", "revoke"]
    assert page.select_one("details form[action$='/revoke/']") is not None
    assert page.select("main table") == []
    assert len(page.select("main .button-primary")) == 1


def test_who_is_invited_is_told_and_led_to_give_the_roles_that_list(client: Client, unclaimed: Organisation) -> None:
    newcomer = UserFactory(language="en")
    client.force_login(person(role="operator", exchange=unclaimed.exchange))
    seat(client, unclaimed, newcomer.email)
    offer = Invitation.objects.get()
    seat_services.deliver_invitation(pk=offer.pk)
    note = Notification.objects.get(user=newcomer)
    assert (note.text, note.url) == (
        f"{offer.invited_by} offers you a role in {unclaimed.name_en}: Administrator. Accept or decline it.",
        "/en/my/organisations/",
    )
    client.force_login(newcomer)
    accepted = client.post(f"/en/my/invitations/{offer.pk}/accept/")
    assert accepted.headers["Location"] == f"/en/my/organisations/{unclaimed.pk}/"
    client.force_login(User.objects.get(pk=newcomer.pk))
    for kind in ("technologies", "demands"):
        page = BeautifulSoup(client.get(f"/en/my/{kind}/").content, "html.parser")
        link = page.select_one(".empty a")
        assert link is not None
        assert link["href"] == f"/en/my/organisations/{unclaimed.pk}/#people"
    assert not Notification.objects.filter(user=newcomer, read_at=None).exists()
