"""Who reads which part: every door (page, fragment, API, what-if), and that nothing can be found out by asking."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from knox.models import AuthToken

from accounts.models import User
from listings.models import Technology
from rules.models import Rule
from tests.factories.accounts import person
from tests.factories.listings import TechnologyFactory
from valuation import disclosure, selectors, services
from valuation.disclosure import Reader, reader_of
from valuation.models import Interview, InterviewRevision, Suggestion
from valuation.words import LEAST

pytestmark = pytest.mark.django_db

ANSWERS = {
    "margin": ["7", "13.7", "19"],
    "past_costs": ["2022", "1234567891"],
    "deals": ["6.31", "2023", "yes"],
    "walk_away": ["8765432100"],
    "incremental_profit": ["1000000000", "2000000000", "3000000000"],
}
PRIVATE = [
    "1234567891",
    "1,234,567,891",
    "6.31",
    "0.0631",
    "8765432100",
    "8,765,432,100",
    "8.77",
    "8.8\u00a0bn",
    "13.7",
    "0.137",
]


def interviewed(level: str = "range", **answers: list[str]) -> Technology:
    """Give a published technology whose owner answered, with a range computed from that."""
    technology = TechnologyFactory(published=True, with_right=True)
    given = {code: {"value": value, "origin": "owner"} for code, value in (answers or ANSWERS).items()}
    services.save_answers(technology=technology, actor=technology.author, version=0, answers=given, disclosure=level)
    services.suggest_for(pk=technology.pk)
    return technology


def doors(technology: Technology) -> list[str]:
    pk = technology.pk
    return [
        f"/en/technologies/{pk}/price/", f"/en/technologies/{pk}/price/?fragment=1", f"/api/v1/technologies/{pk}/price/",
        f"/en/technologies/{pk}/price/what-if/", f"/en/technologies/{pk}/price/what-if/?revenue=1&success=100",
        f"/api/v1/technologies/{pk}/price/what-if/?revenue=0.001", f"/en/technologies/{pk}/", f"/api/v1/technologies/{pk}/",
    ]  # fmt: skip


def outsiders(technology: Technology) -> list[User | None]:
    return [None, person(), person(role="tto_officer"), person(role="representative")]


def read(client: Client, viewer: User | None, address: str) -> str:
    client.logout()
    if viewer is not None:
        client.force_login(viewer)
    response = client.get(address)
    assert response.status_code == 200
    return str(response.content.decode())


@pytest.mark.parametrize("level", ["range", "basis"])
def test_outsiders_never_read_what_the_owner_keeps(client: Client, level: str) -> None:
    technology = interviewed(level)
    kept = (
        PRIVATE
        if level == "range"
        else [text for text in PRIVATE if text not in {"13.7", "0.137", "1234567891", "1,234,567,891"}]
    )
    found = Suggestion.objects.get()
    assert found.result is not None
    kept += [str(found.seed), found.input_hash, "reserve_at_least", "buyer_maximum", "Do not go below"]
    for viewer in outsiders(technology):
        for door in doors(technology):
            text = read(client, viewer, door)
            assert [secret for secret in kept if secret in text] == [], (door, viewer)


def test_the_walk_away_is_read_by_the_owners_people_alone(client: Client) -> None:
    technology = interviewed()
    price = doors(technology)[0]
    for viewer in (technology.author, person(role="signatory", organisation=technology.organisation)):
        text = read(client, viewer, price)
        assert "Do not go below" in text
        assert "₫8.8\u00a0bn" in text
    operator = person(role="operator", exchange=technology.exchange)
    text = read(client, operator, price)
    assert "Do not go below" not in text
    assert "8.8\u00a0bn" not in text
    assert "Own deal" in text


def test_readers() -> None:
    technology = interviewed("range")
    interview = selectors.interview_of(technology)
    assert interview is not None
    operator = person(role="operator", exchange=technology.exchange)
    assert [reader_of(viewer, technology, interview) for viewer in (technology.author, operator, person())] == [
        Reader.OWNER, Reader.OPERATOR, Reader.RANGE,
    ]  # fmt: skip
    interview.disclosure = "basis"
    assert reader_of(person(), technology, interview) == Reader.BASIS
    assert reader_of(person(), technology, None) == Reader.LISTED


def test_the_range_alone_has_no_figures_but_names_and_effects(client: Client) -> None:
    technology = interviewed("range")
    answer = client.get(f"/api/v1/technologies/{technology.pk}/price/").json()["suggestion"]
    assert answer["low"] is not None
    assert (answer["parameters"], answer["seed"], answer["input_hash"]) == (None, None, "")
    assert {bar["p50"] for bar in answer["methods"]} == {None}
    assert {driver["input_mid"] for driver in answer["drivers"]} == {None}
    assert all(driver["effect_low"] is not None for driver in answer["drivers"])
    hidden = {row["name"] for row in answer["inputs"] if not row["values"]}
    assert hidden == {"margin", "cost", "success", "discount_rate", "incremental_profit", "revenue"}
    assert [row for row in answer["comparables"] if row["statistic"] == "deal"] == []


STATED = {"revenue_low": Decimal(4187000000), "revenue_mode": Decimal(9137000000), "revenue_high": Decimal(22893000000)}


def stated_forms(value: Decimal) -> list[str]:
    """Every way in which a page or the API writes an amount."""
    return [str(value), f"{value:,}", f"{value:,}".replace(",", "."), f"{float(value):.6e}"[:6], f"{float(value)}"]


@pytest.mark.parametrize("answered", [False, True], ids=["never asked", "keeps the answers"])
def test_sales_that_the_listing_keeps_are_read_at_no_door(client: Client, answered: bool) -> None:
    technology = TechnologyFactory(published=True, with_right=True, **STATED)
    if answered:
        services.save_answers(
            technology=technology, actor=technology.author, version=0, disclosure="range",
            answers={"margin": {"value": ["7", "13.7", "19"], "origin": "owner"}},
        )  # fmt: skip
    found = services.suggest_for(pk=technology.pk)
    assert found is not None
    assert found.result is not None
    exact = [repr(found.result["pooled"]["mean"])[:9], str(found.seed), found.input_hash]
    exact += [repr(bar[end])[:9] for bar in found.result["bars"] for end in ("p10", "p50", "p90")]
    secrets = [text for value in STATED.values() for text in stated_forms(value)] + exact
    for viewer in outsiders(technology):
        for door in doors(technology):
            text = read(client, viewer, door)
            assert [secret for secret in secrets if secret in text] == [], (door, viewer)
    price = f"/api/v1/technologies/{technology.pk}/price/"
    rows = {row["name"]: row["values"] for row in client.get(price).json()["suggestion"]["inputs"]}
    assert (rows["revenue"], len(rows["royalty"])) == ([], 3)
    listing = client.get(f"/api/v1/technologies/{technology.pk}/").json()
    assert [listing[name] for name in STATED] == [None] * 3
    assert listing["royalty_industry"] == technology.royalty_industry
    for inside in (technology.author, person(role="operator", exchange=technology.exchange)):
        client.force_login(inside)
        assert "9137000000" in client.get(price).content.decode()
        assert "9137000000" in client.get(f"/api/v1/technologies/{technology.pk}/").content.decode()


def test_who_was_never_asked_still_shows_methods_comparables_and_forms(client: Client) -> None:
    technology = TechnologyFactory(published=True, with_right=True, **STATED)
    services.suggest_for(pk=technology.pk)
    shown = client.get(f"/api/v1/technologies/{technology.pk}/price/").json()["suggestion"]
    assert all(bar["p50"] > 0 for bar in shown["methods"])
    assert shown["comparables"]
    assert shown["equivalents"]["lump_sum"] == float(shown["mid"])
    page = read(client, None, f"/en/technologies/{technology.pk}/price/")
    assert 'id="comparables"' in page
    assert 'id="forms"' in page
    assert "not disclosed" in page


@pytest.mark.parametrize("query", ["", "?royalty=0.07", "?revenue=3000000000"])
def test_an_outsiders_what_if_is_the_same_whatever_sales_the_listing_states(client: Client, query: str) -> None:
    technology = TechnologyFactory(published=True, with_right=True, **STATED)
    services.suggest_for(pk=technology.pk)
    address = f"/api/v1/technologies/{technology.pk}/price/what-if/{query}"
    first = client.get(address)
    Technology.objects.filter(pk=technology.pk).update(
        revenue_low=Decimal(1), revenue_mode=Decimal(2), revenue_high=Decimal(3)
    )
    services.suggest_for(pk=technology.pk)
    assert client.get(address).content == first.content
    assert first.json()["is_rough"] is True


def test_opening_the_basis_changes_what_is_read_and_computes_nothing_anew(client: Client) -> None:
    technology = interviewed("range", margin=["7", "13.7", "19"])
    before = Suggestion.objects.count()
    api = f"/api/v1/technologies/{technology.pk}/price/"
    assert client.get(api).json()["suggestion"]["parameters"] is None
    services.save_answers(technology=technology, actor=technology.author, version=1, answers={}, disclosure="basis")
    shown = client.get(api).json()["suggestion"]
    assert shown["parameters"]["plan"]["margin"] == pytest.approx(0.137)
    assert Suggestion.objects.count() == before


QUERIES = [
    "",
    "?revenue=1",
    "?revenue=9e10&royalty=0.2",
    "?success=1&economic_life=25",
    "?launch_delay=0&coverage=0.03",
]


@pytest.mark.parametrize("query", QUERIES)
def test_no_question_finds_out_an_undisclosed_answer(client: Client, query: str) -> None:
    """The bytes of every public what-if are the same whatever the owner answered."""
    technology = TechnologyFactory(published=True, with_right=True)
    services.save_answers(
        technology=technology, actor=technology.author, version=0, disclosure="range",
        answers={"margin": {"value": ["7", "13.7", "19"], "origin": "owner"}},
    )  # fmt: skip
    services.suggest_for(pk=technology.pk)
    address = f"/api/v1/technologies/{technology.pk}/price/what-if/{query}"
    first = client.get(address)
    services.save_answers(
        technology=technology, actor=technology.author, version=1,
        answers={
            code: {"value": value, "origin": "owner"}
            for code, value in {**ANSWERS, "revenue": ["1", "2", "3"], "success": ["1", "2", "3"], "tax": ["1"],
                                "launch_cost": ["1", "2", "3"], "royalty": ["50", "60", "70"]}.items()
        },
    )  # fmt: skip
    services.suggest_for(pk=technology.pk)
    assert client.get(address).content == first.content
    assert first.json()["is_rough"] is True


def test_secret_deals_do_not_move_an_outsiders_what_if(client: Client) -> None:
    technology = interviewed("basis", margin=["7", "13.7", "19"])
    address = f"/api/v1/technologies/{technology.pk}/price/what-if/?revenue=5000000000"
    services.save_answers(
        technology=technology, actor=technology.author, version=1,
        answers={"deals": {"value": ["33", "2024", "no"], "origin": "owner"}},
    )  # fmt: skip
    services.suggest_for(pk=technology.pk)
    first = client.get(address)
    services.save_answers(
        technology=technology, actor=technology.author, version=2,
        answers={"deals": {"value": ["1", "2024", "no"], "origin": "owner"}},
    )  # fmt: skip
    services.suggest_for(pk=technology.pk)
    assert client.get(address).content == first.content


def test_the_walk_away_is_in_no_suggestion_and_moves_no_hash() -> None:
    technology = interviewed("range", margin=["7", "13.7", "19"], walk_away=["8765432100"])
    services.save_answers(
        technology=technology, actor=technology.author, version=1,
        answers={"walk_away": {"value": ["5"], "origin": "owner"}},
    )  # fmt: skip
    services.suggest_for(pk=technology.pk)
    found = Suggestion.objects.get()
    assert "8765432100" not in str(found.inputs) + str(found.result)


def test_the_least_is_the_highest_of_what_is_known() -> None:
    technology = interviewed("range", margin=["7", "13.7", "19"], walk_away=["99000000000"])
    found, interview = Suggestion.objects.get(), Interview.objects.get()
    side = disclosure.walk_away(found, interview, Reader.OWNER)
    assert side is not None
    assert found.result is not None
    assert (side["least"], side["computed"]) == (99e9, found.result["reserve_at_least"])
    assert disclosure.walk_away(found, interview, Reader.OPERATOR) is None
    assert disclosure.walk_away(found, None, Reader.OWNER) == {
        **side, "least": side["computed"], "alternative": None, "rule": "quarter",
    }  # fmt: skip
    assert technology.pk == found.technology_id
    Rule.objects.filter(code="valuation.unanswered.walk_away").update(value=88e9)
    standing = disclosure.walk_away(found, None, Reader.OWNER)
    assert standing is not None
    assert (standing["least"], standing["rule"]) == (88e9, "standing")


@pytest.mark.parametrize(
    ("rule", "answers"),
    [
        ("quarter", {"walk_away": ["1000"]}),
        ("alternative", {"walk_away": ["99000000000"]}),
        ("state_money", {"walk_away": ["1000"], "past_costs": ["2024", "98765432100"]}),
    ],
)
def test_the_owner_reads_which_rule_sets_the_least_and_that_he_wishes_less(
    client: Client, rule: str, answers: dict[str, list[str]]
) -> None:
    technology = interviewed("range", **answers)
    Technology.objects.filter(pk=technology.pk).update(price_min=Decimal(1000000))
    client.force_login(technology.author)
    page = client.get(f"/en/technologies/{technology.pk}/price/")
    side = page.context["shown"]["own_side"]
    assert (side["rule"], side["wishes_less"]) == (LEAST[rule], True)
    text = page.content.decode()
    with translation.override("en"):
        assert text.count(str(LEAST[rule])) == 2
    assert "You wish ₫1\u00a0m, less than the" in text
    Technology.objects.filter(pk=technology.pk).update(price_min=Decimal(999_000_000_000), price_max=None)
    assert client.get(f"/en/technologies/{technology.pk}/price/").context["shown"]["own_side"]["wishes_less"] is False
    client.logout()
    assert "less than the" not in client.get(f"/en/technologies/{technology.pk}/price/").content.decode()


MAXIMUM = {"profit_low": "1 tỷ", "profit_mode": "2 tỷ", "profit_high": "4 tỷ", "start_cost": "500 triệu", "rate": "15"}


def viewer_of(who: str, technology: Technology) -> User | None:
    return {
        "nobody": lambda: None,
        "buyer": person,
        "other buyer": lambda: person(role="representative"),
        "owner": lambda: technology.author,
        "colleague": lambda: person(role="signatory", organisation=technology.organisation),
        "operator": lambda: person(role="operator", exchange=technology.exchange),
    }[who]()


def snapshot() -> tuple[int, ...]:
    return Suggestion.objects.count(), Interview.objects.count(), InterviewRevision.objects.count()


@pytest.mark.parametrize(
    ("who", "expected"),
    [("nobody", 302), ("buyer", 200), ("other buyer", 200), ("owner", 403), ("colleague", 403), ("operator", 403)],
)
@pytest.mark.parametrize("api", [False, True], ids=["page", "api"])
def test_who_reckons_his_own_maximum_and_nothing_is_stored(client: Client, who: str, expected: int, api: bool) -> None:
    technology = interviewed("range")
    before, user = snapshot(), viewer_of(who, technology)
    if api:
        headers = {} if user is None else {"Authorization": f"Token {AuthToken.objects.create(user)[1]}"}
        body = {"profit_low": 1e9, "profit_mode": 2e9, "profit_high": 4e9, "start_cost": 5e8, "rate": 0.15}
        response = client.post(
            f"/api/v1/technologies/{technology.pk}/price/my-maximum/", body, content_type="application/json", headers=headers
        )  # fmt: skip
        assert response.status_code == (401 if user is None else expected)
    else:
        if user is not None:
            client.force_login(user)
        address = f"/en/technologies/{technology.pk}/price/my-maximum/"
        response = client.post(address, MAXIMUM)
        assert response.status_code == expected
        assert client.get(address).status_code == expected
    if expected == 200:
        assert "no-store" in response.headers["Cache-Control"]
        mid = response.json()["mid"] if api else response.context["maximum"]["mid"]
        assert 1e9 < mid < 2e10
    assert snapshot() == before


def test_a_maximum_is_forgotten_with_the_answer(client: Client) -> None:
    technology = interviewed("range")
    address = f"/en/technologies/{technology.pk}/price/my-maximum/"
    client.force_login(person())
    client.post(address, MAXIMUM)
    for viewer in (person(), None, technology.author):
        client.logout()
        if viewer is not None:
            client.force_login(viewer)
        assert "At most <strong>" not in client.get(address).content.decode()


def test_bad_figures_of_a_buyer_stay_as_typed(client: Client) -> None:
    technology = interviewed("range")
    client.force_login(person())
    response = client.post(
        f"/en/technologies/{technology.pk}/price/my-maximum/", {"profit_low": "3 tỷ", "profit_mode": "2 tỷ", "rate": "many"}
    )  # fmt: skip
    text = response.content.decode()
    assert 'value="3 tỷ"' in text
    assert 'value="many"' in text
    assert "The figures must rise from low to high." in text


@pytest.mark.parametrize("state", ["draft", "submitted", "withdrawn"])
def test_what_is_not_published_answers_no_stranger(client: Client, state: str) -> None:
    technology = TechnologyFactory(state=state)
    services.suggest_for(pk=technology.pk)
    for viewer in outsiders(technology):
        client.logout()
        if viewer is not None:
            client.force_login(viewer)
        paths = ("what-if/", "what-if/?revenue=1")
        assert [client.get(f"/technologies/{technology.pk}/price/{path}").status_code for path in paths] == [404, 404]
        assert client.get(f"/api/v1/technologies/{technology.pk}/price/what-if/").status_code == 404
        if viewer is not None:
            assert client.post(f"/technologies/{technology.pk}/price/my-maximum/", MAXIMUM).status_code == 404


def price(client: Client, technology: Technology, query: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/v1/technologies/{technology.pk}/price/what-if/{query}").json()
    return found


def test_an_unmoved_what_if_is_the_suggestion_itself(client: Client) -> None:
    technology = interviewed("basis", margin=["7", "13.7", "19"])
    found, stored = price(client, technology, ""), Suggestion.objects.get()
    assert (Decimal(found["low"]), Decimal(found["mid"]), Decimal(found["high"])) == (
        stored.low,
        stored.mid,
        stored.high,
    )
    assert (found["change"], found["is_rough"]) == (0.0, False)


@pytest.mark.parametrize(
    ("lever", "sign"),
    [("revenue=20000000000", 1), ("revenue=1000000000", -1), ("royalty=0.08", 1), ("royalty=0.01", -1), ("coverage=0.2", -1),
     ("discount_rate=0.35", -1), ("launch_delay=9", -1), ("economic_life=2", -1), ("success=0.99", 1)],
)  # fmt: skip
def test_each_lever_moves_the_middle_the_right_way(client: Client, lever: str, sign: int) -> None:
    technology = TechnologyFactory(published=True, with_right=True)
    services.suggest_for(pk=technology.pk)
    assert price(client, technology, f"?{lever}")["change"] * sign > 0
    assert Suggestion.objects.count() == 1


def test_what_cannot_be_is_said_and_nothing_breaks(client: Client) -> None:
    technology = TechnologyFactory(published=True, with_right=True)
    services.suggest_for(pk=technology.pk)
    address = f"/en/technologies/{technology.pk}/price/what-if/"
    for query in ("?revenue=abc", "?revenue=-1", "?success=1e9", "?royalty=nan", "?economic_life=", "?coverage=inf"):
        response = client.get(address + query)
        assert "This is no number that fits here." in response.content.decode()
        assert response.context["moved"] == {}
    assert client.get(f"/api/v1/technologies/{technology.pk}/price/what-if/?royalty=2").status_code == 400


def test_by_htmx_comes_the_result_alone_and_equals_the_page(client: Client) -> None:
    technology = TechnologyFactory(published=True, with_right=True)
    services.suggest_for(pk=technology.pk)
    address = f"/en/technologies/{technology.pk}/price/what-if/?royalty=9"
    fragment = client.get(address, headers={"HX-Request": "true"}).content.decode()
    whole = client.get(address).content.decode()
    assert "<html" not in fragment
    assert 'id="shown-royalty"' in fragment
    begin, end = fragment.index('<p class="suggestion-sentence">'), fragment.index("<output")
    assert fragment[begin:end].strip().rstrip("</div>").strip()[:200] in whole
