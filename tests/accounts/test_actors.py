"""Every state-changing address of the room, by four actors: only the right one changes anything."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts.models import Invitation, Membership, Notification, Organisation, Role, User
from audit.models import Event
from tests.factories.accounts import (
    ExchangeFactory,
    InvitationFactory,
    MembershipFactory,
    OrganisationFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@dataclass
class House:
    """An organisation with its people, and strangers."""

    organisation: Organisation
    admin: User
    member: User
    outsider: User
    operator: User
    other_operator: User
    newcomer: User
    seat: Membership
    invitation: Invitation


@pytest.fixture
def house() -> House:
    organisation = OrganisationFactory(kind="company", state="unverified", tax_code="0312345678")
    admin, member, outsider, operator, other_operator, newcomer, colleague = UserFactory.create_batch(7)
    MembershipFactory(user=admin, organisation=organisation, role=Role.ADMIN)
    MembershipFactory(user=member, organisation=organisation, role=Role.REPRESENTATIVE)
    seat = MembershipFactory(user=colleague, organisation=organisation, role=Role.REPRESENTATIVE)
    MembershipFactory(user=outsider, organisation=OrganisationFactory(), role=Role.ADMIN)
    MembershipFactory(user=operator, organisation=None, exchange=organisation.exchange, role=Role.OPERATOR)
    MembershipFactory(user=other_operator, organisation=None, exchange=ExchangeFactory(), role=Role.OPERATOR)
    invitation = InvitationFactory(organisation=organisation, invited_by=admin)
    return House(organisation, admin, member, outsider, operator, other_operator, newcomer, seat, invitation)


@dataclass
class Act:
    """One address: where, with what, who may, who of the same house may not, from which state."""

    name: str
    path: str
    data: Callable[[House], dict[str, Any]]
    right: str
    without_role: str
    outsider: str
    state: str = "unverified"
    method: str = "post"


def details(house: House) -> dict[str, Any]:
    return {
        "name_vi": "Tên mới", "name_en": "", "tax_code": "0312345678", "country": "VN", "province": "01", "website": "",
        "about_vi": "", "about_en": "", "version": house.organisation.version,
    }  # fmt: skip


def nothing(house: House) -> dict[str, Any]:
    return {}


def reason(house: House) -> dict[str, Any]:
    return {"reason": "Giấy tờ không khớp"}


def seat(house: House) -> dict[str, Any]:
    return {"email": house.newcomer.email, "role": "researcher"}


ACTS = [
    Act("edit", "edit/", details, "admin", "member", "outsider"),
    Act("add_member", "members/add/", seat, "admin", "member", "outsider"),
    Act("end_membership", "members/{seat}/end/", nothing, "admin", "member", "outsider"),
    Act("withdraw_invitation", "invitations/{invitation}/withdraw/", nothing, "admin", "member", "outsider"),
    Act("request", "request-verification/", nothing, "admin", "member", "outsider"),
    Act("verify", "verify/", nothing, "operator", "admin", "other_operator", state="pending"),
    Act("refuse", "refuse/", reason, "operator", "admin", "other_operator", state="pending"),
    Act("revoke", "revoke/", reason, "operator", "admin", "other_operator", state="verified"),
]
API_ACTS = [
    Act("edit", "", details, "admin", "member", "outsider", method="patch"),
    Act("add_member", "members/", seat, "admin", "member", "outsider"),
    *(act for act in ACTS if act.name not in {"edit", "add_member"}),
]


def snapshot(house: House) -> tuple[Any, ...]:
    return (
        list(Organisation.objects.order_by("pk").values()),
        list(Membership.objects.order_by("pk").values()),
        list(Invitation.objects.order_by("pk").values()),
        Event.objects.count(),
        Notification.objects.count(),
        len(mail.outbox),
    )


def send(client: Client, house: House, act: Act, *, api: bool) -> int:
    base = f"/api/v1/organisations/{house.organisation.pk}/" if api else f"/my/organisations/{house.organisation.pk}/"
    path = base + act.path.format(seat=house.seat.pk, invitation=house.invitation.pk)
    data = act.data(house)
    if api:
        return int(getattr(client, act.method)(path, data, content_type="application/json").status_code)
    return int(client.post(path, data).status_code)


CASES = [pytest.param(act, False, id=f"page-{act.name}") for act in ACTS]
CASES += [pytest.param(act, True, id=f"api-{act.name}") for act in API_ACTS]


@pytest.mark.parametrize(("act", "api"), CASES)
@pytest.mark.parametrize("who", ["nobody", "newcomer", "outsider", "without_role"])
def test_others_are_refused_and_nothing_changes(client: Client, house: House, act: Act, api: bool, who: str) -> None:
    house.organisation.__class__.objects.filter(pk=house.organisation.pk).update(state=act.state)
    if who != "nobody":
        client.force_login(getattr(house, {"outsider": act.outsider, "without_role": act.without_role}.get(who, who)))
    before = snapshot(house)
    status = send(client, house, act, api=api)
    expected = {"nobody": {302} if not api else {401}, "newcomer": {404}, "outsider": {404}, "without_role": {403}}[who]
    assert status in expected
    assert snapshot(house) == before


@pytest.mark.parametrize(("act", "api"), CASES)
def test_the_right_person_succeeds(client: Client, house: House, act: Act, api: bool) -> None:
    Organisation.objects.filter(pk=house.organisation.pk).update(state=act.state)
    client.force_login(getattr(house, act.right))
    events = Event.objects.count()
    assert send(client, house, act, api=api) in {200, 201, 302}
    assert Event.objects.count() == events + 1


def test_an_operator_with_a_seat_there_cannot_verify(client: Client, house: House) -> None:
    Organisation.objects.filter(pk=house.organisation.pk).update(state="pending")
    MembershipFactory(user=house.operator, organisation=house.organisation, role=Role.RESEARCHER)
    client.force_login(house.operator)
    assert client.post(f"/my/organisations/{house.organisation.pk}/verify/").status_code == 403
    house.organisation.refresh_from_db()
    assert house.organisation.state == "pending"


def test_a_stale_edit_keeps_what_was_typed_and_shows_what_is_stored(client: Client, house: House) -> None:
    client.force_login(house.admin)
    path = f"/en/my/organisations/{house.organisation.pk}/edit/"
    first, second = details(house), {**details(house), "name_vi": "Tên của người thứ hai"}
    assert client.post(path, first).status_code == 302
    response = client.post(path, second)
    assert response.status_code == 409
    page = response.content.decode()
    assert "Tên của người thứ hai" in page
    assert "Tên mới" in page
    house.organisation.refresh_from_db()
    assert house.organisation.name_vi == "Tên mới"


@pytest.mark.parametrize(
    ("field", "value"),
    [("name_vi", ""), ("name_vi", "x" * 251), ("name_vi", "a\x00b"), ("name_vi", "a\x07b"), ("tax_code", "12"),
     ("website", "javascript:alert(1)"), ("province", "99")],
)  # fmt: skip
def test_bad_details_are_refused_and_kept(client: Client, house: House, field: str, value: str) -> None:
    client.force_login(house.admin)
    before = snapshot(house)
    response = client.post(f"/my/organisations/{house.organisation.pk}/edit/", {**details(house), field: value})
    assert response.status_code == 400
    assert snapshot(house) == before


def test_registering_makes_the_founder_administrator(client: Client, house: House) -> None:
    client.force_login(house.newcomer)
    data = {
        **details(house),
        "kind": "university",
        "exchange": house.organisation.exchange_id,
        "tax_code": "0399999999",
    }
    assert client.post("/my/organisations/register/", data).status_code == 302
    made = Organisation.objects.get(tax_code="0399999999")
    assert sorted(made.memberships.values_list("role", flat=True)) == ["admin", "tto_officer"]
    assert made.state == "unverified"


def test_a_tax_code_belongs_to_one_verified_organisation(client: Client, house: House) -> None:
    Organisation.objects.filter(pk=house.organisation.pk).update(state="verified")
    client.force_login(house.newcomer)
    data = {**details(house), "kind": "company", "exchange": house.organisation.exchange_id}
    response = client.post("/en/my/organisations/register/", data)
    assert response.status_code == 400
    assert list(response.context["form"].errors) == ["tax_code"]
    assert "A verified organisation has this tax code." in response.content.decode()


def test_the_last_administrator_cannot_leave(client: Client, house: House) -> None:
    client.force_login(house.admin)
    seat_of_admin = Membership.objects.get(user=house.admin)
    path = f"/my/organisations/{house.organisation.pk}/members/{seat_of_admin.pk}/end/"
    assert client.post(path).status_code == 409
    seat_of_admin.refresh_from_db()
    assert seat_of_admin.is_active


@pytest.mark.parametrize("count", [1, 3])
def test_organisation_queue_asks_a_constant_number_of_queries(
    client: Client, house: House, count: int, django_assert_num_queries: Any
) -> None:
    OrganisationFactory.create_batch(count, exchange=house.organisation.exchange, state="pending")
    client.force_login(house.operator)
    with django_assert_num_queries(5):
        response = client.get("/operator/organisations/")
    assert len(response.context["page"].object_list) == count


@pytest.mark.parametrize("page", ["organisations/", "organisations/register/", "profile/", "notifications/", "tokens/"])
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_pages_open(client: Client, house: House, page: str, prefix: str) -> None:
    client.force_login(house.admin)
    assert client.get(f"{prefix}/my/{page}").status_code == 200
