"""Figures that stand together: judged on every day, approved together where one alone would not fit."""

import csv
import datetime
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import close_old_connections, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import Role, User
from marketplace.kit.errors import Conflict, NotAllowed, Stale
from rules import groups, selectors, services
from rules.models import Rule, RuleProposal
from rules.selectors import in_force, number
from tests.factories.accounts import ExchangeFactory, person
from tests.factories.listings import TechnologyFactory
from valuation import services as valuation

pytestmark = pytest.mark.django_db


def in_days(days: int) -> datetime.date:
    return timezone.localdate() + datetime.timedelta(days=days)


def propose(code: str, value: Any, by: User, days: int = 0) -> RuleProposal:
    return services.propose_rule(
        code=f"valuation.{code}", actor=by, value=Decimal(str(value)), valid_from=in_days(days),
        review_by=in_days(400), source="Biên bản họp", certainty="A", note="",
    )  # fmt: skip


@pytest.fixture
def operator() -> User:
    return person(Role.OPERATOR, exchange=ExchangeFactory())


@pytest.fixture
def manager() -> User:
    return person(Role.MANAGER, exchange=ExchangeFactory())


def approve(proposal: RuleProposal, by: User, *beside: RuleProposal) -> Rule:
    return services.approve_rule(proposal=proposal, actor=by, together_with=[one.pk for one in beside])


def others(*waiting: RuleProposal) -> dict[int, list[RuleProposal]]:
    return {pk: choice.others for pk, choice in selectors.choices(waiting).items()}


def test_what_fits_its_first_day_must_fit_every_later_one(operator: User, manager: User) -> None:
    approve(propose("coverage.mode", 75, operator, days=30), manager)
    with pytest.raises(ValidationError, match="low, mode, high"):
        propose("coverage.low", 78, operator, days=1)
    early = propose("coverage.low", 74, operator, days=1)
    approve(early, manager)
    assert number("valuation.coverage.low", on=in_days(30)) == 74


def test_a_proposal_that_no_longer_fits_is_not_approved(operator: User, manager: User) -> None:
    low, mode = propose("coverage.low", 78, operator, days=1), propose("coverage.mode", 75, operator, days=30)
    approve(low, manager)
    with pytest.raises(Conflict, match="low, mode, high"):
        approve(mode, manager)


def test_parts_of_a_whole_change_together(operator: User, manager: User) -> None:
    first = propose("instalment.1", 40, operator, days=3)
    with pytest.raises(Conflict, match="100"):
        approve(first, manager)
    second = propose("instalment.2", 40, operator, days=3)
    assert others(first, second) == {first.pk: [second], second.pk: [first]}
    rule = approve(second, manager, first)
    first.refresh_from_db()
    assert (rule.code, rule.value, first.state) == ("valuation.instalment.2", 40, "approved")
    for day, parts in ((in_days(2), [50, 30, 20]), (in_days(3), [40, 40, 20])):
        assert [number(f"valuation.instalment.{part}", on=day) for part in (1, 2, 3)] == parts


def test_parts_of_a_whole_that_all_wait_must_add_up(operator: User) -> None:
    propose("instalment.1", 40, operator)
    propose("instalment.2", 40, operator)
    with pytest.raises(ValidationError, match="100"):
        propose("instalment.3", 25, operator)
    assert RuleProposal.objects.count() == 2


def test_nobody_approves_his_own_beside_anothers(operator: User, manager: User) -> None:
    first = propose("instalment.1", 40, operator)
    second = propose("instalment.2", 40, manager)
    with pytest.raises(NotAllowed):
        approve(first, manager, second)
    assert {one.state for one in RuleProposal.objects.all()} == {"proposed"}


def test_what_waits_for_another_day_does_not_count(operator: User, manager: User) -> None:
    first = propose("instalment.1", 40, operator, days=3)
    propose("instalment.2", 40, operator, days=4)
    with pytest.raises(Conflict, match="100"):
        approve(first, manager)


def test_the_page_says_what_is_approved_together(client: Client, operator: User, manager: User) -> None:
    propose("instalment.1", 40, operator)
    propose("instalment.2", 40, operator)
    propose("coverage.low", 60, operator)
    client.force_login(manager)
    with translation.override("en"):
        text = client.get(reverse("rules:proposals")).content.decode()
    assert text.count("It fits only together with what waits for the same day") == 2
    assert "and is approved with it: Second instalment, of the whole." in text


def premium(high: Any, operator: User) -> RuleProposal:
    return propose("equity_risk_premium.high", high, operator)


