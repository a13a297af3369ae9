"""Whose a record is: of who is verified under its name or tax code, never of who only claims it."""

import pytest
from django.core.management import CommandError

from accounts.models import Organisation
from accounts.selectors import organisation_by_key
from accounts.services import edit_organisation
from deals.models import Deal
from deals.selectors import co_owners
from listings.models import RightOwner, Technology
from tests.factories.accounts import OrganisationFactory, person
from tests.listings.importer.records import GOOD, problems_in, run

NAMED = {"name_vi": "Viện Sấy", "name_en": ""}
CODE, OTHER_CODE = "0101234567", "0309999999"


def owner_of(source_id="T-1"):
    return Technology.objects.get(source_id=source_id).organisation


def refused(put, tmp_path, row):
    report = tmp_path / "report.csv"
    with pytest.raises(CommandError):
        run(put([row]), "--draft", "--report", str(report))
    return problems_in(report)[0]["message"]


@pytest.mark.parametrize("mode", ["--draft", "--publish"])
def test_a_claimed_name_or_code_neither_takes_nor_holds_up_a_record(exchange, put, mode):
    squatter = OrganisationFactory(exchange=exchange, unverified=True, tax_code=CODE, **NAMED)
    run(put([{**GOOD, "tax_code": CODE}]), mode)
    assert owner_of() != squatter
    assert (owner_of().name_vi, owner_of().tax_code, owner_of().is_verified) == ("Viện Sấy", CODE, True)


def test_the_verified_organisation_goes_before_all_that_bear_its_name(exchange, put):
    claims = {"exchange": exchange, **NAMED}
    OrganisationFactory(unverified=True, tax_code="", **claims)
    real = OrganisationFactory(tax_code="", **claims)
    OrganisationFactory(state="pending", tax_code=CODE, **{**claims, "name_vi": "Kẻ mạo danh"})
    run(put([{**GOOD, "tax_code": CODE}]), "--draft")
    assert owner_of() == real


def test_what_the_exchange_has_to_decide_about_or_took_back_is_decided_first(exchange, put, tmp_path):
    waiting = OrganisationFactory(exchange=exchange, state="pending", tax_code="", **NAMED)
    assert f"Viện Sấy (mã {waiting.pk})" in refused(put, tmp_path, GOOD)
    Organisation.objects.update(state="unverified", verification_note="Đã giải thể")
    assert f"Viện Sấy (mã {waiting.pk})" in refused(put, tmp_path, GOOD)
    Organisation.objects.update(state="refused")
    run(put([GOOD]), "--draft")
    assert owner_of() != waiting


def test_the_same_name_is_another_organisation_with_another_code_or_in_another_country(exchange, put):
    home = OrganisationFactory(exchange=exchange, tax_code=CODE, **NAMED)
    abroad = {**GOOD, "id": "T-3", "organisation_country": "US"}
    rows = [GOOD, {**GOOD, "id": "T-2", "tax_code": OTHER_CODE}, abroad, {**abroad, "id": "T-4", "tax_code": CODE}]
    run(put(rows))
    assert owner_of("T-1") == home
    assert owner_of("T-2").tax_code == OTHER_CODE
    assert (owner_of("T-3").country, owner_of("T-4")) == ("US", owner_of("T-3"))
    assert Organisation.objects.filter(name_vi="Viện Sấy").count() == 3


def test_where_several_are_verified_under_a_name_the_code_decides(exchange, put, tmp_path):
    first, _second = (OrganisationFactory(exchange=exchange, tax_code=code, **NAMED) for code in (CODE, OTHER_CODE))
    assert "mã số thuế" in refused(put, tmp_path, GOOD)
    run(put([{**GOOD, "tax_code": CODE}]))
    assert owner_of() == first


@pytest.mark.django_db
def test_a_key_is_an_id_or_the_tax_code_of_who_is_verified_with_it():
    real = OrganisationFactory()
    key = str(real.pk).zfill(2)
    OrganisationFactory(country="US", province=None, tax_code=key)
    assert organisation_by_key(key) == real
    claimant = OrganisationFactory(unverified=True, tax_code=CODE)
    assert organisation_by_key(CODE) is None
    assert organisation_by_key(str(claimant.pk)) == claimant
    american, laotian = (
        OrganisationFactory(country=code, province=None, tax_code="AB-12345678") for code in ("US", "LA")
    )
    assert organisation_by_key("AB-12345678") is None
    assert [organisation_by_key(f"{code}:AB-12345678") for code in ("us", "LA", "FR")] == [american, laotian, None]


def test_an_imported_right_stays_its_owners_when_this_is_renamed(exchange, put):
    row = {**GOOD, "ip_number": "1-0012345", "ip_status": "granted"}
    run(put([row]))
    right, organisation = RightOwner.objects.get(), owner_of()
    assert (right.name, right.organisation) == ("Viện Sấy", organisation)
    admin = person("admin", organisation)
    edit_organisation(organisation=organisation, actor=admin, version=1, name_vi="Viện Mới", name_en="")
    Organisation.objects.update(state="verified")
    deal = Deal(technology=Technology.objects.get(), licensor=owner_of(), licensee=OrganisationFactory())
    assert co_owners(deal) == ()
    run(put([{**row, "title": "Máy sấy lạnh"}]))
    right = RightOwner.objects.get()
    assert (right.name, right.organisation) == ("Viện Sấy", organisation)
