"""The owner's answers: versions, checks, pages and API by who asks."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import InternalError, transaction
from django.db.utils import IntegrityError
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken

from accounts.models import User
from audit.models import Event
from listings.models import Technology
from marketplace.kit.errors import NotAllowed, Stale
from rules.models import Rule
from rules.words import CHOICES
from tests.factories.accounts import person
from tests.factories.listings import TechnologyFactory
from valuation import selectors, services
from valuation.answers import Answers, check
from valuation.defaults import Defaults
from valuation.inputs import prepare
from valuation.models import Interview, InterviewRevision
from valuation.questions import QUESTIONS, SECTIONS, Kind, is_asked

pytestmark = pytest.mark.django_db

MARGIN = {"value": ["5", "12", "20"], "origin": "measured"}


def save(technology: Technology, actor: User | None = None, version: int = 0, **answers: Any) -> Interview:
    return services.save_answers(
        technology=technology, actor=actor or technology.author, version=version, answers=answers
    )


def page(technology: Technology, slug: str = "") -> str:
    return f"/en/technologies/{technology.pk}/price/interview/{slug and slug + '/'}"


def api(technology: Technology) -> str:
    return f"/api/v1/technologies/{technology.pk}/price/interview/"


def test_every_save_is_a_version_that_nobody_changes() -> None:
    technology = TechnologyFactory()
    save(technology, margin=MARGIN)
    save(technology, version=1, margin=None, tax={"value": ["17"], "origin": "owner"})
    versions = InterviewRevision.objects.order_by("version").values_list("version", "answers", "changed")
    assert list(versions) == [
        (1, {"margin": MARGIN}, ["margin"]),
        (2, {"tax": {"value": ["17"], "origin": "owner"}}, ["margin", "tax"]),
    ]
    with pytest.raises((InternalError, IntegrityError)), transaction.atomic():
        InterviewRevision.objects.update(version=9)
    assert [event.data["changed"] for event in Event.objects.order_by("pk")] == [["margin"], ["margin", "tax"]]
    assert "12" not in str([event.data for event in Event.objects.all()])


def test_the_same_answer_again_is_no_version() -> None:
    technology = TechnologyFactory()
    save(technology, margin=MARGIN)
    save(technology, version=1, margin={"value": ["5.0", "12.00", " 20"], "origin": "measured"})
    assert (Interview.objects.get().version, InterviewRevision.objects.count()) == (1, 1)


def test_an_older_form_overwrites_nothing() -> None:
    technology = TechnologyFactory()
    save(technology, margin=MARGIN)
    with pytest.raises(Stale):
        save(technology, version=0, margin=None)
    assert Interview.objects.get().answers == {"margin": MARGIN}


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("margin", ["5", "3", "20"]), ("margin", ["5", "", "20"]), ("margin", ["5", "10"]), ("margin", ["5", "10", "120"]),
        ("margin", ["five", "10", "20"]), ("margin", ["NaN", "10", "20"]), ("royalty_base", ["turnover"]),
        ("stages", ["1", "100", ""]), ("past_costs", ["1850", "100"]), ("past_costs", ["2999", "100"]),
        ("deals", ["5", "2020", "maybe"]), ("revenue", ["-1", "0", "1"]), ("product", ["x" * 301]),
        ("product", ["one\x07two"]), ("launch_delay", ["99"]), ("nothing", ["1"]), ("tax", "20"),
        ("stages", ["1", "1", "50"] * 5),
    ],
)  # fmt: skip
def test_bad_answers_are_refused_and_nothing_is_stored(code: str, value: Any) -> None:
    technology = TechnologyFactory()
    with pytest.raises(ValidationError) as caught:
        save(technology, **{code: {"value": value, "origin": "owner"}})
    assert list(caught.value.error_dict) == [code]
    assert InterviewRevision.objects.count() == 0


@pytest.mark.parametrize("origin", ["default", "god", "A"])
def test_an_owner_cannot_claim_another_origin(origin: str) -> None:
    with pytest.raises(ValidationError):
        check("tax", {"value": ["20"], "origin": origin})


def test_answers_read_as_fractions_money_and_years() -> None:
    answers = Answers({
        "margin": MARGIN, "stages": {"value": ["1", "200", "50", "0", "100", "80"], "origin": "owner"},
        "launch_delay": {"value": ["2"], "origin": "owner"},
    })  # fmt: skip
    assert answers.numbers("margin") == [0.05, 0.12, 0.20]
    assert answers.stages() == [(0.0, 100.0, 0.8), (1.0, 200.0, 0.5)]
    assert answers.number("launch_delay") == 2
    assert answers.number("tax") is None


def actor(who: str, technology: Technology) -> User | None:
    return {
        "nobody": lambda: None,
        "stranger": person,
        "wrong organisation": lambda: person(role="tto_officer"),
        "without role": lambda: person(role="signatory", organisation=technology.organisation),
        "colleague": lambda: person(role="researcher", organisation=technology.organisation),
        "operator": lambda: person(role="operator", exchange=technology.exchange),
        "right": lambda: technology.author,
        "officer": lambda: person(role="tto_officer", organisation=technology.organisation),
    }[who]()


WHO = [
    ("nobody", 302, 302), ("stranger", 404, 403), ("wrong organisation", 404, 403), ("without role", 403, 403),
    ("colleague", 403, 403), ("operator", 404, 403), ("right", 302, 302), ("officer", 302, 302),
]  # fmt: skip


@pytest.mark.parametrize(("who", "draft", "published"), WHO)
@pytest.mark.parametrize("is_published", [False, True], ids=["draft", "published"])
def test_who_may_answer_on_the_page(client: Client, who: str, draft: int, published: int, is_published: bool) -> None:
    technology = TechnologyFactory(published=is_published)
    user = actor(who, technology)
    if user is not None:
        client.force_login(user)
    posted = {"version": 0, "margin_0": "5", "margin_1": "12", "margin_2": "20", "margin_origin": "measured"}
    expected = published if is_published else draft
    response = client.post(page(technology, "profit"), posted)
    assert response.status_code == expected
    allowed = who in {"right", "officer"}
    assert InterviewRevision.objects.count() == int(allowed)
    seen = 200 if allowed else expected
    assert [client.get(door).status_code for door in (page(technology), page(technology, "profit"))] == [seen] * 2
    if allowed:
        assert Interview.objects.get().answers == {"margin": MARGIN}


@pytest.mark.parametrize(("who", "draft", "published"), WHO)
@pytest.mark.parametrize("is_published", [False, True], ids=["draft", "published"])
def test_who_may_answer_over_the_api(client: Client, who: str, draft: int, published: int, is_published: bool) -> None:
    technology = TechnologyFactory(published=is_published)
    user = actor(who, technology)
    headers = {} if user is None else {"Authorization": f"Token {AuthToken.objects.create(user)[1]}"}
    body = {"version": 0, "answers": {"margin": MARGIN}}
    expected = {302: 200}.get(published if is_published else draft, published if is_published else draft)
    expected = 401 if user is None else expected
    response = client.patch(api(technology), body, content_type="application/json", headers=headers)
    assert response.status_code == expected
    assert client.get(api(technology), headers=headers).status_code == expected
    assert InterviewRevision.objects.count() == int(expected == 200)


def test_the_service_itself_refuses() -> None:
    technology = TechnologyFactory()
    with pytest.raises(NotAllowed):
        save(technology, actor=person(), margin=MARGIN)


def test_bad_input_keeps_what_was_typed(client: Client) -> None:
    technology = TechnologyFactory()
    client.force_login(technology.author)
    posted = {
        "version": 0,
        "margin_0": "30",
        "margin_1": "12,5",
        "margin_2": "20",
        "tax": "17",
        "margin_origin": "assumption",
    }
    text = client.post(page(technology, "profit"), posted).content.decode()
    assert "The figures must rise from low to high." in text
    assert 'value="12,5"' in text
    assert '<option value="assumption" selected' in text
    assert Interview.objects.count() == 0


def test_a_stale_page_shows_both(client: Client) -> None:
    technology = TechnologyFactory()
    client.force_login(technology.author)
    save(technology, margin=MARGIN)
    posted = {"version": 0, "margin_0": "6", "margin_1": "13", "margin_2": "21"}
    response = client.post(page(technology, "profit"), posted)
    assert response.status_code == 409
    assert {"label": QUESTIONS["margin"].label, "stored": "5 – 12 – 20", "typed": "6 – 13 – 21"} in response.context[
        "stale"
    ]
    assert Interview.objects.get().answers == {"margin": MARGIN}


def test_each_step_leads_to_the_next_and_an_empty_one_changes_nothing(client: Client) -> None:
    technology = TechnologyFactory()
    client.force_login(technology.author)
    address = page(technology, SECTIONS[0].slug)
    for section in [*SECTIONS[1:], None]:
        response = client.post(address, {"version": 0})
        assert response["Location"] == page(technology, section.slug if section else "")
        address = response["Location"]
    assert InterviewRevision.objects.count() == 0
    assert client.get(page(technology, "nowhere")).status_code == 404


def test_money_and_rows_are_read_as_people_write_them(client: Client) -> None:
    technology = TechnologyFactory()
    client.force_login(technology.author)
    client.post(page(technology, "past"), {
        "version": 0, "past_costs_0_year": "2022", "past_costs_0_cost": "1,5 tỷ", "past_costs_2_year": "2023",
        "past_costs_2_cost": "450.000.000", "past_costs_origin": "measured",
    })  # fmt: skip
    stored = Interview.objects.get().answers["past_costs"]
    assert stored == {"value": ["2022", "1500000000", "2023", "450000000"], "origin": "measured"}
    text = client.get(page(technology, "past")).content.decode()
    assert 'value="2022"' in text
    assert 'value="1,500,000,000"' in text


@pytest.mark.parametrize("lists_all", [True, False])
@pytest.mark.parametrize("currency", ["VND", "EUR"])
def test_every_question_has_a_default_from_a_dated_record(client: Client, lists_all: bool, currency: str) -> None:
    sales = {} if lists_all else {"revenue_low": None, "revenue_mode": None, "revenue_high": None, "trl": None}
    technology = TechnologyFactory(with_right=True, **sales)
    if currency != "VND":
        save(technology, currency={"value": [currency], "origin": "owner"})
    client.force_login(technology.author)
    asked = {code for code, question in QUESTIONS.items() if is_asked(question, currency)}
    origins = {"default", "assumption", "owner", "measured"}
    told = {}
    for section in SECTIONS:
        for block in client.get(page(technology, section.slug)).context["blocks"]:
            told[block["question"].code] = block["default"]
    assert {code for code, default in told.items() if default is None} == set(QUESTIONS) - asked
    token = AuthToken.objects.create(technology.author)[1]
    headers = {"Authorization": f"Token {token}", "Accept-Language": "en"}
    by_api = {row["code"]: row["default"] for row in client.get(api(technology), headers=headers).json()["questions"]}
    for code in asked:
        assert told[code]["text"], code
        assert told[code]["source"], code
        assert told[code]["origin"] in origins, code
        words = {key: str(told[code][key]) for key in ("text", "origin", "source", "note")}
        assert by_api[code] == words | {"unconfirmed": told[code]["unconfirmed"]}, code
    rows = [row for section in client.get(page(technology)).context["sections"] for row in section["rows"]]
    assert all(row["lines"] or row["default"] for row in rows)
    for language in ("", "/en"):
        text = client.get(page(technology).replace("/en", language)).content.decode()
        main = text[text.index("<main") : text.index("</main>")].lower()
        assert "định giá" not in main.replace("thẩm định giá", "")  # what a licensed appraiser does keeps its name


def test_what_the_listing_says_stands_in_for_words(client: Client) -> None:
    technology = TechnologyFactory(title="Dryer for cashew nuts", applications="Roasters\nand packers of nuts")
    client.force_login(technology.author)
    texts = {block["question"].code: block["default"]["text"]
             for block in client.get(page(technology, "product")).context["blocks"]}  # fmt: skip
    assert (texts["product"], texts["buyers"]) == ("Dryer for cashew nuts", "Roasters and packers of nuts")


def test_an_amount_keeps_the_unit_in_which_it_was_stated_when_the_convention_changes(client: Client) -> None:
    technology = TechnologyFactory()
    client.force_login(technology.author)
    sales = {"revenue_0": "4 tỷ", "revenue_1": "5 tỷ", "revenue_2": "6 tỷ"}
    client.post(page(technology, "sales"), {"version": 0, "currency": "VND", **sales})
    Rule.objects.filter(code="valuation.unanswered.currency").update(text="USD")
    Rule.objects.filter(code="valuation.unanswered.royalty_base").update(text="pre_tax_profit")
    interview = Interview.objects.get(technology=technology)
    standing = Defaults.on(timezone.localdate()).choices()
    answers = Answers(interview.answers, standing)
    assert (answers.choice("currency"), answers.choice("royalty_base")) == ("VND", "pre_tax_profit")
    assert Answers({"royalty": {}}, standing).choice("royalty_base") == "net_revenue"
    prepared = prepare(
        technology, defaults=Defaults.on(timezone.localdate()), rates=selectors.royalty_rates(), answers=answers
    )
    assert prepared.parameters is not None
    assert prepared.parameters.revenue.mode == 5e9
    block = client.get(page(technology, "sales")).context["blocks"][0]
    assert (block["fields"][0].value(), "VND" in block["default"]["text"]) == ("VND", True)
    other = TechnologyFactory(author=technology.author, organisation=technology.organisation)
    assert client.get(page(other, "sales")).context["blocks"][0]["fields"][0].value() == "USD"
    in_dollars = {"revenue_0": "400000", "revenue_1": "500000", "revenue_2": "600000"}
    client.post(page(other, "sales"), {"version": 0, "currency": "USD", **in_dollars})
    assert Interview.objects.get(technology=other).answers["currency"]["value"] == ["USD"]


def test_the_choices_that_a_rule_may_name_are_those_of_the_interview() -> None:
    stated = {f"valuation.unanswered.{code}": tuple(dict(question.choices))
              for code, question in QUESTIONS.items() if question.kind is Kind.CHOICE}  # fmt: skip
    assert stated == CHOICES


def test_a_draft_without_applications_has_a_default_for_its_buyers(client: Client) -> None:
    technology = TechnologyFactory(applications="", summary="")
    client.force_login(technology.author)
    blocks = client.get(page(technology, "product")).context["blocks"]
    assert next(one for one in blocks if one["question"].code == "buyers")["default"]["text"]


def test_the_choice_that_the_exchange_counts_is_marked_and_used(client: Client) -> None:
    technology = TechnologyFactory()
    client.force_login(technology.author)
    Rule.objects.filter(code="valuation.unanswered.payer").update(text="owner")
    Rule.objects.filter(code="valuation.unanswered.use_excess").update(text="perhaps")  # no such choice
    blocks = {block["question"].code: block for block in client.get(page(technology, "chance")).context["blocks"]}
    assert blocks["payer"]["fields"][0].value() == "owner"
    blocks = {block["question"].code: block for block in client.get(page(technology, "profit")).context["blocks"]}
    assert blocks["use_excess"]["fields"][0].value() == "no"
    answers = Answers({}, Defaults.on(timezone.localdate()).choices())
    assert (answers.choice("payer"), answers.choice("use_excess")) == ("owner", "no")
    for version, payer in enumerate(("owner", "buyer")):  # each is kept: the shipped convention was another
        client.post(page(technology, "chance"), {"version": version, "payer": payer})
        assert Interview.objects.get(technology=technology).answers["payer"]["value"] == [payer]
    other = TechnologyFactory(author=technology.author, organisation=technology.organisation)
    client.post(page(other, "terms"), {"version": 0})
    client.post(page(other, "profit"), {"version": 0, "use_excess": "no"})
    assert Interview.objects.get(technology=other).answers == {}  # it stands; nothing was answered


def test_the_api_tells_the_version_that_is_stored(client: Client) -> None:
    technology = TechnologyFactory()
    save(technology, margin=MARGIN)
    headers = {"Authorization": f"Token {AuthToken.objects.create(technology.author)[1]}"}
    stale = client.patch(
        api(technology), {"version": 0, "answers": {}}, content_type="application/json", headers=headers
    )
    assert (stale.status_code, stale.json()["version"]) == (409, 1)
    bad = client.patch(
        api(technology), {"version": 1, "answers": {"tax": {"value": ["99"]}}}, content_type="application/json", headers=headers
    )  # fmt: skip
    assert (bad.status_code, list(bad.json())) == (400, ["tax"])
    shown = client.get(api(technology), headers=headers).json()
    assert shown["answers"] == {"margin": MARGIN}
    assert {question["code"] for question in shown["questions"]} == set(QUESTIONS)


def test_a_default_has_as_many_figures_as_the_question_has_fields(client: Client) -> None:
    technology = TechnologyFactory()
    client.force_login(technology.author)
    blocks = client.get(page(technology, "time")).context["blocks"]
    texts = {block["question"].code: block["default"]["text"] for block in blocks}
    assert (texts["ramp"], texts["decay"]) == ("30% – 70%", "0% – 5% – 15%")


def test_a_question_without_default_says_what_follows(client: Client) -> None:
    technology = TechnologyFactory(revenue_low=None, revenue_mode=None, revenue_high=None)
    client.force_login(technology.author)
    assert (
        "no range can be suggested: every method that counts starts from sales."
        in client.get(page(technology, "sales")).content.decode()
    )


def test_what_is_wrong_is_named_by_its_question(client: Client) -> None:
    technology = TechnologyFactory()
    client.force_login(technology.author)
    answer = client.post(
        page(technology, "sales"), {"version": 0, "revenue_0": "9", "revenue_1": "4", "revenue_2": "5"}
    )
    text = " ".join(answer.content.decode().split())
    assert "Sales of one licensee in a full year (Low): " in text


def test_a_tick_stands_only_where_all_is_answered(client: Client) -> None:
    technology = TechnologyFactory()
    client.force_login(technology.author)
    assert {step["state"] for step in client.get(page(technology)).context["steps"]} == {"todo"}
    save(technology, launch_delay={"value": ["2"], "origin": "owner"})
    states = [step["state"] for step in client.get(page(technology)).context["steps"]]
    assert states == ["todo", "todo", "started", "todo", "todo", "todo", "todo", "current"]
    save(
        technology, version=1, ramp={"value": ["30", "70"], "origin": "owner"},
        economic_life={"value": ["9"], "origin": "owner"}, decay={"value": ["0", "5", "9"], "origin": "owner"},
    )  # fmt: skip
    assert client.get(page(technology)).context["steps"][2]["state"] == "done"


def test_the_exchange_rate_is_a_question_only_for_another_currency(client: Client) -> None:
    technology = TechnologyFactory()
    client.force_login(technology.author)
    question = "How many đồng for one unit of that currency?"

    def asked() -> tuple[bool, list[str]]:
        answer = client.get(page(technology))
        return question in answer.content.decode(), [
            str(step["hint"]).split()[2] for step in answer.context["steps"][:-1]
        ]

    is_asked, counts = asked()
    save(technology, currency={"value": ["USD"], "origin": "owner"})
    is_asked_now, counts_now = asked()
    assert (is_asked, is_asked_now) == (False, True)
    assert sum(map(int, counts_now)) == sum(map(int, counts)) + 1


def test_a_small_fee_of_one_year_is_no_slip(client: Client) -> None:
    technology = TechnologyFactory()
    client.force_login(technology.author)
    given = {"version": 0, "past_costs_0_year": "2023", "past_costs_0_cost": "600.000", "past_costs_origin": "measured"}
    assert client.post(page(technology, "past"), given).status_code == 302
    assert Interview.objects.get().answers["past_costs"]["value"] == ["2023", "600000"]


@pytest.mark.parametrize(
    ("typed", "currency", "refused"),
    [("12", "VND", True), ("12", "USD", False), ("12 tỷ", "VND", False), ("0", "VND", False)],
)
def test_an_amount_without_its_word_is_a_slip(client: Client, typed: str, currency: str, refused: bool) -> None:
    technology = TechnologyFactory()
    client.force_login(technology.author)
    given = {"version": 0, "currency": currency, "revenue_0": typed, "revenue_1": "20 tỷ", "revenue_2": "30 tỷ"}
    answer = client.post(page(technology, "sales"), given)
    assert (answer.status_code, Interview.objects.exists()) == ((200, False) if refused else (302, True))
    assert ("only ₫12. Write 12 m or 12 bn" in answer.content.decode()) is refused


def test_without_sales_the_step_and_the_check_say_that_no_range_can_come(client: Client) -> None:
    technology = TechnologyFactory(published=True, revenue_low=None, revenue_mode=None, revenue_high=None)
    client.force_login(person("tto_officer", technology.organisation))
    step, overview = (
        client.get(page(technology, "sales")).content.decode(),
        client.get(page(technology)).content.decode(),
    )
    assert "Without sales there is no range" in step
    assert "Nothing here is required" not in step
    assert "Nothing here is required" in client.get(page(technology, "time")).content.decode()
    assert "Sales are missing: no range can come" in overview
    assert f'href="{page(technology, "sales")}#q-revenue"' in overview
    found = services.suggest_for(pk=technology.pk)
    assert found is not None
    assert found.no_price == ["no_revenue"], "what the page says is true"


def test_with_sales_in_the_listing_nothing_is_missing(client: Client) -> None:
    technology = TechnologyFactory(published=True)
    client.force_login(person("tto_officer", technology.organisation))
    for slug in ("", "sales"):
        assert client.get(page(technology, slug)).context["lacks_sales"] is False


def test_no_extra_risk_names_what_it_leaves_alone_and_not_the_sources_of_the_whole_rate(client: Client) -> None:
    technology = TechnologyFactory(published=True)
    client.force_login(person("tto_officer", technology.organisation))
    shown = client.get(page(technology, "terms"))
    (block,) = [row for row in shown.context["blocks"] if row["question"].code == "specific_premium"]
    assert block["default"]["source"].startswith("Nothing is added; the discount rate then stays")
    assert "Damodaran" not in shown.content.decode()


def test_only_answers_that_a_range_rests_on_make_it_outdated(client: Client) -> None:
    technology = TechnologyFactory(published=True)
    owner = technology.author
    save(technology, tax={"value": ["20"], "origin": "owner"})
    services.suggest_for(pk=technology.pk)
    client.force_login(owner)
    outdated = "Your answers have changed since this range was computed"

    def told() -> bool:
        return outdated in client.get(f"/en/technologies/{technology.pk}/price/").content.decode()

    least = {"walk_away": {"value": ["5000000000"], "origin": "owner"}}
    services.save_answers(technology=technology, actor=owner, version=1, answers=least, disclosure="basis")
    assert not told(), "neither what he would settle for nor who reads it is computed from"
    save(technology, version=2, tax={"value": ["17"], "origin": "owner"})
    assert told()
    save(technology, version=3, tax={"value": ["20"], "origin": "owner"})
    assert not told(), "it rests on these answers again"
