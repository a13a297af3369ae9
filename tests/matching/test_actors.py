"""Every state-changing address of the room, by four actors."""

import datetime
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts.models import Notification, User
from audit.models import Event
from listings.models import Technology
from matching.choices import Side
from matching.exposure import exposure
from matching.models import Feedback, Match, Response
from tests.factories.accounts import person
from tests.factories.listings import DemandFactory, TechnologyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def match() -> Match:
    return Match.objects.create(
        technology=TechnologyFactory(published=True), demand=DemandFactory(published=True), score=0.7, lexical=3.0,
        cosine=0.4, found_from=Side.DEMAND, position=1, reasons={"words": [["asen", 0.5]], "sentences": None},
        technology_version=1, demand_version=1,
    )  # fmt: skip


def actor(who: str, match: Match, side: str) -> User | None:
    organisation = match.demand.organisation if side == Side.DEMAND else match.technology.organisation
    other = match.technology.organisation if side == Side.DEMAND else match.demand.organisation
    return {
        "nobody": lambda: None,
        "stranger": person,
        "wrong organisation": lambda: person(role="representative"),
        "other side": lambda: person(role="tto_officer", organisation=other),
        "without role": lambda: person(role="signatory", organisation=organisation),
        "operator": lambda: person(role="operator", exchange=match.demand.exchange),
        "right": lambda: person(
            role="representative" if side == Side.DEMAND else "tto_officer", organisation=organisation
        ),
    }[who]()


ACTS = [
    ("shortlist", {"position": 1}),
    ("decline", {"reason": "too_expensive", "note": "Vượt ngân sách", "position": 1}),
]


def snapshot() -> tuple[Any, ...]:
    rows = list(Response.objects.order_by("pk").values())
    return rows, Event.objects.count(), Notification.objects.count(), len(mail.outbox)


@pytest.mark.parametrize("side", Side.values)
@pytest.mark.parametrize("api", [False, True], ids=["page", "api"])
@pytest.mark.parametrize(("verb", "data"), ACTS)
@pytest.mark.parametrize(
    ("who", "page_status", "api_status"),
    [
        ("nobody", 302, 401), ("stranger", 404, 404), ("wrong organisation", 404, 404), ("other side", 403, 403),
        ("without role", 403, 403), ("operator", 403, 403), ("right", 302, 200),
    ],
)  # fmt: skip
def test_acts_by_actor(
    client: Client, match: Match, side: str, api: bool, verb: str, data: dict[str, Any], who: str,
    page_status: int, api_status: int,
) -> None:  # fmt: skip
    user = actor(who, match, side)
    if user is not None:
        client.force_login(user)
    before = snapshot()
    values = {**data, "side": side}
    if api:
        response = client.post(f"/api/v1/matches/{match.pk}/{verb}/", values, content_type="application/json")
        assert response.status_code == api_status
    else:
        assert client.post(f"/matches/{match.pk}/{verb}/", values).status_code == page_status
    if who == "right":
        assert Response.objects.get().side == side
        assert Event.objects.count() == before[1] + 1
    else:
        assert snapshot() == before


@pytest.mark.parametrize("count", [1, 3])
def test_match_list_asks_a_constant_number_of_queries(
    client: Client, match: Match, count: int, django_assert_num_queries: Any
) -> None:
    buyer = person(role="representative", organisation=match.demand.organisation)
    for _ in range(count - 1):
        Match.objects.create(
            technology=TechnologyFactory(published=True), demand=match.demand, score=0.5, lexical=1.0,
            found_from=Side.DEMAND, position=2, technology_version=1, demand_version=1,
        )  # fmt: skip
    client.force_login(buyer)
    for path, queries in (("/my/matches/?side=demand", 9), (f"/demands/{match.demand_id}/matches/", 11)):
        with django_assert_num_queries(queries):
            response = client.get(path)
        assert len(response.context["rows"]) == count


def test_a_decline_without_reason_keeps_what_was_typed(client: Client, match: Match) -> None:
    client.force_login(person(role="representative", organisation=match.demand.organisation))
    data = {"side": "demand", "note": "Chúng tôi cần máy nhỏ hơn"}
    response = client.post(f"/en/matches/{match.pk}/decline/", data)
    assert response.status_code == 400
    assert "Chúng tôi cần máy nhỏ hơn" in response.content.decode()
    assert Response.objects.count() == 0


@pytest.mark.parametrize(
    ("who", "status"), [("nobody", 302), ("stranger", 403), ("wrong organisation", 403), ("operator", 200)]
)
def test_exposure_is_for_operators(client: Client, match: Match, who: str, status: int) -> None:
    Match.objects.update(front=True, pushed_at=timezone.now())
    user = (
        person(role="operator", exchange=match.technology.exchange)
        if who == "operator"
        else actor(who, match, "demand")
    )
    if user is not None:
        client.force_login(user)
    response = client.get("/en/matches/exposure/")
    assert response.status_code == status
    if status == 200:
        assert match.technology.title in response.content.decode()
        assert response.context["figures"].places == 1


def test_exposure_counts_what_is_published_only(match: Match) -> None:
    other = TechnologyFactory(published=True, exchange=match.technology.exchange)
    Match.objects.create(
        technology=other, demand=match.demand, score=0.5, found_from="demand", position=2, lexical=1.0,
        technology_version=1, demand_version=1, reasons={},
    )  # fmt: skip
    Match.objects.update(front=True, is_new=True, pushed_at=timezone.now())
    Technology.objects.filter(pk=other.pk).update(state="withdrawn")
    since = timezone.now() - datetime.timedelta(days=1)
    figures, most = exposure([match.technology.exchange_id], since=since)
    assert (figures.listings, figures.places, figures.new_share) == (1, 1, 1.0)
    assert most == [(match.technology, 1)]


def test_the_place_in_the_list_goes_along_to_the_page_and_into_the_log(client: Client, match: Match) -> None:
    buyer = actor("right", match, Side.DEMAND)
    assert buyer is not None
    client.force_login(buyer)
    listed = BeautifulSoup(client.get("/my/matches/?side=demand").content, "html.parser")
    (decline,) = [link["href"] for link in listed.find_all("a") if "decline=yes" in str(link["href"])]
    page = BeautifulSoup(client.get(str(decline).partition("#")[0]).content, "html.parser")
    form = page.find("form", action=f"/matches/{match.pk}/decline/")
    assert form is not None
    sent = {str(each["name"]): str(each.get("value", "")) for each in form.find_all("input", type="hidden")}
    assert sent["position"] == "1"
    refused = client.post(f"/matches/{match.pk}/decline/", sent)
    assert refused.status_code == 400
    assert 'name="position" value="1"' in refused.content.decode()
    client.post(f"/matches/{match.pk}/decline/", {**sent, "reason": "too_expensive"})
    assert (Response.objects.get().position_shown, Feedback.objects.get().position) == (1, 1)
    assert client.get(f"/matches/{match.pk}/?position=0x").status_code == 200


def test_an_endless_number_is_no_match(client: Client, match: Match) -> None:
    client.force_login(match.demand.author)
    for name in ("demand", "technology"):
        response = client.get(f"/api/v1/matches/?{name}={'9' * 5000}")
        assert (response.status_code, response.json()["results"]) == (200, [])