def test_nothing_comes_into_force_that_the_approver_did_not_see(operator: User, manager: User) -> None:
    seen = premium("9.5", operator)
    mode = propose("equity_risk_premium.mode", "9.2", operator)
    assert others(seen, mode)[mode.pk] == [seen]
    services.withdraw_rule(proposal=seen, actor=operator)
    other = premium(90, operator)
    with pytest.raises(Stale) as refused:
        approve(mode, manager, seen)
    assert refused.value.detail == {"together_with": [other.pk]}
    with pytest.raises(Stale):
        approve(mode, manager)
    assert number("valuation.equity_risk_premium.high") == 9
    approve(mode, manager, other)


def test_what_is_not_needed_is_not_approved_along(operator: User, manager: User) -> None:
    low = propose("equity_risk_premium.low", "7.5", operator)
    high, mode = premium("9.5", operator), propose("equity_risk_premium.mode", "9.2", operator)
    assert others(low, high, mode) == {low.pk: [], high.pk: [], mode.pk: [high]}
    approve(mode, manager, high)
    low.refresh_from_db()
    assert low.state == "proposed"
    assert number("valuation.equity_risk_premium.low") == 8


def test_page_and_api_send_what_they_showed(client: Client, operator: User, manager: User) -> None:
    seen, mode = premium("9.5", operator), propose("equity_risk_premium.mode", "9.2", operator)
    client.force_login(manager)
    approve_page, approve_api = (
        reverse("rules:approve", args=[mode.pk]),
        reverse("api:rule_proposal_approve", args=[mode.pk]),
    )
    page = BeautifulSoup(client.get(reverse("rules:proposals")).content, "html.parser")
    button = page.select_one(f'form[action="{approve_page}"] button')
    assert button is not None
    assert (button["name"], button["value"]) == ("together_with", str(seen.pk))
    listed = {row["id"]: row for row in client.get(reverse("api:rule_proposal_list")).json()}
    assert (listed[mode.pk]["together_with"], listed[seen.pk]["together_with"]) == ([seen.pk], [])
    assert client.post(approve_page).status_code == 409
    answer = client.post(approve_api, "{}", content_type="application/json")
    assert (answer.status_code, answer.json()["code"], answer.json()["together_with"]) == (409, "stale", [seen.pk])
    answer = client.post(approve_api, {"together_with": [seen.pk]}, content_type="application/json")
    assert (answer.status_code, answer.json()["together_with"]) == (200, [seen.pk])
    seen.refresh_from_db()
    assert seen.state == "approved"
    listed = {row["id"]: row for row in client.get(reverse("api:rule_proposal_list")).json()}
    assert listed[seen.pk]["together_with"] == [mode.pk]


def test_the_page_offers_what_can_be_approved_and_says_what_is_missing(client: Client, manager: User) -> None:
    boss = person(Role.MANAGER, exchange=ExchangeFactory())
    own = propose("instalment.1", 40, boss)
    beside = propose("instalment.2", 40, manager)
    client.force_login(boss)
    with translation.override("en"):
        page = client.get(reverse("rules:proposals")).content.decode()
        board = client.get(reverse("insights:dashboard")).content.decode()
    assert reverse("rules:approve", args=[beside.pk]) not in page
    assert reverse("rules:reject", args=[beside.pk]) in page
    assert "Someone else has to approve these" in page
    assert "Second instalment, of the whole" not in board
    services.withdraw_rule(proposal=own, actor=boss)
    services.withdraw_rule(proposal=beside, actor=manager)
    for part, value in ((1, 40), (2, 35)):
        propose(f"instalment.{part}", value, manager)
    with translation.override("en"):
        page = client.get(reverse("rules:proposals")).content.decode()
        board = client.get(reverse("insights:dashboard")).content.decode()
    assert "It fits only together" not in page
    assert page.count("It cannot be approved yet.") == 2
    assert "/approve/" not in page
    assert "Second instalment, of the whole" not in board


def test_parts_proposed_on_two_days_for_the_day_are_one_whole(operator: User, manager: User) -> None:
    first = propose("instalment.1", 40, operator)
    tomorrow = timezone.now() + datetime.timedelta(days=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "now", lambda: tomorrow)
        second = propose("instalment.2", 35, operator)
        third = propose("instalment.3", 25, operator)
        assert others(first, second, third)[first.pk] == [second, third]
        approve(third, manager, first, second)
        assert [number(f"valuation.instalment.{part}") for part in (1, 2, 3)] == [40, 35, 25]


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("registration.fee.min", 10_000_001), ("registration.fee.max", 4_999_999), ("valuation.grade.cut.b", 76),
        ("valuation.grade.cut.a", 54), ("tax.cit.small.ceiling", 50_000_000_001), ("obligation.reminder.first", 2),
        ("match.push.new_places", 11),
    ],
)  # fmt: skip
def test_figures_that_must_rise_stay_in_order(operator: User, code: str, value: int) -> None:
    says = {"valid_from": in_days(0), "review_by": in_days(400), "source": "Biên bản họp", "certainty": "A", "note": ""}
    with pytest.raises(ValidationError) as refused:
        services.propose_rule(code=code, actor=operator, value=Decimal(value), **says)
    assert list(refused.value.message_dict) == ["value"]


