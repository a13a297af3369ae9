"""Verification told, taken back, and fought for: a tax code that is only claimed keeps nobody out."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from accounts import services
from accounts.lifecycle import VerificationState
from accounts.models import Notification, Organisation, User
from accounts.selectors import organisation_by_key
from listings.models import Technology
from marketplace.kit.errors import Conflict
from tests.factories.accounts import OrganisationFactory, person
from tests.listings.importer.records import GOOD, run

pytestmark = pytest.mark.django_db
CODE = "0312345678"


def organisation(state: str, **values: Any) -> Organisation:
    return OrganisationFactory(state=state, tax_code=CODE, **values)


def admin_of(subject: Organisation) -> User:
    return person(role="admin", organisation=subject)


def operator_of(subject: Organisation) -> User:
    return person(role="operator", exchange=subject.exchange)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run acts in threads that start together; give what each returned or raised."""
    gate, results = threading.Barrier(len(acts)), [None] * len(acts)

    def work(place: int, act: Callable[[], Any]) -> None:
        try:
            gate.wait(timeout=10)
            results[place] = act()
        except Exception as error:  # noqa: BLE001 -- the error is the result
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return results


@pytest.mark.parametrize("state", ["unverified", "pending", "refused"])
def test_claimed_tax_code_keeps_its_owner_out_by_no_door(client: Client, state: str) -> None:
    squatter = organisation(state)
    founder = person()
    client.force_login(founder)
    data = {
        "kind": "company", "exchange": squatter.exchange_id, "name_vi": "Công ty Thật", "country": "VN", "province": "01",
        "tax_code": CODE,
    }  # fmt: skip
    assert client.post(reverse("accounts:register_organisation"), data).status_code == 302
    real = Organisation.objects.get(name_vi="Công ty Thật")
    api = APIClient()
    api.force_authenticate(founder)
    assert api.post(reverse("api:organisations"), {**data, "name_vi": "Công ty qua API"}).status_code == 201
    client.post(reverse("accounts:request_verification", args=[real.pk]))
    operator = operator_of(squatter)
    client.force_login(operator)
    page = client.get(reverse("accounts:organisation", args=[real.pk])).content.decode()
    assert squatter.name_vi in page
    services.verify_organisation(organisation=real, actor=operator)
    assert organisation_by_key(CODE) == real


def test_record_with_a_tax_code_that_is_only_claimed_is_imported(tmp_path: Any) -> None:
    squatter = organisation("unverified")
    exchange = operator_of(OrganisationFactory(exchange__code="HN-IMPORT")).seats[0].exchange
    path = tmp_path / "records.csv"
    path.write_text(f"id,title,organisation,tax_code\nT-1,{GOOD['title']},Viện Sấy,{CODE}\n", encoding="utf-8")
    run(path, "--mapping", "technologies")
    listed = Technology.objects.get().organisation
    assert (listed.tax_code, listed.exchange, listed.is_verified) == (CODE, exchange, True)
    assert listed != squatter


def test_verified_tax_code_is_refused_to_others_in_words(client: Client) -> None:
    taken = organisation("verified")
    other = OrganisationFactory(unverified=True, exchange=taken.exchange)
    admin = admin_of(other)
    with pytest.raises(ValidationError) as refusal:
        services.edit_organisation(organisation=other, actor=admin, version=1, tax_code=CODE)
    assert list(refusal.value.message_dict) == ["tax_code"]
    Organisation.objects.filter(pk=other.pk).update(tax_code=CODE)
    with pytest.raises(Conflict):
        services.request_verification(organisation=other, actor=admin)
    Organisation.objects.filter(pk=other.pk).update(state="pending")
    operator = operator_of(other)
    with pytest.raises(Conflict):
        services.verify_organisation(organisation=other, actor=operator)
    client.force_login(operator)
    page = client.post(reverse("accounts:verify_organisation", args=[other.pk]), {"note": "Đã xem", "version": 1})
    told = page.content.decode()
    assert (page.status_code, "Đã xem" in told, taken.name_vi in told) == (409, True, True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Organisation.objects.filter(pk=other.pk).update(state="verified")


@pytest.mark.django_db(transaction=True)
def test_of_two_verified_at_once_with_one_tax_code_one_is() -> None:
    both = [organisation("pending"), organisation("pending")]
    operators = [operator_of(one) for one in both]
    results = at_once(*(
        lambda one=one, by=by: services.verify_organisation(organisation=one, actor=by)
        for one, by in zip(both, operators, strict=True)
    ))  # fmt: skip
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "Organisation"]
    assert Organisation.objects.verified().filter(tax_code=CODE).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_verified_ones_that_take_one_tax_code_at_once_one_is_told_at_the_field() -> None:
    both = [OrganisationFactory(), OrganisationFactory()]
    admins = [admin_of(one) for one in both]
    results = at_once(*(
        lambda one=one, by=by: services.edit_organisation(organisation=one, actor=by, version=1, tax_code=CODE)
        for one, by in zip(both, admins, strict=True)
    ))  # fmt: skip
    refused = [result for result in results if isinstance(result, Exception)]
    assert all(isinstance(one, ValidationError) and list(one.message_dict) == ["tax_code"] for one in refused)
    assert Organisation.objects.filter(tax_code=CODE, state="pending").count() == 2 - len(refused)


