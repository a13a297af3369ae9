"""Who serves an exchange: the first by a command, the others by its managers; and how they leave."""

from io import StringIO
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.management import CommandError, call_command
from django.test import Client

from accounts import seat_services
from accounts.models import Exchange, Invitation, Membership, User
from audit.models import Event
from audit.services import faults
from tests.factories.accounts import ExchangeFactory, UserFactory, person

pytestmark = pytest.mark.django_db


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def opened() -> Exchange:
    run("open_exchange", "HN", "--name-vi", "Sàn Hà Nội", "--name-en", "Hanoi Exchange", "--province", "01")
    return Exchange.objects.get(code="HN")


def test_the_first_operator_comes_by_a_command_and_goes_by_one() -> None:
    exchange, chi = opened(), UserFactory(email="chi@example.org")
    assert "there already" in run("open_exchange", "HN", "--name-vi", "Khác", "--name-en", "Other", "--province", "01")
    run("seat_operator", "Chi@example.org", "--exchange", "HN", "--role", "manager")
    run("seat_operator", "chi@example.org", "--exchange", "HN")
    assert User.objects.get(pk=chi.pk).has_exchange_role(exchange.pk, "manager")
    with pytest.raises(CommandError):
        run("seat_operator", "chi@example.org", "--exchange", "HN")
    run("end_seat", "chi@example.org", "--exchange", "HN", "--role", "manager")
    assert [own.role for own in User.objects.get(pk=chi.pk).seats] == ["operator"]
    run("end_seat", "chi@example.org", "--exchange", "HN")
    assert not User.objects.get(pk=chi.pk).is_operator
    tags = (
        Event.objects.filter(subject_type="accounts.exchange", actor=None).order_by("pk").values_list("tag", flat=True)
    )
    assert list(tags) == [
        "exchange.open", "exchange.add_member", "exchange.add_member", "exchange.end_membership",
        "exchange.end_membership",
    ]  # fmt: skip
    assert list(faults()) == []


@pytest.mark.parametrize(
    "words",
    [
        ("seat_operator", "nobody@example.org", "--exchange", "HN"),
        ("seat_operator", "chi@example.org", "--exchange", "XX"),
        ("end_seat", "nobody@example.org", "--exchange", "HN"),
        ("end_seat", "chi@example.org", "--exchange", "HN"),
        ("end_seat", "chi@example.org", "--organisation", "0000000000"),
        ("open_exchange", "YY", "--name-vi", "Y", "--name-en", "Y", "--province", "99"),
    ],
)
def test_a_command_says_what_is_not_there(words: tuple[str, ...]) -> None:
    opened()
    UserFactory(email="chi@example.org")
    with pytest.raises(CommandError):
        run(*words)
    assert not Membership.objects.exists()


def test_a_seat_in_an_organisation_ends_by_the_command_too() -> None:
    admin = person("admin")
    organisation = admin.memberships.get().organisation
    assert organisation is not None
    run("end_seat", admin.email, "--organisation", organisation.tax_code)
    assert not admin.memberships.get().is_active


PATHS = {
    "invite": ("/operator/exchanges/{exchange}/members/add/", "/api/v1/exchanges/{exchange}/members/"),
    "end": ("/operator/exchanges/{exchange}/members/{seat}/end/", "/api/v1/exchanges/{exchange}/members/{seat}/end/"),
    "withdraw": (
        "/operator/exchanges/{exchange}/invitations/{invitation}/withdraw/",
        "/api/v1/exchanges/{exchange}/invitations/{invitation}/withdraw/",
    ),
}


@pytest.mark.parametrize("api", [False, True])
@pytest.mark.parametrize("act", PATHS)
def test_managers_of_the_exchange_give_and_end_seats(client: Client, act: str, api: bool) -> None:
    exchange = ExchangeFactory()
    manager, operator = person("manager", exchange=exchange), person("operator", exchange=exchange)
    third = person("operator", exchange=exchange).memberships.get()
    waiting = seat_services.invite(place=exchange, email="a@example.org", role="operator", actor=manager)
    path = PATHS[act][api].format(exchange=exchange.pk, seat=third.pk, invitation=waiting.pk)
    data = {"email": "b@example.org", "role": "manager"} if act == "invite" else {}

    def send() -> int:
        kind: dict[str, Any] = {"content_type": "application/json"} if api else {}
        return client.post(path, data, **kind).status_code

    def state() -> tuple[Any, ...]:
        return (
            list(Membership.objects.order_by("pk").values_list("pk", "is_active")),
            list(Invitation.objects.order_by("pk").values_list("pk", "state")),
            Event.objects.count(),
        )

    others = ((person("manager"), 404), (person("admin"), 404), (operator, 403))
    before = state()
    assert send() == (401 if api else 302)
    for who, expected in others:
        client.force_login(who)
        assert send() == expected, who.seats
    assert state() == before
    client.force_login(manager)
    assert send() == ((201 if act == "invite" else 200) if api else 302)
    third.refresh_from_db()
    assert third.is_active == (act != "end")
    waiting.refresh_from_db()
    assert waiting.state == ("withdrawn" if act == "withdraw" else "pending")
    assert Invitation.objects.filter(email="b@example.org").count() == (act == "invite")


def test_the_last_manager_does_not_leave_and_roles_of_organisations_are_not_given(client: Client) -> None:
    exchange = ExchangeFactory()
    manager = person("manager", exchange=exchange)
    client.force_login(manager)
    own = manager.memberships.get()
    assert client.post(f"/operator/exchanges/{exchange.pk}/members/{own.pk}/end/").status_code == 409
    add = f"/en/operator/exchanges/{exchange.pk}/members/add/"
    refused = client.post(add, {"email": "a@example.org", "role": "admin"})
    assert refused.status_code == 400
    kept = BeautifulSoup(refused.content, "html.parser").select_one("input[name=email]")
    assert kept is not None
    assert kept["value"] == "a@example.org"
    assert not Invitation.objects.exists()


def test_an_operator_leaves_also_while_the_seat_does_not_count(client: Client, settings: Any) -> None:
    settings.OPERATORS_NEED_MFA = True
    operator = person("operator")
    own = operator.memberships.get()
    client.force_login(operator)
    page = client.get("/en/my/organisations/").content.decode()
    path = f"/en/operator/exchanges/{own.exchange_id}/members/{own.pk}/end/"
    assert path in page
    assert client.get(f"/operator/exchanges/{own.exchange_id}/people/").status_code == 404
    assert client.post(path).status_code == 302
    own.refresh_from_db()
    assert not own.is_active


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_of_an_exchange_asks_a_constant_number_of_queries(
    client: Client, count: int, django_assert_num_queries: Any
) -> None:
    exchange = ExchangeFactory()
    manager = person("manager", exchange=exchange)
    for number in range(count):
        person("operator", exchange=exchange)
        seat_services.invite(place=exchange, email=f"n{number}@example.org", role="operator", actor=manager)
    client.force_login(manager)
    with django_assert_num_queries(6):
        page = client.get(f"/operator/exchanges/{exchange.pk}/people/")
    assert len(page.context["members"]) == count + 1
    assert len(page.context["invitations"]) == count
