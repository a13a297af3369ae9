"""A technology and a demand go their way by API alone; each viewer sees what he may."""

import uuid

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from listings.models import RightOwner, Technology
from tests.factories.accounts import OrganisationFactory, person
from tests.factories.listings import DemandFactory, DocumentFactory, TechnologyFactory

pytestmark = pytest.mark.django_db
CHECKLIST = {"legal_class": "none", "ip_checked": True, "is_complete": True, "no_secrets": True}


def api(user=None):
    client = APIClient()
    if user is not None:
        client.force_authenticate(user)
    return client


def post(client, name, pk, **data):
    return client.post(reverse(f"api:{name}", args=[pk]), data, format="json")


def test_technology_is_listed_and_published_by_api():
    university = OrganisationFactory(university=True)
    researcher = person(role="researcher", organisation=university)
    officer = person(role="tto_officer", organisation=university)
    operator = person(role="operator", exchange=university.exchange)
    draft = {
        "organisation": university.pk, "language": "en", "title": "Arsenic filter", "summary": "Takes arsenic out.",
        "problem": "Wells hold arsenic.", "solution": "Coated sand.", "applications": "Rural water stations.",
        "fields_of_technology": [24, 23], "trl": 7, "trl_evidence": "Ran 14 months.", "ipc": ["C02F 1/64"],
        "transfer_methods": ["TRAINING"], "rights_offered": ["trial"], "price_min": "450000000",
        "advantages": [{"claim": "Cheaper", "ours": "310", "alternative": "1150", "unit": "VND/m3"}],
        "ip_rights": [{"kind": "patent", "number": "1-1", "filing_date": "2020-01-02", "owners": [
            {"name": university.name_vi, "share_pct": "60.5"}, {"name": "B", "share_pct": "39.5"}]}],
    }  # fmt: skip
    author = api(researcher)
    key = {"HTTP_IDEMPOTENCY_KEY": str(uuid.uuid4())}
    first, again = (author.post(reverse("api:technologies"), draft, format="json", **key) for _ in range(2))
    assert (first.status_code, again.data["id"], Technology.objects.count()) == (201, first.data["id"], 1)
    pk = first.data["id"]
    assert first.data["main_field"]["nr"] == 24
    assert [owner["share_pct"] for owner in first.data["ip_rights"][0]["owners"]] == ["60.5000", "39.5000"]
    owners = RightOwner.objects.order_by("-share_pct").values_list("organisation", flat=True)
    assert list(owners) == [university.pk, None]  # stays its own when it is renamed
    assert first.data["acts"] == ["edit", "submit"]
    saved = author.patch(reverse("api:technology", args=[pk]), {"version": 1, "trl": 8}, format="json")
    assert (saved.data["trl"], saved.data["version"]) == (8, 2)
    assert post(author, "technology_submit", pk, version=2).data["state"] == "awaiting_owner"
    assert post(api(officer), "technology_approve_by_owner", pk).status_code == 400
    old = post(api(officer), "technology_approve_by_owner", pk, content_version=1)
    assert (old.status_code, old.data["code"]) == (409, "stale")
    seen = api(officer).get(reverse("api:technology", args=[pk])).data["content_version"]
    assert post(api(officer), "technology_approve_by_owner", pk, content_version=seen).data["state"] == "submitted"
    queue = api(operator).get(reverse("api:review_queue")).data
    assert [(row["kind"], row["id"], row["reviewer"]) for row in queue] == [("technology", pk, None)]
    assert post(api(operator), "technology_claim", pk).data["acts"] == [
        "release",
        "publish",
        "request_changes",
        "reject",
    ]
    assert post(api(operator), "technology_publish", pk, **CHECKLIST).data["state"] == "published"
    reviews = author.get(reverse("api:technology_reviews", args=[pk])).data
    assert [(row["stage"], row["decision"]) for row in reviews] == [("operator", "approve"), ("owner", "approve")]
    listed = api().get(reverse("api:technologies")).data["results"]
    assert [row["id"] for row in listed] == [pk]
    assert post(author, "technology_submit", pk, version=2).status_code == 409


