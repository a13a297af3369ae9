"""Organisations have a country; only those of Viet Nam have a province."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils.translation import override

from accounts.countries import country_choices, country_name, find_country
from accounts.forms import RegisterOrganisationForm
from accounts.models import Organisation
from accounts.selectors import organisation_by_key
from accounts.services import imported_organisation
from tests.factories.accounts import ExchangeFactory, OrganisationFactory, UserFactory, person, province


def test_countries_are_those_of_iso_3166_in_the_order_of_their_names() -> None:
    with override("vi"):
        vietnamese = country_choices()
    with override("en"):
        english = country_choices()
    assert len(vietnamese) == len(english) == 249
    assert sorted(dict(vietnamese)) == sorted(dict(english))
    assert vietnamese[0] == ("VN", "Việt Nam")
    assert [name for _code, name in vietnamese[1:4]] == ["Ả Rập Xê-út", "Afghanistan", "Ai Cập"]
    assert [name for _code, name in english[:4]] == ["Vietnam", "Afghanistan", "Åland Islands", "Albania"]


@pytest.mark.parametrize(
    ("said", "code"),
    [("US", "US"), ("us", "US"), ("Hoa Kỳ", "US"), ("hoa ky", "US"), ("United States", "US"), (" Đức ", "DE"),
     ("duc", "DE"), ("XK", None), ("Atlantis", None), ("", None)],
)  # fmt: skip
def test_country_is_found_by_code_and_by_name_in_either_language(said: str, code: str | None) -> None:
    assert find_country(said) == code


def test_country_is_named_in_the_reader_s_language() -> None:
    with override("vi"):
        assert country_name("JP") == "Nhật Bản"
    with override("en"):
        assert country_name("JP") == "Japan"
    assert country_name("QQ", "en") == "QQ"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("country", "code", "tax_code", "wrong"),
    [
        ("VN", "01", "0312345678", set()),
        ("VN", None, "0312345678", {"province"}),
        ("VN", "01", "US-12 34", {"tax_code"}),
        ("US", None, "95-4567890", set()),
        ("US", None, "", set()),
        ("US", "01", "", {"province"}),
        ("US", None, "<b>", {"tax_code"}),
        ("QQ", None, "", {"country"}),
    ],
)
def test_organisation_has_a_province_in_viet_nam_only(
    country: str, code: str | None, tax_code: str, wrong: set[str]
) -> None:
    made = OrganisationFactory.build(
        exchange=ExchangeFactory(), country=country, province=province(code) if code else None, tax_code=tax_code
    )
    if not wrong:
        made.full_clean()
        made.save()
        return
    with pytest.raises(ValidationError) as refused:
        made.full_clean(validate_constraints=False)
    assert set(refused.value.message_dict) == wrong


@pytest.mark.django_db
@pytest.mark.parametrize(("country", "code"), [("VN", None), ("US", "01")])
def test_database_holds_country_and_province_together(country: str, code: str | None) -> None:
    made = OrganisationFactory.build(
        exchange=ExchangeFactory(), country=country, province=province(code) if code else None
    )
    with pytest.raises(IntegrityError, match="province_at_home"), transaction.atomic():
        made.save()


@pytest.mark.django_db
def test_same_number_in_another_country_is_another_organisation() -> None:
    abroad = OrganisationFactory(country="LA", province=None, tax_code="0312345678")
    assert organisation_by_key("0312345678") == abroad
    home = OrganisationFactory(tax_code="0312345678")
    assert organisation_by_key("0312345678") == home


@pytest.mark.django_db
def test_imported_organisation_abroad_gets_no_province_of_the_exchange() -> None:
    exchange = ExchangeFactory()
    abroad = imported_organisation(name="Ames Research Center", kind="institute", exchange=exchange, country="US")
    home = imported_organisation(name="Viện Sấy", kind="institute", exchange=exchange)
    assert (abroad.country, abroad.province) == ("US", None)
    assert (home.country, home.province) == ("VN", exchange.province)


def form_data(**changes: Any) -> dict[str, Any]:
    return {"kind": "company", "name_vi": "Acme", "country": "VN", "province": "", "tax_code": "", **changes}


@pytest.mark.django_db
def test_form_asks_for_the_province_in_viet_nam_and_drops_it_abroad() -> None:
    exchange = ExchangeFactory()
    home = RegisterOrganisationForm(form_data(exchange=exchange.pk))
    assert not home.is_valid()
    assert set(home.errors) == {"province"}
    abroad = RegisterOrganisationForm(form_data(exchange=exchange.pk, country="US", province="01"))
    assert abroad.is_valid()
    assert abroad.cleaned_data["province"] is None


@pytest.mark.django_db
def test_pages_name_the_country_in_both_languages(client: Client) -> None:
    abroad = OrganisationFactory(name_vi="Acme", name_en="Acme", country="US", province=None, tax_code="")
    for prefix, name in (("", "Hoa Kỳ"), ("/en", "United States")):
        for path in ("/organisations/", f"/organisations/{abroad.pk}/"):
            assert name in client.get(f"{prefix}{path}").content.decode(), prefix + path


@pytest.mark.django_db
def test_api_takes_an_organisation_abroad_and_names_what_lacks() -> None:
    exchange = ExchangeFactory()
    client = Client()
    client.force_login(UserFactory())
    data = {"kind": "company", "name_vi": "Acme", "exchange": exchange.pk}
    refused = client.post("/api/v1/organisations/", data, content_type="application/json")
    assert refused.status_code == 400
    assert "province" in refused.content.decode()
    assert not Organisation.objects.exists()
    made = client.post("/api/v1/organisations/", {**data, "country": "JP"}, content_type="application/json")
    assert made.status_code == 201
    assert (made.json()["country"], made.json()["province"]) == ("JP", None)


@pytest.mark.django_db
def test_administrator_moves_the_organisation_abroad(client: Client) -> None:
    organisation = OrganisationFactory(state="unverified")
    client.force_login(person(role="admin", organisation=organisation))
    data = form_data(country="SG", province="01", version=organisation.version)
    response = client.post(f"/my/organisations/{organisation.pk}/edit/", data)
    assert response.status_code == 302
    organisation.refresh_from_db()
    assert (organisation.country, organisation.province) == ("SG", None)
