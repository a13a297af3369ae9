"""The price page, its short form and the API, by who looks and who asks."""

import json
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from knox.models import AuthToken

from accounts.models import Notification, User
from audit.models import Event
from listings.lifecycle import ListingState
from listings.models import Technology
from tests.factories.accounts import person
from tests.factories.listings import TechnologyFactory
from valuation import services
from valuation.models import Run, Suggestion

pytestmark = pytest.mark.django_db

NO_REVENUE = {"revenue_low": None, "revenue_mode": None, "revenue_high": None}


def page(technology: Technology, language: str = "") -> str:
    return f"{language}/technologies/{technology.pk}/price/"


def priced(**changes: Any) -> Technology:
    technology = TechnologyFactory(published=True, with_right=True, **changes)
    services.suggest_for(pk=technology.pk)
    return technology


@pytest.mark.parametrize("language", ["", "/en"])
def test_anyone_reads_the_range_of_what_is_published(client: Client, language: str) -> None:
    technology = priced()
    suggestion = Suggestion.objects.get()
    text = client.get(page(technology, language)).content.decode()
    assert suggestion.input_hash not in text, "who was never asked keeps the sales that the listing states"
    assert "RoyaltyStat" in text
    services.save_answers(
        technology=technology, actor=technology.author, version=0, disclosure="basis",
        answers={"margin": {"value": ["7", "13.7", "19"], "origin": "owner"}},
    )  # fmt: skip
    opened = services.suggest_for(pk=technology.pk)
    assert opened is not None
    text = client.get(page(technology, language)).content.decode()
    assert opened.input_hash in text
    assert str(opened.seed) in text
    assert "định giá" not in text.lower()
    assert ("Giá gợi ý" if not language else "A suggested range is computed") in text


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({}, "Costs of bringing it to market are not counted. Official fees and tax amortisation are not counted."),
        ({"tab_life": ["10"]}, "not counted. The tax that the buyer saves by writing the purchase off is counted; official"),
        ({"tab_life": ["10"], "launch_cost": ["1", "2", "3"]}, "as the owner stated them. The tax that the buyer saves"),
    ],
)  # fmt: skip
def test_the_page_says_what_is_counted(client: Client, answers: dict[str, list[str]], words: str) -> None:
    technology = TechnologyFactory(published=True, with_right=True)
    services.save_answers(
        technology=technology, actor=technology.author, version=0,
        answers={code: {"value": value, "origin": "owner"} for code, value in answers.items()},
    )  # fmt: skip
    services.suggest_for(pk=technology.pk)
    assert words in client.get(page(technology, "/en")).content.decode()


def test_the_page_shows_the_figures_of_the_row(client: Client) -> None:
    technology = priced()
    shown = client.get(page(technology, "/en")).context["shown"]
    result = Suggestion.objects.get().result
    assert result is not None
    assert [row["label"] for row in shown["methods"]] == ["Relief from royalty", "Comparable royalties"]
    assert [row["label"] for row in shown["drivers"]] == ["Royalty", "Yearly revenue of a licensee", "Royalty in the published figures"]  # fmt: skip
    assert sum(row["weight"] for row in shown["comparables"]) == pytest.approx(1)
    assert sum(part["score"] * part["share"] for part in shown["grade"]["parts"]) == pytest.approx(
        shown["grade"]["score"]
    )
    assert shown["unconfirmed_count"] == 14


def test_without_revenue_the_owner_is_shown_the_way(client: Client) -> None:
    technology = priced(**NO_REVENUE)
    text = client.get(page(technology, "/en")).content.decode()
    assert "Not enough data for a range" in text
    assert "Give three revenue figures" not in text
    client.force_login(technology.author)
    text = client.get(page(technology, "/en")).content.decode()
    assert "Give three revenue figures" in text
    assert f"{page(technology, '/en')}interview/" in text


def test_disagreeing_methods_give_no_price_but_their_ranges(client: Client) -> None:
    technology = priced(revenue_low=0, revenue_mode=0, revenue_high=0)
    text = client.get(page(technology, "/en")).content.decode()
    assert "No single range can be named honestly" in text
    assert "Relief from royalty" in text


def test_the_technology_page_takes_the_short_form(client: Client) -> None:
    technology = priced()
    for response in (
        client.get(page(technology, "/en"), headers={"HX-Request": "true"}),
        client.get(page(technology, "/en") + "?fragment=1"),
    ):
        text = response.content.decode()
        assert "<html" not in text
        assert "How it is computed" in text
        assert "HX-Request" in response.headers["Vary"]
    assert page(technology, "/en") in client.get(f"/en/technologies/{technology.pk}/").content.decode()


