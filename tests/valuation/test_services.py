"""Inputs, results and the rows that keep them."""

import datetime
import threading
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.db import InternalError, close_old_connections, connection, transaction
from django.db.utils import IntegrityError
from django.test import Client
from django.utils import timezone

from audit.models import Event
from listings.models import Technology
from rules.models import Rule
from tests.factories.listings import IPRightFactory, TechnologyFactory
from valuation import inputs, selectors, services
from valuation.inputs import rebuild, seed_of
from valuation.methods.suggest import suggest_range
from valuation.models import Interview, Reason, RoyaltyRate, Suggestion
from valuation.services import suggesting
from valuation.services.runs import request_range
from valuation.tasks import sweep_unpriced

pytestmark = pytest.mark.django_db


def suggested(**changes: Any) -> Suggestion:
    suggestion = services.suggest_for(pk=TechnologyFactory(published=True, **changes).pk)
    assert suggestion is not None
    return suggestion


def row(suggestion: Suggestion, name: str) -> dict[str, Any]:
    return next(found for found in suggestion.inputs["rows"] if found["name"] == name)


def test_inputs_say_where_they_come_from() -> None:
    suggestion = suggested(with_right=True)
    assert [(found["name"], found["origin"], found["certainty"]) for found in suggestion.inputs["rows"]] == [
        ("revenue", "owner", ""), ("coverage", "assumption", "B"), ("royalty", "default", "B"),
        ("success", "assumption", "B"), ("launch_delay", "assumption", "B"), ("ramp", "assumption", "B"),
        ("legal_life", "measured", "A"), ("economic_life", "assumption", "B"), ("risk_free", "default", "B"),
        ("equity_risk_premium", "default", "B"), ("size_premium", "default", "B"), ("discount_rate", "default", "B"),
        ("decay", "assumption", "B"), ("tax", "default", "A"), ("selling_price_ratio", "assumption", "B"),
        ("margin", "assumption", "B"), ("growth", "assumption", "B"),
    ]  # fmt: skip
    assert row(suggestion, "revenue")["values"] == [4e9, 9e9, 22e9]
    assert row(suggestion, "royalty")["values"] == pytest.approx([0.037, 0.05, 0.10])
    assert row(suggestion, "tax")["source"] == "Law 67/2025/QH15 art. 10"
    assert all(found["source"] for found in suggestion.inputs["rows"] if found["origin"] != "owner")


def test_stored_inputs_give_the_stored_result_again() -> None:
    suggestion = suggested(with_right=True)
    suggestion.refresh_from_db()
    again = suggest_range(rebuild(suggestion.inputs["parameters"]), seed=suggestion.seed, paths=suggestion.paths)
    assert again.as_dict() == suggestion.result
    assert suggestion.seed == seed_of(suggestion.input_hash)
    assert again.price is not None
    assert (suggestion.low, suggestion.mid, suggestion.high) == tuple(
        Decimal(int(end)) for end in (again.price.low, again.price.mid, again.price.high)
    )
    assert suggestion.paths >= 20_000


def test_a_range_has_two_significant_digits_in_order() -> None:
    suggestion = suggested(with_right=True)
    assert 0 < suggestion.low < suggestion.mid < suggestion.high
    assert all(len(str(end).rstrip("0")) <= 2 for end in (suggestion.low, suggestion.mid, suggestion.high))


@pytest.mark.parametrize("industry", ["", "Software", "Footwear", "Energy & environment", "Not in the table"])
def test_each_industry_has_a_royalty(industry: str) -> None:
    suggestion = suggested(royalty_industry=industry)
    expected = {
        "": ([0.037, 0.05, 0.10], "all_industries", "A"),
        "Not in the table": ([0.037, 0.05, 0.10], "all_industries", "A"),
        "Software": ([0.05, 0.10, 0.26], "industry_quartiles", "A"),
        "Footwear": ([0.074, 0.10, 0.20], "industry_middle", "B"),
        "Energy & environment": ([0.037, 0.05, 0.10], "industry_middle", "B"),
    }[industry]
    found = row(suggestion, "royalty")
    assert (found["values"], found["note"], found["certainty"]) == (pytest.approx(expected[0]), *expected[1:])
    used = {one["source"] for one in suggestion.inputs["comparables"] if one["industry"] == industry}
    assert not used & {found["source"].split(";")[0]}, "the figure behind the royalty is not compared with itself"


def test_every_industry_on_the_form_is_in_the_table() -> None:
    from listings.forms.technology import INDUSTRIES

    groups = set(RoyaltyRate.objects.values_list("group", flat=True))
    assert {name for name, _label in INDUSTRIES if name} <= groups


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"revenue_low": None, "revenue_mode": None, "revenue_high": None}, Reason.NO_REVENUE),
        ({"trl": None}, Reason.NO_TRL),
        ({"revenue_low": 0, "revenue_mode": 0, "revenue_high": 0}, Reason.NOT_POSITIVE),
    ],
)
def test_no_price_has_a_reason(changes: dict[str, Any], reason: Reason) -> None:
    suggestion = suggested(**changes)
    assert (suggestion.low, suggestion.mid, suggestion.high) == (None, None, None)
    assert suggestion.no_price == [reason]


