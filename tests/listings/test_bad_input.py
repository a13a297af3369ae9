"""Whatever comes in: a clear error in the reader's language, what was typed kept, nothing half-saved, no 500."""

import uuid

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from audit.models import Event
from listings.models import Demand, Technology
from tests.factories.accounts import OrganisationFactory, person
from tests.factories.listings import DemandFactory, TechnologyFactory

pytestmark = pytest.mark.django_db
OWNERS = {"owners-TOTAL_FORMS": 2, "owners-INITIAL_FORMS": 0}


def step(listing, slug):
    return reverse(f"listings:{listing.kind}_edit", args=[listing.pk, slug])


@pytest.fixture
def technology(client):
    technology = TechnologyFactory()
    client.force_login(technology.author)
    return technology


BAD = [
    ("basics", {"title": "", "language": "vi"}, "title"),
    ("basics", {"title": "   ", "language": "vi"}, "title"),
    ("basics", {"title": "x" * 251, "language": "vi"}, "title"),
    ("basics", {"title": "a\x00b", "language": "vi"}, "title"),
    ("basics", {"title": "a\x07b", "language": "vi"}, "title"),
    ("basics", {"title": "a\u202eb", "language": "vi"}, "title"),
    ("basics", {"title": "Tên", "language": "fr"}, "language"),
    ("basics", {"title": "Tên", "language": "vi", "summary": "đ" * 1001}, "summary"),
    ("basics", {"title": "Tên", "language": "vi", "province": "zz"}, "province"),
    ("problem", {"problem": "x" * 20001}, "problem"),
    ("applications", {"ipc": "not an ipc"}, "ipc"),
    ("applications", {"keywords": "x" * 81}, "keywords"),
    ("applications", {"keywords": "\n".join(map(str, range(21)))}, "keywords"),
    ("applications", {"main_field": "99"}, "main_field"),
    ("applications", {"more_fields": ["x"]}, "more_fields"),
    ("readiness", {"trl": "10"}, "trl"),
    ("readiness", {"trl": "1; DROP TABLE"}, "trl"),
    ("terms", {"rights_offered": ["steal"]}, "rights_offered"),
    ("terms", {"territory": "x" * 121}, "territory"),
    ("price", {"price_min": "-5"}, "price_min"),
    ("price", {"price_min": "abc"}, "price_min"),
    ("price", {"price_min": "NaN"}, "price_min"),
    ("price", {"price_min": "1" * 400}, "price_min"),
    ("price", {"price_min": "9" * 19}, "price_min"),
    ("price", {"price_min": "0,5"}, "price_min"),
    ("price", {"royalty_wish_pct": "101"}, "royalty_wish_pct"),
    ("price", {"royalty_wish_pct": "-1"}, "royalty_wish_pct"),
    ("price", {"state_funding_pct": "Infinity"}, "state_funding_pct"),
    ("price", {"state_task_assigned_on": "31/02/2024"}, "state_task_assigned_on"),
    ("price", {"royalty_industry": "Không có"}, "royalty_industry"),
]


@pytest.mark.parametrize(("slug", "data", "field"), BAD, ids=lambda value: repr(value)[:40])
def test_step_refuses_and_keeps_what_was_typed(client, technology, slug, data, field):
    response = client.post(step(technology, slug), {"version": 1, **data})
    form = response.context["form"]
    assert (response.status_code, list(form.errors)) == (200, [field])
    assert dict(form.data.lists())[field] == (data[field] if isinstance(data[field], list) else [data[field]])
    technology.refresh_from_db()
    assert technology.version == 1


@pytest.mark.parametrize(
    "data",
    [
        {"price_min": "900", "price_max": "100"},
        {"revenue_low": "5", "revenue_mode": "3", "revenue_high": "9"},
        {"revenue_low": "5"},
    ],
)
def test_figures_out_of_order_are_refused(client, technology, data):
    response = client.post(step(technology, "price"), {"version": 1, **data})
    assert list(response.context["form"].errors) == ["__all__"]
    assert Technology.objects.get().version == 1


