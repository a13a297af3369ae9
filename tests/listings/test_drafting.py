"""A technology and a demand are drafted page by page."""

import uuid

import pytest
from django.urls import reverse
from django.utils.translation import override

from audit.models import Event
from listings.lifecycle import ListingState
from listings.models import Demand, Technology
from tests.factories.accounts import OrganisationFactory, person
from tests.factories.listings import DemandFactory, IPRightFactory, TechnologyFactory, field

pytestmark = pytest.mark.django_db


@pytest.fixture
def researcher(client):
    user = person(role="researcher", organisation=OrganisationFactory(university=True))
    client.force_login(user)
    return user


def step(listing, slug):
    return reverse(f"listings:{listing.kind}_edit", args=[listing.pk, slug])


def save(client, listing, slug, **data):
    listing.refresh_from_db()
    return client.post(step(listing, slug), {"version": listing.version, **data})


def rows(prefix, *forms):
    data = {f"{prefix}-TOTAL_FORMS": len(forms), f"{prefix}-INITIAL_FORMS": 0}
    for number, form in enumerate(forms):
        data |= {f"{prefix}-{number}-{name}": value for name, value in form.items()}
    return data


def test_technology_is_drafted_step_by_step_and_submitted(client, researcher):
    organisation = researcher.seats[0].organisation
    assert client.get(reverse("listings:technology_new")).status_code == 200
    start = {
        "draft_key": uuid.uuid4(), "organisation": organisation.pk, "language": "vi", "title": "Sấy lạnh thanh long",
        "summary": "Sấy 40 °C, giữ 92 % vitamin C.",
    }  # fmt: skip
    response = client.post(reverse("listings:technology_new"), start)
    technology = Technology.objects.get()
    assert response.url == step(technology, "problem")
    assert (technology.author, technology.organisation, technology.state) == (researcher, organisation, "draft")

    assert (
        save(client, technology, "problem", problem="Thối nhanh\r\nsau 3 ngày", solution="Bơm nhiệt").status_code == 302
    )
    response = save(
        client, technology, "advantages", **rows(
            "advantages",
            {"claim": "Tiết kiệm điện", "metric": "Điện", "ours": "0,6", "alternative": "1,1", "unit": "kWh/kg"},
            {"claim": "", "metric": ""},
        )
    )  # fmt: skip
    assert response.url == step(technology, "applications")
    response = save(
        client, technology, "applications", applications="Kho sấy", ipc="a23b7/02", keywords="sấy, thanh long"
    )
    assert response.url == step(technology, "readiness")
    save(client, technology, "readiness", trl="6", trl_evidence="Chạy thử 3 tháng")
    right = {"kind": "patent", "status": "pending", "number": "1-2024-01", "office": "vn", "filing_date": "2024-02-01"}
    response = client.post(
        reverse("listings:technology_right", args=[technology.pk, 1]),
        {
            "version": Technology.objects.get().version, **right,
            **rows("owners", {"name": organisation.name_vi, "share_pct": "60,5"}, {"name": "Viện B", "share_pct": "39,5"}),
        },
    )  # fmt: skip
    assert response.url == step(technology, "rights")
    save(client, technology, "terms", rights_offered=["trial"], transfer_methods=["TRAINING"], territory="Việt Nam")
    save(
        client,
        technology,
        "price",
        price_min="450 triệu",
        price_max="1,5 tỷ",
        royalty_wish_pct="3,5",
        state_funding_pct="70",
    )

    technology.refresh_from_db()
    assert technology.problem == "Thối nhanh\nsau 3 ngày"
    assert [(a.claim, a.ours) for a in technology.advantages.all()] == [("Tiết kiệm điện", "0,6")]
    assert (technology.ipc, technology.keywords, technology.main_field_id) == (["A23B 7/02"], ["sấy", "thanh long"], 18)
    assert (technology.trl, technology.price_min, technology.price_max) == (6, 450_000_000, 1_500_000_000)
    owners = technology.ip_rights.get().owners.all()
    assert [(o.name, o.share_pct, o.organisation) for o in owners] == [
        (organisation.name_vi, 60.5, organisation), ("Viện B", 39.5, None),
    ]  # fmt: skip
    page = client.get(reverse("listings:technology_check", args=[technology.pk]))
    assert "id_novelty_acknowledged" not in page.content.decode()
    response = client.post(reverse("listings:technology_submit", args=[technology.pk]), {"version": technology.version})
    technology.refresh_from_db()
    assert (response.status_code, technology.state) == (302, ListingState.AWAITING_OWNER)
    assert client.get(response.url).status_code == 200


