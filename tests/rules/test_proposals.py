"""Two people change a dated row: proposal, approval, rejection, withdrawal, by page and by API."""

import datetime
import json
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role, User
from audit.models import Event
from marketplace.kit.errors import Conflict, NotAllowed
from rules import selectors, services, words
from rules.models import Rule, RuleProposal
from rules.selectors import number
from tests.factories.accounts import ExchangeFactory, person

pytestmark = pytest.mark.django_db
CODE = "valuation.risk_free"


def says(**changes: Any) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "value": Decimal("3.2"), "valid_from": today, "review_by": today + datetime.timedelta(days=90),
        "source": "Auction of 10-year bonds, State Treasury", "certainty": "A", "note": "", **changes,
    }  # fmt: skip


def people() -> dict[str, User]:
    exchange = ExchangeFactory()
    return {
        "operator": person(Role.OPERATOR, exchange=exchange),
        "colleague": person(Role.OPERATOR, exchange=exchange),
        "manager": person(Role.MANAGER, exchange=ExchangeFactory()),
        "representative": person(Role.REPRESENTATIVE),
        "stranger": person(),
    }


def proposed(by: User | None = None, **changes: Any) -> RuleProposal:
    return services.propose_rule(code=CODE, actor=by or person(Role.OPERATOR), **says(**changes))


def test_an_approved_row_follows_the_one_before() -> None:
    who = people()
    today = timezone.localdate()
    old = selectors.rule(CODE)
    start = today + datetime.timedelta(days=10)
    proposal = proposed(who["operator"], valid_from=start)
    assert number(CODE, on=start) == old.value
    rule = services.approve_rule(proposal=proposal, actor=who["manager"])
    old.refresh_from_db()
    assert (old.valid_to, rule.valid_from, rule.unit, rule.valid_to) == (start, start, "percent", None)
    assert number(CODE) == old.value
    assert number(CODE, on=start) == Decimal("3.2")
    tags = list(Event.objects.order_by("pk").values_list("tag", "actor"))
    assert tags == [
        ("rule_proposal.propose", who["operator"].pk),
        ("rule_proposal.approve", who["manager"].pk),
        ("rule.put_in_force", who["manager"].pk),
    ]


def test_a_day_that_passed_while_waiting_becomes_the_day_of_approval() -> None:
    who = people()
    proposal = proposed(who["operator"])
    tomorrow = timezone.now() + datetime.timedelta(days=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "now", lambda: tomorrow)
        rule = services.approve_rule(proposal=proposal, actor=who["manager"])
    assert rule.valid_from == timezone.localdate(tomorrow)


def test_nobody_decides_alone_and_one_of_the_two_manages() -> None:
    who = people()
    proposal = proposed(who["operator"])
    for name in ("operator", "colleague", "representative", "stranger"):
        with pytest.raises(NotAllowed):
            services.approve_rule(proposal=proposal, actor=who[name])
    services.withdraw_rule(proposal=proposal, actor=who["operator"])
    of_manager = proposed(who["manager"])
    with pytest.raises(NotAllowed):
        services.approve_rule(proposal=of_manager, actor=who["manager"])
    assert services.approve_rule(proposal=of_manager, actor=who["colleague"]).value == Decimal("3.2")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"value": None, "text": "x"}, "value"),
        ({"value": Decimal(-1)}, "value"),
        ({"value": Decimal(101)}, "value"),
        ({"source": ""}, "source"),
        ({"source": "a\x07"}, "source"),
        ({"valid_from": datetime.date(2026, 1, 1)}, "valid_from"),
        ({"review_by": datetime.date(2026, 1, 1)}, "review_by"),
    ],
)
def test_a_wrong_proposal_is_refused_by_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        proposed(**changes)
    assert field in refused.value.message_dict
    assert not RuleProposal.objects.exists()


def test_low_mode_and_high_stay_in_order() -> None:
    with pytest.raises(ValidationError, match="low, mode, high"):
        services.propose_rule(
            code="valuation.equity_risk_premium.low", actor=person(Role.OPERATOR), **says(value=Decimal(20))
        )


