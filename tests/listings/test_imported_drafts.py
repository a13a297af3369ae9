"""Imported drafts of organisations that nobody administers: the exchange submits them, by page and by API; others may not.

Refused, nothing changes and nothing is sent.
"""

import pytest
from django.core import mail
from django.urls import reverse
from rest_framework.test import APIClient

from accounts.models import Notification
from audit.models import Event
from listings.lifecycle import ListingState
from listings.models import Demand, Review, Technology
from listings.selectors import novelty_at_risk
from listings.services import claim_review, publish_listing, request_changes, submit_listing
from tests.factories.accounts import OrganisationFactory, person, seat
from tests.factories.listings import DemandFactory, IPRightFactory, TechnologyFactory

pytestmark = pytest.mark.django_db
KINDS = pytest.mark.parametrize("kind", ["technology", "demand"])
PLURAL = {"technology": "technologies", "demand": "demands"}


def imported(kind, **values):
    """Give a draft as an import leaves it: a register's, of an organisation without people, by the first operator."""
    organisation = values.pop("organisation", None) or OrganisationFactory(
        **({"university": True} if kind == "technology" else {})
    )
    author = person(role="operator", exchange=organisation.exchange)
    factory = TechnologyFactory if kind == "technology" else DemandFactory
    return factory(
        organisation=organisation, author=author, bare=True, source_name="NASA patent portfolio", source_id="LAR-1",
        **values,
    )  # fmt: skip


def stranger(listing):
    return person()


def operator_elsewhere(listing):
    return person(role="operator")


def operator_with_a_stake(listing):
    user = person(role="operator", exchange=listing.exchange)
    seat(user, "broker", organisation=listing.organisation)
    return user


def member_without_the_role(listing):
    return person(role="signatory", organisation=listing.organisation)


ACTORS = [None, stranger, operator_elsewhere, operator_with_a_stake, member_without_the_role]
OTHERS = pytest.mark.parametrize("who", ACTORS, ids=lambda who: who.__name__ if who else "anonymous")


def snapshot():
    tables = (Technology, Demand, Review, Event, Notification)
    return [list(table.objects.order_by("pk").values()) for table in tables], len(mail.outbox)


def api_of(user):
    client = APIClient()
    if user is not None:
        client.force_authenticate(type(user).objects.get(pk=user.pk))
    return client


def pages_of(listing):
    return [reverse(f"listings:{listing.kind}_{name}", args=[listing.pk]) for name in ("manage", "review")]


@KINDS
def test_operator_opens_manages_and_reviews_an_imported_draft(kind, client):
    listing = imported(kind)
    client.force_login(person(role="operator", exchange=listing.exchange))
    assert [client.get(address).status_code for address in pages_of(listing)] == [200, 200]
    page = client.get(pages_of(listing)[0])
    assert page.context["standing_in"] is True
    assert page.context["missing"]


@KINDS
@OTHERS
def test_others_neither_see_nor_submit_it(kind, who, client, django_capture_on_commit_callbacks):
    listing = imported(kind)
    user = who(listing) if who else None
    if user is not None:
        client.force_login(user)
    before = snapshot()
    with django_capture_on_commit_callbacks(execute=True) as sent:
        page = client.post(reverse(f"listings:{kind}_submit", args=[listing.pk]), {"version": listing.version})
        api = api_of(user).post(reverse(f"api:{kind}_submit", args=[listing.pk]), {"version": listing.version})
    assert page.status_code == 302 if user is None else page.status_code in {403, 404}
    assert api.status_code == 401 if user is None else api.status_code in {403, 404}
    assert snapshot() == before
    assert sent == []


@KINDS
@pytest.mark.parametrize("by", ["page", "api"])
def test_operator_submits_it_to_the_exchange_as_its_source_has_it(kind, by, client):
    listing = imported(kind)
    operator = person(role="operator", exchange=listing.exchange)
    data = {"version": listing.version}
    if by == "page":
        client.force_login(operator)
        response = client.post(reverse(f"listings:{kind}_submit", args=[listing.pk]), data)
        assert response.status_code == 302
    else:
        response = api_of(operator).post(reverse(f"api:{kind}_submit", args=[listing.pk]), data)
        assert response.status_code == 200
        assert response.data["state"] == "submitted"
    listing.refresh_from_db()
    assert listing.state == ListingState.SUBMITTED
    event = Event.objects.get(tag=f"{kind}.submit")
    assert (event.actor, event.data["standing_in"]) == (operator, True)


