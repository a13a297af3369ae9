"""Closed deals observed, scored and published."""

import datetime
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone, translation

from accounts.models import Organisation
from audit.models import Event
from listings.models import Field, Technology
from marketplace.kit.errors import Conflict
from marketplace.samples.clock import clock_at
from tests.factories.accounts import OrganisationFactory
from tests.factories.closed_deals import closed_deal
from tests.factories.listings import TechnologyFactory
from valuation import closed_presenters, services
from valuation import closed_selectors as selectors
from valuation.methods.backtest import wilson
from valuation.models import DealGroup, DealGroupMember, DealObservation, DealScore, Level, Outcome, Release, ScoreGroup
from valuation.reporting import sections
from valuation.reporting.content import content_of
from valuation.services.closed_deals import publish_due_releases, publish_release, record_closed_deal
from valuation.tasks import publish_closed_deals

pytestmark = pytest.mark.django_db


def at(year: int, month: int, day: int) -> Any:
    return clock_at(datetime.datetime(year, month, day, 9, tzinfo=timezone.get_default_timezone()))


def technologies(count: int, **changes: Any) -> list[Technology]:
    """Published technologies of one field, each of another organisation."""
    field = Field.objects.get(nr=changes.pop("field", 1))
    exchange = OrganisationFactory().exchange
    return [
        TechnologyFactory(
            published=True,
            main_field=field,
            organisation=OrganisationFactory(university=True, exchange=exchange),
            **changes,
        )
        for _ in range(count)
    ]


def close(
    found: list[Technology], *, royalties: tuple[float, ...] = (1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5), **changes: Any
) -> None:
    """Close a deal about each today, with different royalties and sums."""
    for place, technology in enumerate(found):
        record_closed_deal(
            deal=closed_deal(
                technology=technology, royalty_pct=Decimal(str(royalties[place % len(royalties)])),
                royalty_base="net_revenue", lump_sum=Decimal(100_000_000 * 3**place), **changes,
            )
        )  # fmt: skip


def test_a_deal_is_observed_and_scored_once() -> None:
    technology = TechnologyFactory(published=True, with_right=True)
    suggestion = services.suggest_for(pk=technology.pk)
    assert suggestion is not None
    deal = closed_deal(technology=technology, lump_sum=suggestion.mid)
    made = record_closed_deal(deal=deal)
    assert record_closed_deal(deal=deal) == made
    assert (DealObservation.objects.count(), DealScore.objects.count()) == (1, 1)
    assert (made.outcome, made.suggestion, made.grade, made.paid) == (
        Outcome.INSIDE, suggestion, suggestion.grade, suggestion.mid,
    )  # fmt: skip
    assert made.log_error == 0
    assert Event.objects.filter(tag="deal_score.score").count() == 1


@pytest.mark.parametrize(("share", "outcome"), [(Decimal("0.01"), "below"), (Decimal(100), "above")])
def test_a_price_outside_the_range_is_a_miss(share: Decimal, outcome: str) -> None:
    technology = TechnologyFactory(published=True, with_right=True)
    suggestion = services.suggest_for(pk=technology.pk)
    assert suggestion is not None
    assert suggestion.mid is not None
    made = record_closed_deal(deal=closed_deal(technology=technology, lump_sum=suggestion.mid * share))
    assert made.outcome == outcome


def test_only_what_stood_when_it_was_signed_is_scored() -> None:
    technology = TechnologyFactory(published=True)
    before = timezone.localdate() - datetime.timedelta(days=1)
    services.suggest_for(pk=technology.pk)
    made = record_closed_deal(deal=closed_deal(technology=technology, closed_on=before))
    assert (made.outcome, made.suggestion) == (Outcome.NO_SUGGESTION, None)