def test_a_row_for_some_days_leaves_no_gap() -> None:
    who = people()
    first = timezone.localdate() + datetime.timedelta(days=30)
    days = {"valid_from": first, "valid_to": first + datetime.timedelta(days=1)}
    with pytest.raises(ValidationError, match="trống"):
        proposed(who["operator"], **days)
    holiday = services.propose_rule(
        code="calendar.holiday", actor=who["operator"], **says(**days, value=None, text="Ngày nghỉ bù")
    )
    rule = services.approve_rule(proposal=holiday, actor=who["manager"])
    assert (rule.valid_from, rule.valid_to) == tuple(days.values())


def test_one_proposal_waits_for_a_code_at_a_time() -> None:
    proposed()
    with pytest.raises(Conflict):
        proposed()


def test_a_decided_proposal_stays_decided() -> None:
    who = people()
    proposal = services.reject_rule(proposal=proposed(who["operator"]), actor=who["manager"], reason="Nguồn cũ.")
    assert proposal.decision_note == "Nguồn cũ."
    for act in (services.approve_rule, services.withdraw_rule):
        with pytest.raises((Conflict, NotAllowed)):
            act(proposal=proposal, actor=who["operator"])
    with pytest.raises(IntegrityError), transaction.atomic():
        RuleProposal.objects.filter(pk=proposal.pk).update(decision_note="khác")
    with pytest.raises(IntegrityError), transaction.atomic():
        proposal.delete()


def test_an_approved_row_is_never_changed() -> None:
    who = people()
    rule = services.approve_rule(proposal=proposed(who["operator"]), actor=who["manager"])
    with pytest.raises(IntegrityError), transaction.atomic():
        Rule.objects.filter(pk=rule.pk).update(value=9)
    with pytest.raises(IntegrityError), transaction.atomic():
        Rule.objects.filter(pk=rule.pk).delete()


def test_the_file_leaves_a_code_alone_that_people_keep() -> None:
    who = people()
    services.approve_rule(proposal=proposed(who["operator"]), actor=who["manager"])
    before = list(Rule.objects.order_by("pk").values())
    services.load_rules(path=settings.BASE_DIR / "data" / "rules.csv")
    assert list(Rule.objects.order_by("pk").values()) == before


def test_stale_rows_are_those_in_force_past_their_review() -> None:
    row = selectors.rule(CODE)
    assert row.review_by is not None
    later = row.review_by + datetime.timedelta(days=1)
    assert row in selectors.stale(on=later)
    assert list(selectors.stale(CODE, on=later)) == [row]
    assert list(selectors.stale(CODE, on=row.review_by)) == []
    assert row in selectors.stale("valuation.", "tax.", on=later)
    assert row not in selectors.stale("tax.", on=later)


@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_public_reads_every_row_with_its_source(client: Client, language: str) -> None:
    prefix = "" if language == "vi" else "/en"
    page = client.get(f"{prefix}/rules/")
    assert page.status_code == 200
    text = page.content.decode()
    assert text.count("/rules/of/") == selectors.in_force().count()
    one = client.get(f"{prefix}/rules/of/{CODE}/")
    assert one.status_code == 200
    assert "10-year government bond" in one.content.decode()
    assert client.get(f"{prefix}/rules/of/no.such/").status_code == 404