@pytest.mark.parametrize("state", [state for state in ListingState if state != ListingState.PUBLISHED])
def test_what_is_not_published_has_no_price_for_strangers(client: Client, state: str) -> None:
    technology = TechnologyFactory(state=state, legal_class="none")
    services.suggest_for(pk=technology.pk)
    doors = [page(technology), page(technology) + "?fragment=1", page(technology) + "?waiting=1"]
    for viewer in (None, person(), person(role="tto_officer")):
        if viewer is not None:
            client.force_login(viewer)
        assert [client.get(door).status_code for door in doors] == [404] * 3
        assert client.get(doors[2], headers={"HX-Request": "true"}).status_code == 404
        assert client.get(f"/api/v1/technologies/{technology.pk}/price/").status_code == 404
    client.force_login(technology.author)
    assert client.get(doors[0]).status_code == 200


def test_the_owner_alone_reads_advice_for_the_negotiation(client: Client) -> None:
    technology = priced()
    assert "Do not go below" not in client.get(page(technology, "/en")).content.decode()
    assert "reserve_at_least" not in client.get(f"/api/v1/technologies/{technology.pk}/price/").content.decode()
    client.force_login(technology.author)
    assert "Do not go below" in client.get(page(technology, "/en")).content.decode()


def test_what_is_tried_out_never_calls_itself_the_suggested_range(client: Client) -> None:
    technology = priced()
    address = page(technology, "/en") + "what-if/"
    client.force_login(technology.author)
    at_first, moved = (client.get(address + query).content.decode() for query in ("", "?royalty=0.11"))
    assert "The suggested range, nothing moved" in at_first
    assert "The suggested range, nothing moved" not in moved
    assert "Then the range would be" in moved
    assert "It is not the suggested range itself" in moved
    assert "A suggested range is computed from the inputs shown" not in moved


def test_a_driver_says_from_which_figures_it_was_drawn(client: Client) -> None:
    technology = priced()
    client.force_login(technology.author)
    rows = {str(row["label"]): row["given"] for row in client.get(page(technology, "/en")).context["shown"]["drivers"]}
    assert rows["Yearly revenue of a licensee"].count(" – ") == 2
    client.logout()
    rows = {str(row["label"]): row["given"] for row in client.get(page(technology, "/en")).context["shown"]["drivers"]}
    assert rows["Yearly revenue of a licensee"] == ""
    assert rows["Royalty"].count(" – ") == 2


def test_an_older_content_has_its_own_range(client: Client) -> None:
    technology = priced()
    Technology.objects.filter(pk=technology.pk).update(content_version=2)
    assert client.get(page(technology)).context["shown"] is None


def actor(who: str, technology: Technology) -> User | None:
    return {
        "nobody": lambda: None,
        "stranger": person,
        "wrong organisation": lambda: person(role="tto_officer"),
        "without role": lambda: person(role="signatory", organisation=technology.organisation),
        "colleague": lambda: person(role="researcher", organisation=technology.organisation),
        "operator": lambda: person(role="operator", exchange=technology.exchange),
        "right": lambda: technology.author,
    }[who]()


def snapshot() -> tuple[int, ...]:
    return Event.objects.count(), Suggestion.objects.count(), Notification.objects.count(), len(mail.outbox)