@KINDS
def test_the_draft_goes_all_the_way_and_comes_back_for_changes(kind):
    listing = imported(kind)
    operator = person(role="operator", exchange=listing.exchange)
    submit_listing(listing=listing, actor=operator)
    claim_review(listing=listing, actor=operator)
    request_changes(listing=listing, actor=operator, reason="Abstract breaks off")
    listing = submit_listing(listing=listing, actor=operator)
    assert listing.state == ListingState.SUBMITTED
    claim_review(listing=listing, actor=operator)
    listing = publish_listing(
        listing=listing, actor=operator, legal_class="none", ip_checked=True, is_complete=True, no_secrets=True
    )
    assert listing.state == ListingState.PUBLISHED


@KINDS
def test_a_draft_that_was_not_imported_stays_hidden_from_operators(kind, client):
    listing = (TechnologyFactory if kind == "technology" else DemandFactory)()
    client.force_login(person(role="operator", exchange=listing.exchange))
    assert [client.get(address).status_code for address in pages_of(listing)] == [404, 404]


@KINDS
def test_a_sample_draft_stays_hidden_from_operators(kind, client):
    listing = imported(kind, is_sample=True)
    client.force_login(person(role="operator", exchange=listing.exchange))
    assert [client.get(address).status_code for address in pages_of(listing)] == [404, 404]


@pytest.mark.parametrize(("status", "at_risk"), [("pending", True), ("granted", False), ("lapsed", False)])
def test_what_was_granted_was_filed_even_where_the_source_has_no_date(status, at_risk):
    listing = imported("technology")
    right = IPRightFactory(technology=listing, filing_date=None, grant_date=None, expiry_date=None, status=status)
    assert novelty_at_risk(listing) == ([right] if at_risk else [])


@KINDS
def test_once_somebody_administers_the_organisation_the_exchange_steps_back(kind, client):
    listing = imported(kind)
    operator = person(role="operator", exchange=listing.exchange)
    person(role="admin", organisation=listing.organisation)
    client.force_login(operator)
    before = snapshot()
    assert [client.get(address).status_code for address in pages_of(listing)] == [404, 404]
    assert client.post(reverse(f"listings:{kind}_submit", args=[listing.pk]), {"version": 1}).status_code == 404
    assert api_of(operator).post(reverse(f"api:{kind}_submit", args=[listing.pk]), {"version": 1}).status_code == 404
    assert snapshot() == before


@pytest.mark.parametrize(("role", "status"), [("representative", 302), ("researcher", 403), ("signatory", 403)])
def test_representatives_edit_what_was_imported_for_their_company(role, status, client):
    listing = imported("technology", organisation=OrganisationFactory())
    client.force_login(person(role=role, organisation=listing.organisation))
    address = reverse("listings:technology_edit", args=[listing.pk, "problem"])
    response = client.post(address, {"version": 1, "problem": "Ống dẫn rò rỉ ở áp suất cao"})
    assert response.status_code == status
    listing.refresh_from_db()
    assert listing.problem == ("Ống dẫn rò rỉ ở áp suất cao" if status == 302 else "")


def test_novelty_at_risk_must_be_acknowledged_by_the_operator_too(client):
    listing = imported("technology")
    IPRightFactory(technology=listing, filing_date=None, grant_date=None, expiry_date=None, number="", status="pending")
    client.force_login(person(role="operator", exchange=listing.exchange))
    address = reverse("listings:technology_submit", args=[listing.pk])
    response = client.post(address, {"version": listing.version})
    assert response.status_code == 409
    assert 'name="novelty_acknowledged"' in response.content.decode()
    assert client.post(address, {"version": listing.version, "novelty_acknowledged": "1"}).status_code == 302


