"""Figures that stand together: judged on every day, approved together where one alone would not fit."""

import datetime
import threading
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import close_old_connections, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import Role, User
from marketplace.kit.errors import Conflict, NotAllowed
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


def approve(proposal: RuleProposal, by: User) -> Rule:
    return services.approve_rule(proposal=proposal, actor=by)


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
    assert selectors.companions([first, second]) == {first.pk: [second], second.pk: [first]}
    rule = approve(second, manager)
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
    propose("instalment.2", 40, manager)
    with pytest.raises(NotAllowed):
        approve(first, manager)
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