def test_the_earliest_right_in_force_ends_the_legal_life(today: datetime.date) -> None:
    technology = TechnologyFactory(published=True)
    IPRightFactory(technology=technology, expiry_date=today + datetime.timedelta(days=3 * 365 + 40))
    IPRightFactory(technology=technology, expiry_date=today + datetime.timedelta(days=9 * 365))
    IPRightFactory(technology=technology, expiry_date=today - datetime.timedelta(days=2), filing_date=None, grant_date=None)  # fmt: skip
    IPRightFactory(technology=technology, kind="trade_mark", expiry_date=today + datetime.timedelta(days=90))
    suggestion = services.suggest_for(pk=technology.pk)
    assert row(suggestion, "legal_life")["values"] == [3 + 1 / 12]
    assert suggestion.result["life"] == 3 + 1 / 12


@pytest.fixture
def today() -> datetime.date:
    return timezone.localdate()


def test_a_right_without_an_end_gets_the_legal_term() -> None:
    technology = TechnologyFactory(published=True)
    IPRightFactory(technology=technology, filing_date=datetime.date(2024, 2, 29), grant_date=None, expiry_date=None)
    suggestion = services.suggest_for(pk=technology.pk)
    assert suggestion is not None
    found = row(suggestion, "legal_life")
    assert (found["source"], found["note"], found["certainty"]) == ("2044-02-28", "computed_end", "B")


def test_without_a_right_in_force_the_economic_life_is_short() -> None:
    suggestion = suggested()
    assert row(suggestion, "economic_life")["values"] == [5.0]
    assert "legal_life" not in [found["name"] for found in suggestion.inputs["rows"]]


@pytest.mark.parametrize("changes", [
    {"revenue_low": Decimal(8_000_000_000), "revenue_mode": Decimal(18_000_000_000), "revenue_high": Decimal(44_000_000_000)},
    {"trl": 9},
])  # fmt: skip
def test_more_revenue_or_readiness_is_worth_more(changes: dict[str, Any]) -> None:
    less, more = suggested(with_right=True), suggested(with_right=True, **changes)
    assert [getattr(more, end) > getattr(less, end) for end in ("low", "mid", "high")] == [True] * 3


def test_wishes_are_not_inputs() -> None:
    one = suggested()
    other = suggested(price_min=None, price_max=Decimal(10) ** 12, royalty_wish_pct=Decimal(40))
    assert one.inputs == other.inputs
    assert one.input_hash == other.input_hash


def test_the_same_inputs_are_served_from_the_stored_row() -> None:
    technology = TechnologyFactory(published=True)
    first = services.suggest_for(pk=technology.pk)
    events = Event.objects.count()
    assert services.suggest_for(pk=technology.pk) == first
    assert (Suggestion.objects.count(), Event.objects.count()) == (1, events)


def test_a_changed_default_gives_a_new_row_and_keeps_the_old() -> None:
    technology = TechnologyFactory(published=True)
    first = services.suggest_for(pk=technology.pk)
    Rule.objects.filter(code="valuation.risk_free").update(value=9)
    second = services.suggest_for(pk=technology.pk)
    assert first.pk != second.pk
    assert second.mid < first.mid
    assert selectors.current_suggestion(technology) == second


def answer(technology: Technology, **answers: list[str]) -> Interview:
    interview = selectors.interview_of(technology)
    given = {code: {"value": value, "origin": "owner"} for code, value in answers.items()}
    return services.save_answers(
        technology=technology, actor=technology.author, version=interview.version if interview else 0, answers=given
    )


def test_what_goes_back_to_what_it_was_stands_again() -> None:
    technology = TechnologyFactory(published=True)
    made = []
    for tax in ("20", "10", "20"):
        answer(technology, tax=[tax])
        made.append(services.suggest_for(pk=technology.pk))
        assert selectors.current_suggestion(technology) == made[-1]
    first, between, last = made
    assert last.pk > between.pk > first.pk
    assert (last.input_hash, last.result, last.mid) == (first.input_hash, first.result, first.mid)
    assert between.mid > last.mid
    assert services.suggest_for(pk=technology.pk) == last

    value = Rule.objects.get(code="valuation.risk_free").value
    for number in (9, value):
        Rule.objects.filter(code="valuation.risk_free").update(value=number)
        made.append(services.suggest_for(pk=technology.pk))
    assert [one.mid for one in made[2:]] == [last.mid, made[3].mid, last.mid]
    assert selectors.current_suggestion(technology) == made[-1]