def test_demand_is_drafted_step_by_step_and_submitted(client):
    user = person(role="representative")
    client.force_login(user)
    start = {
        "draft_key": uuid.uuid4(), "organisation": user.seats[0].organisation_id, "language": "vi",
        "title": "Cần sấy 2 tấn/ngày",
    }  # fmt: skip
    response = client.post(reverse("listings:demand_new"), start)
    demand = Demand.objects.get()
    assert response.url == step(demand, "problem")
    assert client.get(response.url).status_code == 200
    save(
        client,
        demand,
        "problem",
        language="vi",
        title=demand.title,
        problem="Hỏng 12 % sau thu hoạch",
        tried="Kho lạnh",
    )
    save(client, demand, "requirement", effect="Dưới 3 %", main_field=field(18).pk, more_fields=[field(24).pk])
    save(
        client, demand, "conditions", trl_min="7", budget_min="200 tr", budget_max="900.000.000", needed_by="2027-01-31"
    )
    save(client, demand, "cooperation", cooperation=["buy", "licence"], masked="on")
    demand.refresh_from_db()
    assert (demand.main_field_id, sorted(f.nr for f in demand.fields.all())) == (18, [18, 24])
    assert (demand.budget_min, demand.budget_max, demand.masked) == (200_000_000, 900_000_000, True)
    client.post(reverse("listings:demand_submit", args=[demand.pk]), {"version": demand.version})
    demand.refresh_from_db()
    assert demand.state == ListingState.SUBMITTED


@pytest.mark.parametrize("slug", [
    "basics", "problem", "advantages", "applications", "readiness", "rights", "terms", "price", "documents",
])  # fmt: skip
def test_technology_step_shows_what_is_stored(client, slug):
    technology = TechnologyFactory(with_right=True, with_advantages=True)
    client.force_login(technology.author)
    for language in ("vi", "en"):
        with override(language):
            address = step(technology, slug)
        assert client.get(address).status_code == 200
    assert client.get(reverse("listings:technology_right", args=[technology.pk, 1])).status_code == 200
    assert client.get(reverse("listings:technology_right", args=[technology.pk, 3])).status_code == 404


@pytest.mark.parametrize("slug", ["problem", "requirement", "conditions", "cooperation"])
def test_demand_step_shows_what_is_stored(client, slug):
    demand = DemandFactory()
    client.force_login(demand.author)
    for language in ("vi", "en"):
        with override(language):
            pages = [
                step(demand, slug),
                *(reverse(f"listings:demand_{n}", args=[demand.pk]) for n in ("check", "manage")),
            ]
        assert [client.get(page).status_code for page in pages] == [200, 200, 200]


def test_stale_save_keeps_what_was_typed_and_shows_what_is_stored(client):
    technology = TechnologyFactory()
    client.force_login(technology.author)
    save(client, technology, "problem", problem="Bản của người thứ nhất", solution="Một")
    response = client.post(
        step(technology, "problem"), {"version": 1, "problem": "Bản của người thứ hai", "solution": "Một"}
    )
    body = response.content.decode()
    assert response.status_code == 409
    assert "Bản của người thứ nhất" in body
    assert "Bản của người thứ hai" in body
    assert '<input type="hidden" name="version" value="2">' in body
    technology.refresh_from_db()
    assert (technology.problem, technology.version) == ("Bản của người thứ nhất", 2)
    again = client.post(
        step(technology, "problem"), {"version": 2, "problem": "Bản của người thứ hai", "solution": "Một"}
    )
    technology.refresh_from_db()
    assert (again.status_code, technology.problem) == (302, "Bản của người thứ hai")


def test_stale_rows_and_rights_keep_what_was_typed(client):
    technology = TechnologyFactory(with_advantages=True, with_right=True)
    client.force_login(technology.author)
    data = rows("advantages", {"claim": "Điều đã gõ"})
    response = client.post(step(technology, "advantages"), {"version": 7, **data})
    assert (response.status_code, "Điều đã gõ" in response.content.decode()) == (409, True)
    right = {"version": 7, "kind": "patent", "status": "granted", "number": "số đã gõ", "office": "VN"}
    response = client.post(
        reverse("listings:technology_right", args=[technology.pk, 1]), {**right, **rows("owners", {"name": "A", "share_pct": "100"})}
    )  # fmt: skip
    assert (response.status_code, "số đã gõ" in response.content.decode()) == (409, True)
    technology.refresh_from_db()
    assert (technology.version, technology.advantages.count(), technology.ip_rights.count()) == (1, 2, 1)