def test_what_cannot_be_compared_says_why() -> None:
    priced, bare = (
        TechnologyFactory(published=True),
        TechnologyFactory(published=True, revenue_low=None, revenue_mode=None, revenue_high=None),
    )
    for technology in (priced, bare):
        services.suggest_for(pk=technology.pk)
    of_profit = closed_deal(technology=priced, royalty_pct=Decimal(5), royalty_base="pretax_profit")
    assert record_closed_deal(deal=of_profit).outcome == Outcome.OTHER_BASE
    assert record_closed_deal(deal=closed_deal(technology=bare)).outcome == Outcome.NO_PRICE
    related = record_closed_deal(deal=closed_deal(technology=priced, related_parties=True))
    assert related.outcome == Outcome.RELATED
    assert not DealObservation.objects.filter(contract_id=related.contract_id).exists()


def test_a_royalty_on_profit_is_scored_by_the_margin_that_the_owner_stated() -> None:
    """The forms of equal value that a range names score as its middle, whichever of them is agreed."""
    technology = TechnologyFactory(published=True, with_right=True)
    services.save_answers(
        technology=technology, actor=technology.author, version=0,
        answers={
            "margin": {"value": ["8", "12.5", "20"], "origin": "owner"},
            "selling_price_ratio": {"value": ["80"], "origin": "owner"},
        },
    )  # fmt: skip
    suggestion = services.suggest_for(pk=technology.pk)
    assert suggestion is not None
    assert suggestion.result is not None
    paid = {}
    for base, pct in (("net_revenue", "1"), ("net_selling_price", "1.25"), ("pretax_profit", "8")):
        deal = closed_deal(technology=technology, lump_sum=0, royalty_pct=Decimal(pct), royalty_base=base)
        made = record_closed_deal(deal=deal)
        assert made.outcome in {"inside", "below", "above"}
        paid[base] = made.paid
    assert paid["net_selling_price"] == paid["pretax_profit"] == paid["net_revenue"]
    assert paid["net_revenue"] > 1


def test_nothing_recorded_or_published_is_ever_changed() -> None:
    with at(2026, 5, 4):
        close(technologies(5))
    with at(2026, 7, 2):
        publish_due_releases()
    for model in (DealObservation, DealScore, Release, DealGroup, DealGroupMember):
        row = model._base_manager.order_by("pk").first()
        assert row is not None
        with pytest.raises(IntegrityError), transaction.atomic():
            row.delete()
        with pytest.raises(IntegrityError), transaction.atomic():
            model._base_manager.filter(pk=row.pk).update(id=row.pk)


def test_a_quarter_publishes_what_was_observed_in_it() -> None:
    with at(2026, 5, 4):
        close(technologies(5))
    with at(2026, 6, 30):
        assert publish_due_releases() == []
    with at(2026, 7, 1):
        (release,) = publish_due_releases()
        assert publish_due_releases() == []
        assert publish_closed_deals() == 0
    (group,) = selectors.groups()
    assert (str(release), group.level, group.field_id, group.right, group.exclusivity) == (
        "2026 Q2", Level.EXCLUSIVITY, 1, "licence", "non_exclusive",
    )  # fmt: skip
    assert (group.count_from, group.count_to, group.first_year, group.last_year) == (5, 9, 2026, 2026)
    assert group.measures == {
        "royalty.net_revenue": {"low": 2.0, "middle_from": 3.0, "middle_to": 4.0, "high": 5.0},
        "lump_sum": {"low": 2e8, "middle_from": 5e8, "middle_to": 1e9, "high": 5e9},
    }


def test_four_deals_wait_and_go_to_a_coarser_cell_with_others() -> None:
    with at(2026, 2, 3):
        close(technologies(3, field=1))
        close(technologies(3, field=2), royalties=(2.2, 3.3, 8.8))
    for month_year in ((2026, 4), (2026, 7), (2026, 10), (2027, 1), (2027, 4), (2027, 7), (2027, 10)):
        with at(*month_year, 2):
            publish_due_releases()
            if DealGroup.objects.exists():
                break
    (group,) = selectors.groups()
    assert (group.level, group.field, group.right) == (Level.ALL_OF_RIGHT, None, "licence")
    assert Release.objects.count() == 4


def test_a_deal_is_counted_in_one_group_by_the_database_itself() -> None:
    with at(2026, 5, 4):
        close(technologies(5))
    with at(2026, 7, 1):
        publish_due_releases()
    member = DealGroupMember.objects.order_by("pk").first()
    assert member is not None
    with pytest.raises(IntegrityError), transaction.atomic():
        DealGroupMember.objects.create(group=member.group, observation=member.observation)