@pytest.mark.parametrize("version", ["", "x", "-1", "99999999999999999999", "1.5", "\x00"])
def test_unreadable_version_counts_as_stale(client, technology, version):
    response = client.post(step(technology, "problem"), {"version": version, "problem": "Đã gõ"})
    assert (response.status_code, "Đã gõ" in response.content.decode()) == (409, True)


def test_html_is_shown_as_text(client, technology):
    evil = "<script>alert('x')</script><img src=x onerror=alert(1)>"
    client.post(step(technology, "problem"), {"version": 1, "problem": evil, "solution": evil})
    body = client.get(reverse("listings:technology_manage", args=[technology.pk])).content.decode()
    assert "<script>alert" not in body
    assert "&lt;script&gt;alert" in body


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ({"owners-0-share_pct": "60", "owners-1-share_pct": "30"}, "owners"),
        ({"owners-0-share_pct": "-10", "owners-1-share_pct": "110"}, "owners"),
        ({"owners-0-share_pct": "0", "owners-1-share_pct": "100"}, "owners"),
        ({"owners-0-share_pct": "x", "owners-1-share_pct": "100"}, "owners"),
        ({"owners-0-name": "", "owners-0-share_pct": "50", "owners-1-share_pct": "50"}, "owners"),
        ({"owners-0-name": "a\x01", "owners-0-share_pct": "50", "owners-1-share_pct": "50"}, "owners"),
        ({"owners-0-share_pct": "50", "owners-1-share_pct": "50", "filing_date": "2024-13-01"}, "filing_date"),
        ({"owners-0-share_pct": "50", "owners-1-share_pct": "50", "office": "VNM"}, "office"),
        ({"owners-0-share_pct": "50", "owners-1-share_pct": "50", "kind": "idea"}, "kind"),
        (
            {
                "owners-0-share_pct": "50", "owners-1-share_pct": "50", "filing_date": "2024-02-01",
                "grant_date": "2023-02-01",
            },
            "__all__",
        ),
    ],
)  # fmt: skip
def test_right_refuses_bad_shares_and_dates(client, technology, data, where):
    base = {"version": 1, "kind": "patent", "status": "granted", "office": "VN", "number": "Số đã gõ"}
    names = {"owners-0-name": "Chủ thứ nhất", "owners-1-name": "Chủ thứ hai"}
    response = client.post(
        reverse("listings:technology_right", args=[technology.pk, 1]), {**base, **OWNERS, **names, **data}
    )
    assert response.status_code == 200
    assert "Số đã gõ" in response.content.decode()
    if where == "owners":
        assert not response.context["owners"].is_valid()
    else:
        assert list(response.context["form"].errors) == [where]
    assert technology.ip_rights.count() == 0


@pytest.mark.parametrize(
    "management",
    [{}, {"advantages-TOTAL_FORMS": "x"}, {"advantages-TOTAL_FORMS": "999999", "advantages-INITIAL_FORMS": "0"}],
)
def test_tampered_rows_are_no_fault(client, technology, management):
    response = client.post(step(technology, "advantages"), {"version": 1, **management})
    assert response.status_code == 200
    assert Technology.objects.get().version == 1


def test_start_refuses_without_a_title_or_key(client):
    user = person(role="researcher", organisation=OrganisationFactory(university=True))
    client.force_login(user)
    organisation = user.seats[0].organisation_id
    for data, field in [
        ({"title": "", "draft_key": uuid.uuid4()}, "title"),
        ({"title": "Tên", "draft_key": "x"}, "draft_key"),
        ({"title": "a\x00", "draft_key": uuid.uuid4()}, "title"),
    ]:
        response = client.post(
            reverse("listings:technology_new"), {"organisation": organisation, "language": "vi", **data}
        )
        assert (response.status_code, list(response.context["form"].errors)) == (200, [field])
    assert Technology.objects.count() == 0