def file_with(path: Path, **values: str) -> Path:
    """Give the file of the release with other values for some codes."""
    with (settings.BASE_DIR / "data" / "rules.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["value"] = values.get(row["code"].removeprefix("valuation.").replace(".", "_"), row["value"])
    with (path / "rules.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path / "rules.csv"


def test_the_file_leaves_a_whole_group_alone_that_people_keep(operator: User, manager: User, tmp_path: Path) -> None:
    first, second = propose("instalment.1", 40, operator), propose("instalment.2", 40, operator)
    approve(first, manager, second)
    services.load_rules(path=file_with(tmp_path, instalment_1="60", instalment_2="30", instalment_3="10"))
    assert [number(f"valuation.instalment.{part}") for part in (1, 2, 3)] == [40, 40, 20]


@pytest.mark.parametrize("values", [{"coverage_low": "91"}, {"instalment_3": "10"}, {"option_steps": "0"}])
def test_a_file_that_does_not_fit_is_not_loaded(values: dict[str, str], tmp_path: Path) -> None:
    before = list(Rule.objects.order_by("pk").values())
    with pytest.raises(ValidationError):
        services.load_rules(path=file_with(tmp_path, risk_free="5", **values))
    assert list(Rule.objects.order_by("pk").values()) == before


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("comparables.half_life", 0), ("option.steps", 0), ("option.steps", "0.5"), ("option.volatility", 0),
        ("grade.spread_zero", 1), ("grade.dispersion_zero", 0), ("grade.comparables_full", 0),
        ("royalty.fallback.q1", 0), ("similarity.all_industries", 0), ("adjust.exclusive", 0),
        ("exchange_rate.USD", 0), ("weight.relief_from_royalty", 0), ("launch_delay.trl3", 1000),
    ],
)  # fmt: skip
def test_what_is_divided_by_stays_inside_bounds(operator: User, code: str, value: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        propose(code, value, operator)
    assert list(refused.value.message_dict) == ["value"]


def test_signing_and_milestone_leave_no_less_than_nothing(operator: User) -> None:
    with pytest.raises(ValidationError, match="100"):
        propose("proposal.milestone", 91, operator)


def test_the_rows_of_the_file_fit() -> None:
    rows = list(in_force())
    for row in rows:
        group, bounds = groups.group_of(row.code), groups.bounds_of(row.code)
        mine = [other for other in rows if other.code in group.codes]
        assert row.value is None or groups.problem(group, [], mine) == "", row
        assert bounds is None or bounds[0] <= row.value <= bounds[1], row


@pytest.mark.parametrize(
    ("code", "value"),
    [
        (code, bound) for code, bounds in groups.BOUNDS.items() if not code.endswith(".") for bound in bounds
        if not code.startswith(("tax.", "valuation.royalty."))
    ],
)  # fmt: skip
def test_a_range_is_computed_at_either_bound(code: str, value: str) -> None:
    Rule.objects.filter(code=code).update(value=Decimal(value))
    technology = TechnologyFactory(published=True, with_right=True, state_funding_pct=None)
    assert valuation.suggest_for(pk=technology.pk) is not None


@pytest.mark.django_db(transaction=True)
def test_of_two_siblings_approved_at_once_one_is_refused() -> None:
    operator, manager = (
        person(Role.OPERATOR, exchange=ExchangeFactory()),
        person(Role.MANAGER, exchange=ExchangeFactory()),
    )
    waiting = [propose("coverage.low", 85, operator, days=2), propose("coverage.mode", 80, operator, days=1)]
    start, refused = threading.Barrier(2), []

    def decide(proposal: RuleProposal) -> None:
        try:
            start.wait(10)
            approve(proposal, manager)
        except Conflict as error:
            refused.append(error)
        finally:
            close_old_connections()
            connection.close()

    threads = [threading.Thread(target=decide, args=[one]) for one in waiting]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert sorted(RuleProposal.objects.values_list("state", flat=True)) == ["approved", "proposed"]