def test_releases_follow_one_another_by_ended_quarters() -> None:
    with at(2026, 8, 1):
        publish_release(period_end=datetime.date(2026, 6, 30))
        for end in ((2026, 6, 30), (2026, 3, 31), (2026, 9, 30), (2026, 7, 31)):
            with pytest.raises(Conflict):
                publish_release(period_end=datetime.date(*end))


def test_samples_and_real_deals_never_share_a_group() -> None:
    with at(2026, 5, 4):
        found = technologies(6)
        close(found[:3], is_sample=True)
        close(found[3:])
    with at(2026, 7, 1):
        publish_due_releases()
    assert not DealGroup.objects.exists()


def test_one_more_deal_changes_nothing_published(client: Client) -> None:
    """The attack over time on the pages and the API: before, with one more deal, and after the next quarter."""
    with at(2026, 5, 4):
        close(technologies(5))
    with at(2026, 7, 1):
        publish_due_releases()
    addresses = [
        "/closed-deals/",
        "/en/closed-deals/",
        "/api/v1/closed-deals/",
        "/calibration/",
        "/api/v1/calibration/",
    ]

    def said() -> list[Any]:
        return [(client.get(url).json() if "api" in url else list(selectors.groups().values())) for url in addresses]

    before = said()
    technology = technologies(1)[0]
    with at(2026, 8, 1):
        close([technology], royalties=(19.0,))
    assert said() == before
    with at(2026, 10, 1):
        publish_due_releases()
    after = said()
    assert after[0] == before[0]
    assert after[2]["groups"] == before[2]["groups"]
    assert after[3:] != before[3:] or after[4]["total"] == before[4]["total"]


def test_calibration_adds_up_published_groups_only() -> None:
    with at(2026, 5, 4):
        found = technologies(6, with_right=True)
        for place, technology in enumerate(found):
            suggestion = services.suggest_for(pk=technology.pk)
            assert suggestion is not None
            assert suggestion.mid is not None
            sums = suggestion.mid * (100 if place == 0 else 1)
            record_closed_deal(deal=closed_deal(technology=technology, lump_sum=sums))
    assert selectors.calibration(k=Decimal(5)).total.count == 0
    with at(2026, 7, 1):
        publish_due_releases()
    found_now = selectors.calibration(k=Decimal(5))
    assert (found_now.total.hits, found_now.total.count, found_now.above, found_now.below) == (5, 6, 1, 0)
    assert [letter for letter, _share in found_now.by_grade] == [ScoreGroup.objects.get().grade]
    assert found_now.until == datetime.date(2026, 6, 30)


def test_no_organisation_of_a_group_is_named_anywhere(client: Client) -> None:
    with at(2026, 5, 4):
        close(technologies(6))
    with at(2026, 7, 1):
        publish_due_releases()
    names = set(Organisation.objects.values_list("name_vi", flat=True))
    for url in (
        "/closed-deals/",
        "/en/closed-deals/",
        "/api/v1/closed-deals/",
        "/calibration/",
        "/api/v1/calibration/",
    ):
        text = client.get(url).content.decode()
        assert not [name for name in names if name in text]


def test_pages_say_when_there_is_too_little(client: Client) -> None:
    for url in ("/closed-deals/", "/en/closed-deals/", "/calibration/", "/en/calibration/"):
        assert client.get(url).status_code == 200
    assert client.get("/api/v1/closed-deals/").json()["groups"] == []
    assert client.get("/api/v1/calibration/").json()["total"]["count"] == 0


def test_the_list_of_groups_asks_a_fixed_number_of_queries(client: Client, django_assert_num_queries: Any) -> None:
    with at(2026, 5, 4):
        close(technologies(5, field=1))
    with at(2026, 7, 1):
        publish_due_releases()
    counts = Counter[str]()
    for number in (1, 2):
        with django_assert_num_queries(3):
            counts[client.get("/closed-deals/").status_code] += 1
        if number == 1:
            with at(2026, 8, 4):
                close(technologies(5, field=2))
            with at(2026, 10, 1):
                publish_due_releases()
    assert counts[200] == 2


