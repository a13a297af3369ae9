"""What an operator has verified does not change behind his back."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import seat_services, services
from accounts.models import Exchange, Membership, Organisation, Role, User
from marketplace.kit.errors import Stale
from tests.factories.accounts import ExchangeFactory, MembershipFactory, OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Organisation:
    return OrganisationFactory(kind="company", state="verified", tax_code="0312345678")


@pytest.fixture
def admin(company: Organisation) -> User:
    return MembershipFactory(organisation=company, role=Role.ADMIN).user


def edit(company: Organisation, admin: User, **details: Any) -> str:
    services.edit_organisation(organisation=company, actor=admin, version=company.version, **details)
    company.refresh_from_db()
    return company.state


@pytest.mark.parametrize(
    "details",
    [{"name_vi": "Công ty khác"}, {"name_en": "Another"}, {"tax_code": "0398765432"}, {"has_state_capital": True}],
)
def test_edit_of_verified_identity_waits_for_verification_again(
    company: Organisation, admin: User, details: dict[str, Any]
) -> None:
    assert edit(company, admin, **details) == "pending"


def test_edit_of_other_details_keeps_verification(company: Organisation, admin: User) -> None:
    same = {"name_vi": company.name_vi, "tax_code": company.tax_code}
    assert edit(company, admin, about_vi="Chúng tôi làm bơm.", website="https://bom.example", **same) == "verified"


def test_edit_form_of_verified_organisation_says_what_is_verified_anew(
    client: Client, company: Organisation, admin: User
) -> None:
    client.force_login(admin)
    page = client.get(reverse("accounts:edit_organisation", args=[company.pk])).text
    assert page.count("xác minh lại") == len(services.IDENTITY)


def test_verify_refuses_details_that_changed_since_they_were_read(client: Client) -> None:
    company = OrganisationFactory(kind="company", state="pending", tax_code="0312345678")
    admin = MembershipFactory(organisation=company, role=Role.ADMIN).user
    operator = UserFactory()
    MembershipFactory(user=operator, organisation=None, exchange=company.exchange, role=Role.OPERATOR)
    seen = company.version
    edit(company, admin, name_vi="Công ty khác")
    with pytest.raises(Stale):
        services.verify_organisation(organisation=company, actor=operator, version=seen)

    client.force_login(operator)
    address = reverse("accounts:verify_organisation", args=[company.pk])
    refused = client.post(address, {"note": "Đã xem giấy phép", "version": seen})
    company.refresh_from_db()
    assert (refused.status_code, company.state) == (409, "pending")
    assert "Đã xem giấy phép" in refused.text

    client.post(address, {"note": "Đã xem giấy phép", "version": company.version})
    company.refresh_from_db()
    assert company.state == "verified"


def test_seat_at_exchange_takes_an_ended_seat_up_again() -> None:
    exchange: Exchange = ExchangeFactory()
    person = UserFactory()
    seat = seat_services.seat_at_exchange(exchange=exchange, user=person, role=Role.OPERATOR)
    Membership.objects.filter(pk=seat.pk).update(is_active=False)
    seat_services.seat_at_exchange(exchange=exchange, user=person, role=Role.OPERATOR)
    assert User.objects.get(pk=person.pk).has_exchange_role(exchange.pk, Role.OPERATOR)


def test_seat_counts_at_once_for_a_person_whose_seats_were_read(company: Organisation, admin: User) -> None:
    person = UserFactory()
    assert (person.seats, person.must_set_up_mfa) == ([], False)
    offer = seat_services.invite(place=company, email=person.email, role=Role.REPRESENTATIVE, actor=admin)
    seat_services.accept(invitation=offer, actor=person)
    seat_services.seat_at_exchange(exchange=company.exchange, user=person, role=Role.OPERATOR)
    assert [seat.role for seat in person.seats] == [Role.REPRESENTATIVE, Role.OPERATOR]