def test_the_list_asks_a_fixed_number_of_queries(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(2):
        client.get(reverse("rules:rule_list"))


@pytest.mark.parametrize("count", [1, 3])
def test_what_waits_asks_a_fixed_number_of_queries(client: Client, django_assert_num_queries: Any, count: int) -> None:
    who = people()
    for code in (CODE, "review.answer", "match.push.days")[:count]:
        services.propose_rule(code=code, actor=who["operator"], **says(value=Decimal(5)))
    client.force_login(who["colleague"])
    for path, queries in ((reverse("rules:proposals"), 8), (reverse("insights:dashboard"), 13)):
        with django_assert_num_queries(queries):
            assert client.get(path).status_code == 200


def test_the_api_gives_rows_of_a_day(client: Client) -> None:
    rows = client.get(reverse("api:rules"), {"on": "2025-10-01"}).json()
    assert {row["code"] for row in rows} == {row.code for row in selectors.in_force(datetime.date(2025, 10, 1))}
    assert client.get(reverse("api:rules"), {"on": "soon"}).status_code == 400
    assert [row["value"] for row in client.get(reverse("api:rule", args=[CODE])).json()] == ["4.00000000"]


def test_every_group_and_name_is_known_in_words() -> None:
    rows = list(selectors.in_force())
    shown = words.listed(rows, stale_ids=set())
    assert sum(len(group["rows"]) for group in shown) == len(rows)
    assert all(row["value"] for group in shown for row in group["rows"])


def send(client: Client, channel: str, act: str, proposal: RuleProposal | None) -> int:
    body = {key: str(value) for key, value in says().items()}
    if act == "propose":
        page, api, args = "rules:propose", "api:rule_proposals", [CODE]
    else:
        assert proposal is not None
        page, api, args = f"rules:{act}", f"api:rule_proposal_{act}", [proposal.pk]
        body = {"reason": "Nguồn không mở được."} if act == "reject" else {}
    if channel == "page":
        return client.post(reverse(page, args=args), body).status_code
    return client.post(reverse(api, args=args), json.dumps(body), content_type="application/json").status_code


@pytest.mark.parametrize("channel", ["page", "api"])
@pytest.mark.parametrize(
    ("act", "right", "refused"),
    [
        ("propose", "operator", {"stranger": 404, "representative": 404}),
        ("approve", "manager", {"stranger": 404, "representative": 404, "operator": 403, "colleague": 403}),
        ("reject", "manager", {"stranger": 404, "representative": 404, "operator": 403, "colleague": 403}),
        ("withdraw", "operator", {"stranger": 404, "representative": 404, "manager": 403, "colleague": 403}),
    ],
)
def test_an_act_is_done_by_the_right_person_only(act: str, right: str, refused: dict[str, int], channel: str) -> None:
    who = people()
    proposal = None if act == "propose" else proposed(who["operator"])

    def everything() -> list[Any]:
        return [list(model.objects.order_by("pk").values()) for model in (Rule, RuleProposal, Event)]

    before = everything()
    anonymous = Client()
    assert send(anonymous, channel, act, proposal) in {302, 401, 403}
    for name, status in refused.items():
        client = Client()
        client.force_login(who[name])
        assert (name, send(client, channel, act, proposal)) == (name, status)
        assert everything() == before
    client = Client()
    client.force_login(who[right])
    expected = 302 if channel == "page" else 201 if act == "propose" else 200
    assert send(client, channel, act, proposal) == expected
    assert everything() != before


def test_staff_see_what_waits_and_what_was_decided(client: Client) -> None:
    who = people()
    services.reject_rule(proposal=proposed(who["operator"]), actor=who["manager"], reason="Nguồn cũ.")
    proposed(who["operator"])
    client.force_login(who["manager"])
    text = client.get(reverse("rules:proposals")).content.decode()
    assert "Nguồn cũ." in text
    assert reverse("rules:approve", args=[RuleProposal.objects.latest("pk").pk]) in text
    assert client.get(reverse("rules:propose", args=[CODE])).status_code == 200
    assert client.post(reverse("rules:propose", args=[CODE]), {}).status_code == 400
    client.force_login(who["stranger"])
    assert client.get(reverse("rules:proposals")).status_code == 404


def test_a_choice_of_the_interview_is_one_that_the_interview_offers(client: Client) -> None:
    operator, code = person(Role.OPERATOR), "valuation.unanswered.payer"
    for wrong in ("we", "Owner", "owner "):
        with pytest.raises(ValidationError) as refused:
            services.propose_rule(code=code, actor=operator, **says(value=None, text=wrong))
        assert "buyer, owner" in str(refused.value.message_dict["text"])
    proposal = services.propose_rule(code=code, actor=operator, **says(value=None, text="owner"))
    services.approve_rule(proposal=proposal, actor=person(Role.MANAGER, exchange=ExchangeFactory()))
    assert selectors.rule(code).text == "owner"
    client.force_login(operator)
    page = client.get(reverse("rules:propose", args=["valuation.unanswered.royalty_base"])).content.decode()
    assert "net_revenue, net_selling_price, pre_tax_profit" in page
    shown = {row.code: words.value_of(row, row.unit) for row in Rule.objects.filter(code__in=words.CHOICES)}
    assert not {text for text in shown.values() if "_" in text}