@pytest.mark.parametrize("change", ["answers", "rule"])
def test_what_changes_while_a_range_is_computed_is_never_overwritten(
    monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    technology = TechnologyFactory(published=True)
    answer(technology, tax=["20"])
    compute, computed = suggesting._compute, []

    def change_meanwhile(gathered: Any) -> Any:
        result = compute(gathered)
        computed.append(gathered.input_hash)
        if len(computed) == 1:
            if change == "answers":
                answer(technology, tax=["10"])
            else:
                Rule.objects.filter(code="valuation.risk_free").update(value=9)
            newer.append(services.suggest_for(pk=technology.pk))
        return result

    newer: list[Any] = []
    monkeypatch.setattr(suggesting, "_compute", change_meanwhile)
    assert services.suggest_for(pk=technology.pk) == newer[0] == Suggestion.objects.get()
    assert selectors.current_suggestion(technology) == newer[0]


def test_a_row_is_never_changed() -> None:
    suggestion = suggested()
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Suggestion.objects.filter(pk=suggestion.pk).update(grade="A")
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        Suggestion.objects.filter(pk=suggestion.pk).delete()


def test_other_kinds_and_missing_rows_have_no_range() -> None:
    assert services.suggest_for(kind="demand", pk=1) is None
    assert services.suggest_for(pk=10**9) is None


def test_the_sweep_prices_what_is_published_and_not_priced() -> None:
    priced = suggested().technology
    missed = TechnologyFactory(published=True)
    silent = TechnologyFactory(published=True, revenue_low=None, revenue_mode=None, revenue_high=None)
    TechnologyFactory()
    Technology.objects.filter(pk=priced.pk).update(content_version=2)
    sweep_unpriced()
    assert set(Suggestion.objects.values_list("technology", "content_version")) == {
        (priced.pk, 1), (priced.pk, 2), (missed.pk, 1), (silent.pk, 1)
    }  # fmt: skip
    assert services.sweep() == 0
    assert Suggestion.objects.count() == 4


def of_earlier_methods(**changes: Any) -> Suggestion:
    """Give a technology's range as the methods before these left it: with other forms of payment."""
    compute = suggesting._compute

    def as_before(gathered: Any) -> Any:
        found = compute(gathered)
        assert found is not None
        assert found.equivalents is not None
        halved = {name: replace(one, fraction=one.fraction / 2) for name, one in found.equivalents.shares.items()}
        return replace(found, equivalents=replace(found.equivalents, shares=halved))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inputs, "VERSION", "2")
        patch.setattr(suggesting, "VERSION", "2")
        patch.setattr(suggesting, "_compute", as_before)
        return suggested(**changes)


def test_what_earlier_methods_priced_is_priced_anew() -> None:
    old = of_earlier_methods()
    assert services.sweep() == 1
    newest = selectors.current_suggestion(old.technology)
    assert newest is not None
    assert newest != old
    assert selectors.is_of_these_methods(newest)
    assert services.sweep() == 0


def test_the_page_explains_no_range_with_what_its_methods_did_not_count(client: Client) -> None:
    old = of_earlier_methods()
    here = f"/en/technologies/{old.technology_id}/price/"
    left = "left of it after the payer&#x27;s tax"
    page = client.get(here).content.decode().replace("'", "&#x27;")
    assert "computed with earlier methods" in page
    assert left not in page
    assert client.get(f"/api/v1{here[3:]}").json()["suggestion"]["is_of_earlier_methods"]
    services.sweep()
    page = client.get(here).content.decode().replace("'", "&#x27;")
    assert "computed with earlier methods" not in page
    assert left in page


def test_one_that_fails_does_not_stop_the_sweep(caplog: pytest.LogCaptureFixture) -> None:
    wrong = TechnologyFactory(published=True, trl=3)
    right = TechnologyFactory(published=True, trl=7)
    Rule.objects.filter(code="valuation.launch_delay.trl3").delete()
    assert services.sweep() == 1
    assert list(Suggestion.objects.values_list("technology", flat=True)) == [right.pk]
    assert f"technology {wrong.pk}" in caplog.text


def test_those_that_fail_take_no_place_from_those_that_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    TechnologyFactory.create_batch(2, published=True, trl=3)
    right = TechnologyFactory(published=True, trl=7)
    Rule.objects.filter(code="valuation.launch_delay.trl3").delete()
    monkeypatch.setattr(suggesting, "SWEPT", 1)
    assert services.sweep() == 1
    assert list(Suggestion.objects.values_list("technology", flat=True)) == [right.pk]


def test_publication_and_beat_name_the_tasks() -> None:
    assert "valuation.tasks.suggest_for" in settings.ON_PUBLISHED
    assert settings.CELERY_BEAT_SCHEDULE["valuation-sweep"]["task"] == sweep_unpriced.name


@pytest.mark.django_db(transaction=True)
def test_a_worker_computes_what_was_asked(real_worker: Any) -> None:
    technology = TechnologyFactory()
    request_range(technology=technology, actor=technology.author)
    real_worker.wait_for(lambda: selectors.current_suggestion(technology))
    assert Suggestion.objects.get().is_priced


@pytest.mark.django_db(transaction=True)
def test_two_at_once_store_one_row() -> None:
    technology = TechnologyFactory(published=True)
    start, found, errors = threading.Barrier(2), [], []

    def compute() -> None:
        try:
            start.wait(10)
            found.append(services.suggest_for(pk=technology.pk))
        except (IntegrityError, InternalError) as error:
            errors.append(error)
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=compute) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert found[0] == found[1] == Suggestion.objects.get()
    assert Event.objects.filter(tag="technology.suggest_price").count() == 1