def test_demand_refuses_bad_budget_and_date(client):
    demand = DemandFactory()
    client.force_login(demand.author)
    for data, field in [
        ({"budget_min": "900", "budget_max": "1"}, "__all__"),
        ({"budget_min": "-1"}, "budget_min"),
        ({"needed_by": "hôm qua"}, "needed_by"),
        ({"trl_min": "0"}, "trl_min"),
    ]:
        response = client.post(step(demand, "conditions"), {"version": 1, **data})
        assert list(response.context["form"].errors) == [field]
    response = client.post(step(demand, "cooperation"), {"version": 1, "cooperation": ["beg"]})
    assert list(response.context["form"].errors) == ["cooperation"]
    assert Demand.objects.get().version == 1


@pytest.mark.parametrize("pk", ["0", "99999999999999999999999999"])
@pytest.mark.parametrize("page", ["technologies/{}/manage/", "demands/{}/review/", "documents/{}/", "technologies/{}/"])
def test_address_of_nothing_is_404(client, technology, page, pk):
    assert client.get("/" + page.format(pk)).status_code == 404
    assert client.get(f"/technologies/{technology.pk}/edit/nothing/").status_code == 404


@pytest.fixture
def api(technology):
    client = APIClient()
    client.force_authenticate(technology.author)
    return client


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "a\x00b"}, "title"),
        ({"title": "a\u202eb"}, "title"),
        ({"problem": "x" * 20001}, "problem"),
        ({"price_min": "-1"}, "price_min"),
        ({"price_min": "NaN"}, "price_min"),
        ({"price_min": 10**30}, "price_min"),
        ({"trl": 10}, "trl"),
        ({"trl": 10**30}, "trl"),
        ({"ipc": ["zzz"]}, "ipc"),
        ({"keywords": ["x"] * 21}, "keywords"),
        ({"keywords": "một"}, "keywords"),
        ({"main_field": 99}, "main_field"),
        ({"fields_of_technology": [99]}, "fields_of_technology"),
        ({"rights_offered": ["steal"]}, "rights_offered"),
        ({"state_task_assigned_on": "2024-02-31"}, "state_task_assigned_on"),
        ({"advantages": [{"claim": ""}]}, "advantages"),
        ({"ip_rights": [{"kind": "idea"}]}, "ip_rights"),
        ({"ip_rights": [{"kind": "patent", "owners": [{"name": "A", "share_pct": "40"}]}]}, "owners"),
        ({"ip_rights": [{"kind": "patent", "owners": [{"name": "A", "share_pct": "-40"}]}]}, "ip_rights"),
        ({"price_min": "9", "price_max": "1"}, "non_field_errors"),
        ({"version": "x"}, "version"),
        ({"version": 10**30}, None),
        ({"version": None}, "version"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_api_names_the_bad_field_and_saves_nothing(api, technology, data, field):
    events = Event.objects.count()
    response = api.patch(reverse("api:technology", args=[technology.pk]), {"version": 1, **data}, format="json")
    if field is None:
        assert response.status_code == 409
    else:
        assert (response.status_code, list(response.data)) == (400, [field])
    technology.refresh_from_db()
    assert (technology.version, technology.ip_rights.count(), Event.objects.count()) == (1, 0, events)


@pytest.mark.parametrize("body", ["", "[]", "null", "{", '"x"', "\x00"])
def test_api_takes_unreadable_bodies_calmly(api, technology, body):
    response = api.generic(
        "PATCH", reverse("api:technology", args=[technology.pk]), body, content_type="application/json"
    )
    assert response.status_code == 400


def test_api_stale_save_tells_the_stored_version(api, technology):
    address = reverse("api:technology", args=[technology.pk])
    assert api.patch(address, {"version": 1, "problem": "một"}, format="json").data["version"] == 2
    response = api.patch(address, {"version": 1, "problem": "hai"}, format="json")
    assert (response.status_code, response.data["code"], response.data["version"]) == (409, "stale", 2)
