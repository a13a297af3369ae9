"""Commissions of valuation firms: who may, interests refused, the file open and closed, the certificate."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Notification, Organisation, Role
from audit.models import Event
from listings.models import DisclosureGrant
from listings.selectors import has_grant
from marketplace.kit.errors import Conflict, NotAllowed
from tests.factories.accounts import OrganisationFactory, person, seat
from tests.factories.appraisals import (
    Commission,
    certificate_values,
    certified,
    commission,
    firm_of,
    interested,
    pdf_upload,
)
from tests.factories.listings import PDF, DocumentFactory, IPRightFactory, TechnologyFactory
from valuation import appraisal_selectors as selectors
from valuation.lifecycle import AppraisalState
from valuation.models import Appraisal, Certificate, Granted
from valuation.services import appraisals as services
from valuation.services import suggest_for

pytestmark = pytest.mark.django_db
A = AppraisalState
DAY = datetime.timedelta(days=1)


def certify(made: Commission, **changes: Any) -> Certificate:
    upload = changes.pop("upload", None) or pdf_upload()
    return services.certify_appraisal(
        appraisal=made.appraisal, actor=made.people["appraiser"], upload=upload, **certificate_values(**changes)
    )


def test_the_file_is_open_to_the_firm_while_it_works() -> None:
    made = commission(A.REQUESTED)
    appraiser, technology = made.people["appraiser"], made.technology
    assert not has_grant(appraiser, technology)
    services.accept_appraisal(appraisal=made.appraisal, actor=appraiser, is_independent=True)
    assert has_grant(appraiser, technology)
    assert DisclosureGrant.objects.get().basis == f"appraisal:{made.appraisal.pk}"
    certify(made)
    assert not has_grant(appraiser, technology)
    assert list(Event.objects.filter(subject_type="valuation.appraisal").order_by("seq").values_list("tag", flat=True)) == [
        "appraisal.commission", "appraisal.accept", "appraisal.certify"
    ]  # fmt: skip


@pytest.mark.parametrize("how", ["decline", "cancel"])
def test_the_file_closes_when_the_commission_ends_without_certificate(how: str) -> None:
    made = commission(A.ACCEPTED)
    actor = made.people["appraiser" if how == "decline" else "officer"]
    act = services.decline_appraisal if how == "decline" else services.cancel_appraisal
    act(appraisal=made.appraisal, actor=actor, reason="Có lợi ích phát sinh.")
    assert not has_grant(made.people["appraiser"], made.technology)
    assert made.stored().ended_reason == "Có lợi ích phát sinh."


def test_the_firm_opens_documents_under_nda_and_it_is_noted(client: Client) -> None:
    made = commission(A.ACCEPTED)
    document = DocumentFactory(technology=made.technology, tier="nda")
    client.force_login(made.people["appraiser"])
    assert client.get(f"/documents/{document.pk}/").status_code == 200
    assert Event.objects.get(tag="document.open").actor_id == made.people["appraiser"].pk
    page = client.get(f"/en/appraisals/{made.appraisal.pk}/").content.decode()
    assert document.title in page
    certify(made)
    assert client.get(f"/documents/{document.pk}/").status_code == 404
    assert document.title not in client.get(f"/en/appraisals/{made.appraisal.pk}/").content.decode()


def test_the_firm_reads_reports_while_it_works_and_a_stranger_never(client: Client) -> None:
    made = commission(A.ACCEPTED)
    suggest_for(pk=made.technology.pk)
    address = f"/technologies/{made.technology.pk}/price/reports/"
    for who, status in (("appraiser", 200), ("officer", 200), ("operator", 200), ("stranger", 404), ("rival", 404)):
        client.force_login(made.people[who])
        assert (who, client.get(address).status_code) == (who, status)
    certify(made)
    client.force_login(made.people["appraiser"])
    assert client.get(address).status_code == 404


def owns(made: Commission) -> None:
    right = IPRightFactory(technology=made.technology)
    right.owners.update(organisation=made.firm)


INTERESTS = {
    "sits with the owner": lambda made: interested(made.firm, made.technology.organisation),
    "serves the exchange": lambda made: seat(
        person(Role.APPRAISER, made.firm), Role.OPERATOR, exchange=made.technology.exchange
    ),
    "wrote the listing": lambda made: seat(made.technology.author, Role.APPRAISER, organisation=made.firm),
    "branch of the owner": lambda made: Organisation.objects.filter(pk=made.firm.pk).update(
        tax_code=f"{made.technology.organisation.tax_code[:10]}-001"
    ),
    "owns the right": owns,
}  # fmt: skip


@pytest.mark.parametrize("interest", INTERESTS)
@pytest.mark.parametrize("stage", ["commission", "accept", "certify"])
def test_an_interest_is_refused_at_every_step(interest: str, stage: str) -> None:
    state = {"commission": A.REQUESTED, "accept": A.REQUESTED, "certify": A.ACCEPTED}[stage]
    made = commission(state)
    INTERESTS[interest](made)
    made.firm.refresh_from_db()
    officer, appraiser = made.people["officer"], made.people["appraiser"]
    if stage == "commission":
        services.cancel_appraisal(appraisal=made.appraisal, actor=officer, reason="Mời lại.")
    steps = {
        "commission": lambda: services.commission_appraisal(
            technology=made.technology, firm=made.firm, client=made.technology.organisation, actor=officer, brief="x"
        ),
        "accept": lambda: services.accept_appraisal(
            appraisal=made.appraisal, actor=appraiser, is_independent=True
        ),
        "certify": lambda: certify(made),
    }  # fmt: skip
    with pytest.raises(NotAllowed):
        steps[stage]()


def test_a_firm_of_the_other_side_has_an_interest() -> None:
    technology = TechnologyFactory(published=True)
    firm, buyer = firm_of(technology), OrganisationFactory()
    interested(firm, buyer)
    officer = person(Role.SIGNATORY, technology.organisation)
    with pytest.raises(NotAllowed):
        services.commission_appraisal(
            technology=technology, firm=firm, client=technology.organisation, counterparty=buyer, actor=officer,
            brief="x", deal_id=1,
        )  # fmt: skip
    assert not Appraisal.objects.exists()


def test_accepting_takes_the_declaration() -> None:
    made = commission()
    with pytest.raises(ValidationError):
        services.accept_appraisal(appraisal=made.appraisal, actor=made.people["appraiser"], is_independent=False)
    services.accept_appraisal(appraisal=made.appraisal, actor=made.people["appraiser"], is_independent=True)
    stored = made.stored()
    assert stored.independence_declared_by == made.people["appraiser"]
    assert stored.independence_declared_at is not None


@pytest.mark.parametrize("firm", ["unverified", "company"])
def test_only_a_verified_firm_is_commissioned(firm: str) -> None:
    technology = TechnologyFactory(published=True)
    chosen = (
        OrganisationFactory(unverified=True, valuation_firm=True) if firm == "unverified" else OrganisationFactory()
    )
    with pytest.raises(Conflict):
        services.commission_appraisal(
            technology=technology, firm=chosen, client=technology.organisation, brief="x",
            actor=person(Role.TTO_OFFICER, technology.organisation),
        )  # fmt: skip


def test_one_open_commission_a_firm() -> None:
    made = commission()
    with pytest.raises(Conflict):
        services.commission_appraisal(
            technology=made.technology, firm=made.firm, client=made.technology.organisation,
            actor=made.people["officer"], brief="x",
        )  # fmt: skip


def test_a_buyer_commissions_with_the_owners_consent() -> None:
    technology, buyer = TechnologyFactory(published=True), OrganisationFactory()
    firm, officer = firm_of(technology), person(Role.REPRESENTATIVE, buyer)
    given = {"technology": technology, "firm": firm, "client": buyer, "actor": officer, "brief": "x"}
    with pytest.raises(NotAllowed):
        services.commission_appraisal(**given)
    made = services.commission_appraisal(**given, deal_id=7, counterparty=technology.organisation)
    assert made.state == A.PROPOSED
    appraiser = person(Role.APPRAISER, firm)
    with pytest.raises(Conflict):
        services.accept_appraisal(appraisal=made, actor=appraiser, is_independent=True)
    with pytest.raises(NotAllowed):
        services.consent_to_appraisal(appraisal=made, actor=officer)
    owner = person(Role.TTO_OFFICER, technology.organisation)
    assert services.consent_to_appraisal(appraisal=made, actor=owner).state == A.REQUESTED
    assert services.accept_appraisal(appraisal=made, actor=appraiser, is_independent=True).state == A.ACCEPTED


def test_a_call_about_an_appraisal_is_new_until_it_was_answered() -> None:
    def new_to(user: Any) -> list[str]:
        return list(Notification.objects.filter(user=user, read_at=None).order_by("pk").values_list("kind", flat=True))

    technology, buyer = TechnologyFactory(published=True), OrganisationFactory()
    firm, officer = firm_of(technology), person(Role.REPRESENTATIVE, buyer)
    appraiser, owner = person(Role.APPRAISER, firm), person(Role.TTO_OFFICER, technology.organisation)
    made = services.commission_appraisal(
        technology=technology, firm=firm, client=buyer, actor=officer, brief="x", deal_id=7,
        counterparty=technology.organisation,
    )  # fmt: skip
    assert (new_to(owner), new_to(appraiser)) == (["appraisal.proposed"], [])
    services.consent_to_appraisal(appraisal=made, actor=owner)
    assert (new_to(owner), new_to(appraiser)) == ([], ["appraisal.requested"])
    services.accept_appraisal(appraisal=made, actor=appraiser, is_independent=True)
    assert new_to(appraiser) == []
    declined = commission()
    assert new_to(declined.people["appraiser"]) == ["appraisal.requested"]
    services.decline_appraisal(appraisal=declined.appraisal, actor=declined.people["appraiser"], reason="Bận.")
    assert new_to(declined.people["appraiser"]) == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"issued_on": DAY}, "issued_on"),
        ({"valued_on": DAY}, "valued_on"),
        ({"valid_until": -DAY}, "valid_until"),
        ({"valid_until": 200 * DAY}, "valid_until"),
        ({"value": Decimal(0)}, "value"),
        ({"currency": "XXX"}, "currency"),
        ({"basis": "guess"}, "basis"),
        ({"number": ""}, "number"),
        ({"upload": pdf_upload(PDF)}, "file"),
        ({"upload": pdf_upload(b"MZ not a pdf")}, "file"),
    ],
)
def test_a_wrong_certificate_is_refused_by_field(changes: dict[str, Any], field: str) -> None:
    made = commission(A.ACCEPTED)
    today = timezone.localdate()
    with pytest.raises(ValidationError) as refused:
        certify(made, **{key: today + v if isinstance(v, datetime.timedelta) else v for key, v in changes.items()})
    assert field in refused.value.message_dict
    assert not Certificate.objects.exists()
    assert made.stored().state == A.ACCEPTED


def test_a_certificate_is_never_changed_but_for_who_sees_it() -> None:
    certificate = certified(TechnologyFactory(published=True))
    officer = person(Role.SIGNATORY, certificate.appraisal.technology.organisation)
    assert services.show_certificate(certificate=certificate, actor=officer, shown=True).shown_at is not None
    for change in ({"value": 1}, {"valid_until": timezone.localdate() + 900 * DAY}, {"number": "x"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Certificate.objects.update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Certificate.objects.all()._raw_delete("default")


def test_the_certified_value_stands_beside_the_range_and_says_when_it_expired(client: Client) -> None:
    technology = TechnologyFactory(published=True, with_right=True)
    suggest_for(pk=technology.pk)
    today = timezone.localdate()
    past = today - 100 * DAY
    certificate = certified(
        technology, issued_on=past, valued_on=past, valid_until=today - DAY, value=Decimal(987654321)
    )
    address = f"/en/technologies/{technology.pk}/price/"
    assert "987,654,321" not in client.get(address).content.decode()
    officer = person(Role.SIGNATORY, technology.organisation)
    services.show_certificate(certificate=certificate, actor=officer, shown=True)
    page = client.get(address).content.decode()
    assert "987,654,321" in page
    assert "expired" in page
    assert client.get(address).context["shown"]["suggestion"].is_priced, "the range still stands"


def test_both_sides_are_reminded_once_before_a_certificate_ends() -> None:
    technology = TechnologyFactory(published=True)
    certified(technology, valid_until=timezone.localdate() + 20 * DAY)
    officer = person(Role.SIGNATORY, technology.organisation)
    assert services.remind_of_expiry() == 1
    assert services.remind_of_expiry() == 0
    assert Notification.objects.filter(user=officer, kind="appraisal.ends").count() == 1


def test_add_months_keeps_to_the_last_day() -> None:
    assert services.add_months(datetime.date(2026, 8, 31), 6) == datetime.date(2027, 2, 28)
    assert services.add_months(datetime.date(2026, 11, 22), 6) == datetime.date(2027, 5, 22)
    assert services.add_months(datetime.date(2026, 6, 30), 6) == datetime.date(2026, 12, 30)


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_a_constant_number_of_queries(client: Client, count: int, django_assert_num_queries: Any) -> None:
    made = commission()
    for _ in range(count - 1):
        technology = TechnologyFactory(published=True, organisation=made.technology.organisation)
        commission(technology=technology)
    client.force_login(made.people["officer"])
    client.get("/appraisals/")
    with django_assert_num_queries(5):
        assert len(client.get("/appraisals/").context["page"].object_list) == count
    assert selectors.visible_appraisals(made.people["stranger"]).count() == 0


def test_a_certificate_that_names_something_else_than_asked_is_confirmed_first(client: Client) -> None:
    made = commission(A.ACCEPTED, purpose=Appraisal.Purpose.STATE, right=Granted.EXCLUSIVE, term_years=5)
    client.force_login(made.people["appraiser"])
    address = f"/en/appraisals/{made.appraisal.pk}/certify/"
    values = certificate_values(purpose="negotiation", right="non_exclusive", term_years=5)
    page = client.post(address, {**values, "file": pdf_upload()})
    assert page.status_code == 400
    assert "asks for the purpose “Transfer with state capital" in page.content.decode()
    assert not Certificate.objects.exists()
    asked = page.context["certificate_form"]
    assert asked.asks_to_confirm
    assert 'name="differs"' in page.content.decode()
    client.post(address, {**values, "differs": "on", "file": pdf_upload()})
    certificate = Certificate.objects.get()
    assert (certificate.named_purpose, certificate.named_right, certificate.named_term) == (
        "negotiation", "non_exclusive", 5
    )  # fmt: skip
    client.force_login(made.people["officer"])
    page = client.get(f"/en/appraisals/{made.appraisal.pk}/")
    assert len(page.context["differences"]) == 2
    assert "It names something else than was asked" in page.content.decode()
    with pytest.raises(DatabaseError), transaction.atomic():
        Certificate.objects.update(right="exclusive")


def test_the_box_that_confirms_a_difference_is_not_there_before(client: Client) -> None:
    made = commission(A.ACCEPTED, purpose=Appraisal.Purpose.STATE)
    client.force_login(made.people["appraiser"])
    page = client.get(f"/en/appraisals/{made.appraisal.pk}/")
    assert page.context["certificate_form"]["purpose"].value() == "state"
    assert 'name="differs"' not in page.content.decode()


@pytest.mark.parametrize(("funded", "purpose"), [(Decimal(60), "state"), (None, "negotiation")])
def test_with_state_money_the_purpose_of_a_commission_is_the_one_that_a_signature_needs(
    client: Client, funded: Decimal | None, purpose: str
) -> None:
    technology = TechnologyFactory(published=True, state_funding_pct=funded)
    client.force_login(person(Role.TTO_OFFICER, technology.organisation))
    page = client.get(f"/en/technologies/{technology.pk}/price/appraisals/new/")
    assert page.context["form"]["purpose"].value() == purpose
    assert page.context["uses_state_money"] == (funded is not None)
    assert commission(technology=technology).appraisal.purpose == purpose


def page_of(client: Client, address: str) -> BeautifulSoup:
    return BeautifulSoup(client.get(address).content, "html.parser")


def test_what_waits_for_the_firm_is_counted_in_its_menu_and_named_on_its_first_page(client: Client) -> None:
    made = commission(A.REQUESTED)
    client.force_login(made.people["appraiser"])
    page = page_of(client, "/en/my/")
    assert page.get_text().count(made.technology.title) == 1, "as a task, and not once more as news"
    entry = page.select_one(".work-nav a[href='/en/appraisals/']")
    assert entry is not None
    assert entry.get_text(" ", strip=True) == "Appraisals 1 waiting"
    (group,) = [row for row in client.get("/en/my/").context["groups"] if row.title == "Appraisals"]
    assert (group.total, group.tasks[0].title) == (1, made.technology.title)
    assert group.tasks[0].note.startswith("Accept the commission, or decline")
    assert group.tasks[0].language == made.technology.language
    certified_one = page_of(client, f"/en/appraisals/{made.appraisal.pk}/")
    assert certified_one.select_one(".work-nav [aria-current=page]")["href"] == "/en/appraisals/"  # type: ignore[index]
    client.force_login(made.people["officer"])
    assert page_of(client, "/en/my/").select_one(".work-nav a[href='/en/appraisals/']") is None


def test_the_declaration_stands_below_the_scope_and_the_names_of_those_whose_price_it_is(client: Client) -> None:
    buyer = OrganisationFactory()
    made = commission(A.REQUESTED, counterparty=buyer, deal_id=7, right=Granted.EXCLUSIVE, term_years=5)
    client.force_login(made.people["appraiser"])
    panel = page_of(client, f"/en/appraisals/{made.appraisal.pk}/").select_one("#accept")
    assert panel is not None
    words = " ".join(panel.get_text(" ").split())
    told = [made.appraisal.brief, "Exclusive licence, 5 years", str(made.technology.organisation), str(buyer)]
    declaration = words.index("Neither the firm nor its people")
    assert all(0 <= words.index(one) < declaration for one in told)
    client.force_login(commission(A.REQUESTED).people["appraiser"])
    alone = page_of(client, f"/en/appraisals/{Appraisal.objects.latest('pk').pk}/").select_one("#accept")
    assert alone is not None
    assert "None is named" in alone.get_text()


@pytest.mark.parametrize(
    ("state", "reader", "yours", "words"),
    [
        (A.REQUESTED, "officer", False, "Accept the commission, or decline"),
        (A.REQUESTED, "appraiser", True, "Accept the commission, or decline"),
        (A.ACCEPTED, "officer", False, "Appraise, and record the certificate"),
        (A.ACCEPTED, "clerk", False, "Appraise, and record the certificate"),
        (A.CERTIFIED, "officer", False, "Use the certificate"),
        (A.CERTIFIED, "appraiser", False, ""),
    ],
)
def test_each_reader_is_told_what_comes_next_and_whose_turn_it_is(
    client: Client, state: str, reader: str, yours: bool, words: str
) -> None:
    made = commission(state)
    seat(made.people["clerk"], Role.SIGNATORY, organisation=made.technology.organisation)
    client.force_login(made.people[reader])
    response = client.get(f"/en/appraisals/{made.appraisal.pk}/")
    turn = response.context["turn"]
    assert (turn["yours"], turn["text"][: len(words)]) == (yours, words)
    assert bool(turn["text"]) == bool(words)
    shown = BeautifulSoup(response.content, "html.parser").select_one(".next-act")
    assert (shown is not None) == bool(words)
    if shown is not None:
        assert str(turn["owner"]) in shown.get_text()
        if (link := shown.select_one("a")) is not None and link["href"].startswith("#"):
            assert BeautifulSoup(response.content, "html.parser").select_one(link["href"]) is not None


def test_after_a_certificate_for_a_deal_the_way_goes_on_to_the_deal(client: Client) -> None:
    made = commission(A.ACCEPTED, deal_id=7)
    certify(made)
    client.force_login(made.people["officer"])
    assert client.get(f"/en/appraisals/{made.appraisal.pk}/").context["turn"]["href"] == "/en/deals/7/"


def test_a_certificate_of_what_did_not_reach_the_exchange_is_closed_to_it(client: Client) -> None:
    made = commission(A.CERTIFIED, technology=TechnologyFactory(state_funding_pct=None))
    pk = made.appraisal.pk
    doors = [f"/en/appraisals/{pk}/", f"/en/appraisals/{pk}/certificate/", f"/api/v1/appraisals/{pk}/"]
    for who, status in (("operator", 404), ("officer", 200), ("appraiser", 200)):
        client.force_login(made.people[who])
        assert [client.get(door).status_code for door in doors] == [status] * 3, who
    assert not selectors.visible_appraisals(made.people["operator"]).exists()
