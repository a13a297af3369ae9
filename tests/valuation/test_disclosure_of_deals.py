"""What outsiders read does not depend on the deals that the owner named, but for the range and its grade."""

import re
from typing import Any

import pytest
from django.test import Client

from listings.models import Technology
from tests.factories.accounts import OrganisationFactory, person
from tests.factories.listings import TechnologyFactory
from valuation import selectors, services
from valuation.models import Suggestion
from valuation.throttle import WhatIfThrottle

pytestmark = pytest.mark.django_db

DISCLOSED = {"low", "mid", "high", "grade", "interview_version", "created_at"}
FAR = (["6.31", "2023", "yes"], ["1.5", "2012", "no"])


def answer(technology: Technology, deals: list[str], level: str) -> Suggestion:
    interview = selectors.interview_of(technology)
    services.save_answers(
        technology=technology, actor=technology.author, version=interview.version if interview else 0, disclosure=level,
        answers={"deals": {"value": deals, "origin": "owner"}, "margin": {"value": ["7", "13.7", "19"], "origin": "owner"}},
    )  # fmt: skip
    found = services.suggest_for(pk=technology.pk)
    assert found is not None
    return found


def told(client: Client, technology: Technology) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/v1/technologies/{technology.pk}/price/").json()["suggestion"]
    return {name: value for name, value in found.items() if name not in DISCLOSED}


def page(client: Client, technology: Technology) -> str:
    text = client.get(f"/en/technologies/{technology.pk}/price/").content.decode()
    return re.sub(r'(csrfmiddlewaretoken" value|nonce|data-token)="[^"]*"', "", text)


@pytest.mark.parametrize("level", ["basis", "range"])
def test_outsiders_read_the_same_whatever_deals_the_owner_named(client: Client, level: str) -> None:
    technology = TechnologyFactory(published=True, with_right=True)
    seen: dict[Any, tuple[dict[str, Any], str]] = {}
    for rate in ("6.31", "6.32", "6.33", "6.34", "6.35"):  # until two of them give the same range: only that may differ
        found = answer(technology, [rate, "2023", "yes", "5.2", "2021", "no"], level)
        disclosed = (found.low, found.mid, found.high, found.grade)
        now = told(client, technology), page(client, technology)
        if disclosed in seen:
            break
        seen[disclosed] = now
    else:
        pytest.fail("no two of these deals give the same range")
    before = seen[disclosed]
    assert now[0] == before[0]
    assert now[1].splitlines() == before[1].splitlines()
    assert "it need not add up to the range" in now[1]
    client.force_login(technology.author)
    assert "it need not add up to the range" not in page(client, technology)
    assert told(client, technology)["methods"] != now[0]["methods"]


@pytest.mark.parametrize(
    ("level", "left_out", "says"),
    [("basis", "deals", "Everything else is what the owner discloses"), ("range", "answers", "an example only")],
)
def test_the_panel_says_what_it_starts_without(client: Client, level: str, left_out: str, says: str) -> None:
    technology = TechnologyFactory(published=True, with_right=True)
    answer(technology, FAR[0], level)
    door = f"technologies/{technology.pk}/price/what-if/"
    found = client.get(f"/api/v1/{door}").json()
    assert (found["is_rough"], found["left_out"]) == (True, left_out)
    shown = client.get(f"/en/{door}").content.decode()
    assert says in shown
    assert ("The owner keeps his figures" in shown) is (level == "range")
    client.force_login(technology.author)
    assert client.get(f"/api/v1/{door}").json()["left_out"] == "nothing"


def test_a_page_that_has_to_simulate_counts_as_a_computation(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (TechnologyFactory(published=True, with_right=True, trl=trl) for trl in (4, 7))
    for technology, deals in ((first, FAR[0]), (second, FAR[1])):
        answer(technology, deals, "basis")
    monkeypatch.setattr(WhatIfThrottle, "rate", "1/min", raising=False)
    doors = [f"/en/technologies/{one.pk}/price/" for one in (first, first, second)]
    assert [client.get(door).status_code for door in doors] == [200, 200, 429]
    assert client.get(f"/api/v1/technologies/{second.pk}/price/").status_code == 429
    assert client.get(f"/en/technologies/{second.pk}/price/?fragment=1").status_code == 200
    client.force_login(second.author)
    assert client.get(doors[2]).status_code == 200, "the owner reads what is stored"


@pytest.mark.parametrize("level", ["basis", "range"])
def test_deals_far_apart_move_nothing_but_the_range_and_what_is_worth_its_middle(client: Client, level: str) -> None:
    technology = TechnologyFactory(published=True, with_right=True)
    rows = [(answer(technology, deals, level), told(client, technology)) for deals in FAR]
    (first, one), (second, other) = rows
    assert first.mid != second.mid
    worth = [found.pop("equivalents") for found in (one, other)]
    assert one == other
    if level == "basis":
        assert [float(row.mid) for row in (first, second)] == [found["lump_sum"] for found in worth]
        assert sum(bar["weight"] for bar in one["methods"]) == pytest.approx(1)
        assert "deal" not in {row["statistic"] for row in one["comparables"]}


def test_what_a_public_owner_may_not_sell_below_is_read_by_insiders_alone(client: Client) -> None:
    university = OrganisationFactory(kind="university")
    technology = TechnologyFactory(published=True, organisation=university, state_funding_pct=50)
    services.save_answers(
        technology=technology, actor=technology.author, version=0, disclosure="basis",
        answers={"past_costs": {"value": ["2024", "7654321000"], "origin": "owner"}},
    )  # fmt: skip
    services.suggest_for(pk=technology.pk)
    assert told(client, technology)["parameters"]["sunk_cost_floor"] is None
    for inside in (technology.author, person(role="operator", exchange=technology.exchange)):
        client.force_login(inside)
        assert told(client, technology)["parameters"]["sunk_cost_floor"] == 3827160500.0