@KINDS
def test_the_queue_leads_to_the_imported_drafts(kind, client):
    listing = imported(kind)
    imported(kind, state=ListingState.SUBMITTED, submitted_at="2026-01-05T00:00:00Z")
    operator = person(role="operator", exchange=listing.exchange)
    client.force_login(operator)
    address = reverse(f"listings:{kind}_imported")
    assert reverse("listings:technology_imported") in client.get(reverse("listings:review_queue")).content.decode()
    assert [row["listing"] for row in client.get(address).context["rows"]] == [listing]
    rows = api_of(operator).get(reverse(f"api:{kind}_imported")).data["results"]
    assert [row["id"] for row in rows] == [listing.pk]


@KINDS
def test_a_draft_that_was_sent_back_stands_among_the_imported_ones_again(kind, client):
    listing = imported(kind, state=ListingState.CHANGES_REQUESTED)
    client.force_login(person(role="operator", exchange=listing.exchange))
    page = client.get(reverse(f"listings:{kind}_imported"))
    assert [row["listing"] for row in page.context["rows"]] == [listing]
    assert listing.source_id in page.content.decode()
    crumbs = [href for _label, href in client.get(pages_of(listing)[0]).context["crumbs"]]
    assert crumbs == [reverse("listings:review_queue"), reverse(f"listings:{kind}_imported")]


def test_no_tto_stands_on_the_way_of_what_the_exchange_submits(client):
    listing = imported("technology")
    client.force_login(person(role="operator", exchange=listing.exchange))
    assert len(client.get(pages_of(listing)[0]).context["steps"]) == 3
    person(role="admin", organisation=listing.organisation)
    client.force_login(person(role="tto_officer", organisation=listing.organisation))
    assert len(client.get(pages_of(listing)[0]).context["steps"]) == 4


@KINDS
def test_review_page_of_a_draft_leads_to_its_submission_and_names_the_source(kind, client):
    listing = imported(kind)
    client.force_login(person(role="operator", exchange=listing.exchange))
    manage, review = pages_of(listing)
    body = client.get(review).content.decode()
    assert f'href="{manage}"' in body
    assert "NASA patent portfolio" in body
    assert listing.author.full_name not in body.partition("<main")[2]


@pytest.mark.parametrize(("kind", "role"), [("technology", "tto_officer"), ("demand", "representative")])
def test_people_of_a_handed_over_organisation_are_told_of_decisions(kind, role):
    listing = imported(kind, state=ListingState.SUBMITTED, submitted_at="2026-01-05T00:00:00Z")
    operator = listing.author
    people = [person(role=role, organisation=listing.organisation) for _ in range(2)]
    person(role="signatory", organisation=listing.organisation)
    claim_review(listing=listing, actor=operator)
    request_changes(listing=listing, actor=operator, reason="Abstract breaks off")
    notes = Notification.objects.filter(kind="listing.changes_requested").order_by("user")
    assert [note.user for note in notes] == people
    assert notes[0].url == pages_of(listing)[0]


@KINDS
def test_an_operator_rejects_an_imported_draft_and_is_not_told_of_the_own_decision(kind, client):
    listing = imported(kind, state=ListingState.SUBMITTED, submitted_at="2026-01-05T00:00:00Z")
    operator = listing.author
    claim_review(listing=listing, actor=operator)
    client.force_login(operator)
    address = reverse(f"listings:{kind}_reject", args=[listing.pk])
    assert "Hãy nêu lý do" in client.post(address, {"reason": " "}).content.decode()
    listing.refresh_from_db()
    assert listing.state == ListingState.IN_REVIEW

    assert client.post(address, {"reason": "The patent has ended"}).status_code == 302

    listing.refresh_from_db()
    assert listing.state == ListingState.REJECTED
    assert "The patent has ended" in client.get(pages_of(listing)[0]).content.decode()
    assert not Notification.objects.filter(kind="listing.rejected", user=operator).exists()


@KINDS
def test_only_operators_list_imported_drafts(kind, client):
    listing = imported(kind)
    user = person(role="tto_officer", organisation=listing.organisation)
    client.force_login(user)
    assert client.get(reverse(f"listings:{kind}_imported")).status_code == 403
    assert api_of(user).get(reverse(f"api:{kind}_imported")).status_code == 403