@pytest.mark.parametrize("api", [False, True], ids=["page", "api"])
@pytest.mark.parametrize(
    ("who", "draft", "published"),
    [
        ("nobody", 302, 302), ("stranger", 404, 403), ("wrong organisation", 404, 403), ("without role", 403, 403),
        ("colleague", 403, 403), ("operator", 404, 403), ("right", 302, 302),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_published", [False, True], ids=["draft", "published"])
def test_who_may_ask(
    client: Client, api: bool, who: str, draft: int, published: int, is_published: bool,
    django_capture_on_commit_callbacks: Any, eager_tasks: None,
) -> None:  # fmt: skip
    technology = TechnologyFactory(published=is_published)
    user = actor(who, technology)
    if user is not None and not api:
        client.force_login(user)
    headers = {"Authorization": f"Token {AuthToken.objects.create(user)[1]}"} if api and user else {}
    before = snapshot()
    path = f"/api/v1/technologies/{technology.pk}/price/" if api else page(technology) + "suggest/"
    with django_capture_on_commit_callbacks(execute=True) as callbacks:
        status = client.post(path, headers=headers).status_code
    expected = published if is_published else draft
    if api:
        expected = {"nobody": 401, "right": 202}.get(who, expected)
    assert status == expected
    if who == "right":
        assert len(callbacks) == 1
        assert Suggestion.objects.get().technology == technology
        assert list(Event.objects.order_by("pk").values_list("tag", "actor"))[-5:] == [
            ("technology.ask_price", user.pk), ("run.request", user.pk), ("run.start", None),
            ("technology.suggest_price", None), ("run.complete", None),
        ]  # fmt: skip
        assert Run.objects.get().suggestion == Suggestion.objects.get()
    else:
        assert (snapshot(), callbacks) == (before, [])


def test_asking_on_get_is_refused(client: Client) -> None:
    technology = TechnologyFactory()
    client.force_login(technology.author)
    assert client.get(page(technology) + "suggest/").status_code == 405
    assert Event.objects.count() == 0


def test_a_draft_shows_the_way_from_asking_to_the_range(
    client: Client, django_capture_on_commit_callbacks: Any, eager_tasks: None
) -> None:
    technology = TechnologyFactory()
    client.force_login(technology.author)
    assert "Suggest a range now" in client.get(page(technology, "/en")).content.decode()
    with django_capture_on_commit_callbacks() as callbacks:
        response = client.post(page(technology, "/en") + "suggest/")
    here = response["Location"]
    waiting = client.get(here).content.decode()
    assert f'hx-get="{here}"' in waiting
    assert f'action="{here}cancel/"' in waiting
    asking = {"path": here, "headers": {"HX-Request": "true"}}
    assert "hx-get" in client.get(**asking).content.decode()
    for callback in callbacks:
        callback()
    assert client.get(**asking).headers["HX-Redirect"] == page(technology, "/en")
    assert client.get(here, follow=True).context["shown"]["suggestion"].is_priced


def test_a_published_technology_without_a_range_says_that_it_is_being_computed(client: Client) -> None:
    technology = TechnologyFactory(published=True)
    address = page(technology, "/en")
    assert f'hx-get="{address}?waiting=1"' in client.get(address).content.decode()
    asking = {"path": f"{address}?waiting=1", "headers": {"HX-Request": "true"}}
    assert "hx-get" in client.get(**asking).content.decode()
    services.suggest_for(pk=technology.pk)
    assert client.get(**asking).headers["HX-Refresh"] == "true"


def test_asking_over_the_api_names_the_run_that_can_be_stopped(client: Client) -> None:
    technology = TechnologyFactory()
    client.force_login(technology.author)
    headers = {"Authorization": f"Token {AuthToken.objects.create(technology.author)[1]}"}
    asked = client.post(f"/api/v1/technologies/{technology.pk}/price/", headers=headers)
    assert asked.headers["Location"] == f"/api/v1/computations/{Run.objects.get().pk}/"
    stopped = client.post(asked.headers["Location"] + "cancel/", headers=headers)
    assert (stopped.status_code, stopped.json()["state"]) == (200, "cancelled")


def test_the_api_gives_what_the_page_gives(client: Client) -> None:
    technology = priced()
    client.force_login(technology.author)
    suggestion = Suggestion.objects.get()
    answer = json.loads(client.get(f"/api/v1/technologies/{technology.pk}/price/").content)
    assert answer["state"] == "ready"
    given = answer["suggestion"]
    assert (given["low"], given["mid"], given["high"]) == tuple(
        str(end) for end in (suggestion.low, suggestion.mid, suggestion.high)
    )
    assert given["input_hash"] == suggestion.input_hash
    assert given["parameters"] == suggestion.inputs["parameters"]
    assert [method["method"] for method in given["methods"]] == ["relief_from_royalty", "comparable_royalties"]
    waiting = TechnologyFactory(published=True)
    answer = json.loads(client.get(f"/api/v1/technologies/{waiting.pk}/price/").content)
    assert (answer["state"], answer["suggestion"]) == ("pending", None)


@pytest.mark.parametrize("count", [1, 3])
def test_pages_ask_a_constant_number_of_queries(client: Client, count: int, django_assert_num_queries: Any) -> None:
    technology = priced()
    for _ in range(count - 1):
        Technology.objects.filter(pk=technology.pk).update(content_version=technology.content_version + 1)
        technology.refresh_from_db()
        services.suggest_for(pk=technology.pk)
    assert Suggestion.objects.count() == count
    api = f"/api/v1/technologies/{technology.pk}/price/"
    for path, queries in ((page(technology), 6), (page(technology) + "?fragment=1", 2), (api, 3)):
        with django_assert_num_queries(queries):
            client.get(path)
    client.force_login(technology.author)
    with django_assert_num_queries(10):
        client.get(page(technology))