def test_row_is_added_without_javascript(client):
    technology = TechnologyFactory()
    client.force_login(technology.author)
    data = {"version": 1, "advantages-add": "1", **rows("advantages", {"claim": "Đã gõ"})}
    body = client.post(step(technology, "advantages"), data).content.decode()
    assert 'name="advantages-1-claim"' in body
    assert "Đã gõ" in body
    data = {"version": 1, "kind": "patent", "owners-add": "1", **rows("owners", {"name": "Đã gõ", "share_pct": "40"})}
    body = client.post(reverse("listings:technology_right", args=[technology.pk, 1]), data).content.decode()
    assert 'name="owners-1-name"' in body


def test_right_is_edited_and_removed(client):
    technology = TechnologyFactory()
    IPRightFactory(technology=technology, number="A")
    IPRightFactory(technology=technology, number="B")
    client.force_login(technology.author)
    data = {
        "version": 1,
        "kind": "patent",
        "status": "granted",
        "number": "A2",
        "office": "US",
        "filing_date": "2019-04-16",
    }
    client.post(reverse("listings:technology_right", args=[technology.pk, 1]), {**data, **rows("owners")})
    assert sorted(r.number for r in technology.ip_rights.all()) == ["A2", "B"]
    client.post(reverse("listings:technology_right_remove", args=[technology.pk, 1]), {"version": 2})
    assert [r.number for r in technology.ip_rights.all()] == ["B"]


def test_novelty_warning_must_be_acknowledged(client):
    technology = TechnologyFactory(organisation=OrganisationFactory())
    IPRightFactory(
        technology=technology, filing_date=None, grant_date=None, expiry_date=None, status="pending", owners=[]
    )
    client.force_login(technology.author)
    submit = reverse("listings:technology_submit", args=[technology.pk])
    response = client.post(submit, {"version": 1})
    technology.refresh_from_db()
    assert (response.status_code, technology.state) == (409, "draft")
    assert "id_novelty_acknowledged" in response.content.decode()
    assert client.post(submit, {"version": 1, "novelty_acknowledged": "1"}).status_code == 302
    technology.refresh_from_db()
    assert technology.state == "submitted"


def test_check_names_what_is_missing_with_links(client):
    technology = TechnologyFactory(bare=True)
    client.force_login(technology.author)
    body = client.get(reverse("listings:technology_check", args=[technology.pk])).content.decode()
    for slug, name in [("basics", "summary"), ("readiness", "trl_0"), ("terms", "rights_offered_0")]:
        assert f'href="{step(technology, slug)}#id_{name}"' in body
    response = client.post(reverse("listings:technology_submit", args=[technology.pk]), {"version": 1})
    technology.refresh_from_db()
    assert (response.status_code, technology.state) == (200, "draft")


def test_second_click_starts_no_second_draft(client, researcher):
    start = {
        "draft_key": uuid.uuid4(), "organisation": researcher.seats[0].organisation_id, "language": "vi", "title": "Một lần",
    }  # fmt: skip
    first, second = (client.post(reverse("listings:technology_new"), start) for _ in range(2))
    assert (first.status_code, first.url) == (302, second.url)
    assert Technology.objects.count() == 1


def test_second_submit_says_where_it_stands(client):
    technology = TechnologyFactory()
    client.force_login(technology.author)
    submit = reverse("listings:technology_submit", args=[technology.pk])
    assert client.post(submit, {"version": 1}).status_code == 302
    events = Event.objects.count()
    response = client.post(submit, {"version": 1})
    assert response.status_code == 409
    assert Event.objects.count() == events


def test_edit_of_what_is_in_review_leads_to_its_page(client):
    technology = TechnologyFactory(in_review=True)
    client.force_login(technology.author)
    response = client.get(step(technology, "problem"))
    assert response.url == reverse("listings:technology_manage", args=[technology.pk])
    response = save(client, technology, "problem", problem="Đã gõ")
    assert (response.status_code, "Đã gõ" in response.content.decode()) == (409, True)