def test_people_are_told_what_the_exchange_decided() -> None:
    company = organisation("pending")
    admin, member, operator = admin_of(company), person(role="broker", organisation=company), operator_of(company)
    services.refuse_verification(organisation=company, actor=operator, reason="Thiếu giấy phép")
    services.request_verification(organisation=company, actor=admin)
    services.verify_organisation(organisation=company, actor=operator)
    services.revoke_verification(organisation=company, actor=operator, reason="Giấy phép hết hạn")
    told = [
        list(Notification.objects.filter(user=one).order_by("pk").values_list("kind", flat=True))
        for one in (admin, member)
    ]
    assert told == [["organisation.refused", "organisation.verified", "organisation.revoked"]] * 2
    last = Notification.objects.filter(user=admin).order_by("pk").last()
    assert last is not None
    assert (last.url, "Giấy phép hết hạn" in last.text) == (f"/my/organisations/{company.pk}/", True)


@pytest.mark.parametrize("act", ["refuse", "revoke"])
@pytest.mark.parametrize("why", ["decided meanwhile", "changed meanwhile"])
@pytest.mark.parametrize("api", [False, True])
def test_a_reason_is_kept_where_somebody_else_was_first(client: Client, act: str, why: str, api: bool) -> None:
    decidable = "pending" if act == "refuse" else "verified"
    company = organisation(decidable if why == "changed meanwhile" else "refused")
    Organisation.objects.filter(pk=company.pk).update(version=2)
    client.force_login(operator_of(company))
    sent = {"reason": "Một lý do dài đã gõ", "version": 1 if why == "changed meanwhile" else 2}
    if api:
        answer = client.post(f"/api/v1/organisations/{company.pk}/{act}/", sent, content_type="application/json")
    else:
        answer = client.post(reverse(f"accounts:{act}_verification", args=[company.pk]), sent)
        page = BeautifulSoup(answer.content, "html.parser")
        assert "Một lý do dài đã gõ" in page.main.text
        assert bool(page.main.select("[name=reason]")) == (why == "changed meanwhile")
        assert [one["value"] for one in page.main.select(f"form[action$='/{act}/'] [name=version]")] == (
            ["2"] if why == "changed meanwhile" else []
        )
    assert answer.status_code == 409
    before = company.state
    company.refresh_from_db()
    assert company.state == before


def test_what_is_wrong_with_a_note_stands_in_the_summary(client: Client) -> None:
    company = organisation("pending")
    client.force_login(operator_of(company))
    answer = client.post(reverse("accounts:verify_organisation", args=[company.pk]), {"note": "a" * 2001, "version": 1})
    page = BeautifulSoup(answer.content, "html.parser")
    assert answer.status_code == 400
    assert page.select(".error-summary a[href='#id_note']")


@pytest.mark.parametrize("state", VerificationState.values)
def test_its_people_and_the_exchange_see_an_organisation_in_every_state(client: Client, state: str) -> None:
    company = organisation(state)
    for who in (admin_of(company), operator_of(company)):
        client.force_login(who)
        assert client.get(reverse("accounts:organisation", args=[company.pk])).status_code == 200
        assert client.get(reverse("accounts:my_organisations")).status_code == 200