def test_demand_is_posted_and_published_by_api():
    company = OrganisationFactory()
    user = person(role="representative", organisation=company)
    operator = person(role="operator", exchange=company.exchange)
    draft = {
        "organisation": company.pk, "language": "vi", "title": "Cần lọc asen", "problem": "Nước có asen",
        "effect": "Dưới 10 µg/L", "fields_of_technology": [24], "cooperation": ["buy"], "masked": True,
    }  # fmt: skip
    pk = api(user).post(reverse("api:demands"), draft, format="json").data["id"]
    post(api(user), "demand_submit", pk, version=1)
    post(api(operator), "demand_claim", pk)
    assert post(api(operator), "demand_publish", pk, **CHECKLIST).data["state"] == "published"
    mine = api(user).get(reverse("api:my_demands")).data["results"]
    assert [(row["id"], row["organisation"]["id"]) for row in mine] == [(pk, company.pk)]


def test_masked_demand_hides_who_and_where():
    demand = DemandFactory(published=True, masked=True)
    addresses = [reverse("api:demand", args=[demand.pk]), reverse("api:demands")]
    for viewer, named in [
        (None, False),
        (person(), False),
        (person(role="operator"), False),
        (demand.author, True),
        (person(role="operator", exchange=demand.exchange), True),
    ]:
        one, many = (api(viewer).get(address) for address in addresses)
        for row in (one.data, many.data["results"][0]):
            told = {name: row[name] is not None for name in ("organisation", "exchange", "province")}
            assert told == dict.fromkeys(told, named)
        assert (demand.organisation.name_vi.encode() in one.content) == named


def test_documents_show_their_address_to_whom_they_open():
    document = DocumentFactory(tier="registered")
    address = reverse("api:technology", args=[document.technology_id])
    contents = [api(user).get(address).data["documents"][0]["content"] for user in (None, person())]
    assert contents == [None, reverse("api:document_content", args=[document.pk])]


def test_revenue_is_for_its_own_people_and_the_exchange():
    technology = TechnologyFactory(published=True)
    address = reverse("api:technology", args=[technology.pk])
    shown = [api(user).get(address).data["revenue_mode"] for user in (None, person(), technology.author)]
    assert shown == [None, None, "9000000000"]


def test_draft_is_invisible_to_others():
    technology = TechnologyFactory()
    address = reverse("api:technology", args=[technology.pk])
    viewers = [None, person(), person(role="operator", exchange=technology.exchange), technology.author]
    assert [api(user).get(address).status_code for user in viewers] == [404, 404, 404, 200]


@pytest.mark.parametrize("count", [1, 3])
def test_list_query_counts(count, django_assert_num_queries):
    for _ in range(count):
        technology = TechnologyFactory(published=True)
        DemandFactory(published=True)
        DemandFactory(published=True, masked=True)
    user = type(technology.author).objects.get(pk=technology.author_id)
    with django_assert_num_queries(4):
        api().get(reverse("api:technologies"))
    with django_assert_num_queries(5):
        api(user).get(reverse("api:demands"))


def test_operator_only_sees_the_queue():
    assert api(person()).get(reverse("api:review_queue")).status_code == 403
    assert api().get(reverse("api:review_queue")).status_code == 401


@pytest.mark.parametrize("factory", [TechnologyFactory, DemandFactory])
def test_main_field_that_is_sent_alone_is_one_of_the_fields(factory):
    listing = factory(bare=True, language="vi")
    address = reverse(f"api:{listing.kind}", args=[listing.pk])
    saved = api(listing.author).patch(address, {"version": 1, "main_field": 24}, format="json")
    assert [row["nr"] for row in saved.data["fields_of_technology"]] == [24]