def test_published_groups_are_compared_with_and_nothing_that_waits() -> None:
    with at(2026, 5, 4):
        close(technologies(5, field=1))
    found = technologies(1, field=1)[0]
    before = services.suggest_for(pk=found.pk)
    with at(2026, 7, 1):
        publish_due_releases()
    after = services.suggest_for(pk=found.pk)
    assert before is not None
    assert after is not None
    known = {row["key"] for row in before.inputs["comparables"]}
    (new,) = [row for row in after.inputs["comparables"] if row["key"] not in known]
    assert (new["value"], new["n"], new["similarity"], new["source"]) == (
        0.035,
        5,
        0.8,
        "closed-deals:release:2026 Q2:",
    )
    other = services.suggest_for(pk=technologies(1, field=2)[0].pk)
    assert other is not None
    assert not [row for row in other.inputs["comparables"] if row["source"].startswith("closed-deals")]


@pytest.mark.parametrize(
    ("language", "name", "source"),
    [
        ("vi", "Giao dịch đã ký: Máy điện, thiết bị điện, năng lượng", "Sàn này, 2026 Q2"),
        ("en", "Closed deals: Electrical machinery, apparatus, energy", "This exchange, 2026 Q2"),
    ],
)
def test_closed_deals_are_named_in_the_readers_language_on_page_and_in_report(
    client: Client, language: str, name: str, source: str
) -> None:
    with at(2026, 5, 4):
        close(technologies(5, field=1))
    found = technologies(1, field=1)[0]
    with at(2026, 7, 1):
        publish_due_releases()
    suggestion = services.suggest_for(pk=found.pk)
    assert suggestion is not None
    page = client.get(f"/{'' if language == 'vi' else 'en/'}technologies/{found.pk}/price/").content.decode()
    assert name in page
    assert source in page
    with translation.override(language):
        told = str(sections.data(content_of(suggestion, found, stale=[], certificates=[])))
    assert name in told
    assert source in told
    answer = client.get(f"/api/v1/technologies/{found.pk}/price/", headers={"Accept-Language": language})
    rows = answer.json()["suggestion"]["comparables"]
    given = str([{name: row[name] for name in row if name != "key"} for row in rows])
    assert name in given
    assert source in given
    assert "closed-deals:" not in page + told + given


def test_a_stale_default_is_named_on_the_price_page(client: Client) -> None:
    technology = TechnologyFactory(published=True)
    services.suggest_for(pk=technology.pk)
    url = f"/en/technologies/{technology.pk}/price/"
    assert "due for review" not in client.get(url).content.decode()
    with at(2027, 1, 15):
        text = client.get(url).content.decode()
    assert "Some defaults are due for review" in text
    assert "/en/rules/of/valuation.risk_free/" in text


@pytest.mark.parametrize(
    ("hits", "count", "interval"),
    [
        (1000, 1000, "between 99% and 100%"),
        (8, 8, "between 67% and 100%"),
        (0, 8, "between 0% and 33%"),
        (790, 1000, "between 76% and 82%"),
    ],
)
def test_an_interval_is_rounded_outwards_and_is_never_a_point(hits: int, count: int, interval: str) -> None:
    with translation.override("en"):
        assert closed_presenters.interval_words(wilson(hits, count)) == interval


def test_the_grade_is_told_alike_by_the_rule_and_by_a_range(client: Client) -> None:
    technology = TechnologyFactory(published=True)
    services.suggest_for(pk=technology.pk)
    shown = client.get(f"/en/technologies/{technology.pk}/price/")
    rule = client.get("/en/price-rule/")
    here = {str(part["label"]): round(part["share"], 6) for part in shown.context["shown"]["grade"]["parts"]}
    there = {str(row["label"]): row["share"] for row in rule.context["rule"]["parts"]}
    assert there.pop("Patent indicators") is None
    assert here == {label: round(share, 6) for label, share in there.items()}
    for page in (shown, rule):
        assert "share the whole among them" in " ".join(page.content.decode().split())
