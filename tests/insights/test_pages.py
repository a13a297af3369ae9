"""What waits for a person, and the public figures."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from deals.forms.tracking import period_label
from deals.lifecycle import DealState
from deals.models import Deal
from deals.services.enquiries import break_off, decline_enquiry
from deals.services.signing import terminate_deal
from deals.services.tracking_invoices import issue_invoice
from deals.services.tracking_statements import question_statement
from insights import selectors
from matching.choices import Answer, Side
from matching.models import Match
from matching.services import answer_match
from tests.factories.accounts import OrganisationFactory, person
from tests.factories.deals import deal_room
from tests.factories.listings import DemandFactory, TechnologyFactory
from tests.factories.tracking import tracked

pytestmark = pytest.mark.django_db
S = DealState


def titles(user: Any) -> dict[str, int]:
    return {str(group.title): group.total for group in selectors.waiting_for(user)}


def test_an_operator_sees_the_queue_of_the_own_exchange_only(client: Client) -> None:
    technology = TechnologyFactory(submitted=True)
    TechnologyFactory(submitted=True)
    DemandFactory(submitted=True, exchange=technology.exchange)
    OrganisationFactory(exchange=technology.exchange, state="pending")
    operator = person(role="operator", exchange=technology.exchange)
    with override("en"):
        assert titles(operator) == {"To review": 2, "Organisations to verify": 1}


def test_a_tto_officer_sees_what_waits_for_approval() -> None:
    technology = TechnologyFactory(awaiting_owner=True)
    officer = person(role="tto_officer", organisation=technology.organisation)
    with override("en"):
        assert titles(officer) == {"For your approval": 1}
        [task] = group(officer, "For your approval").tasks
    assert task.url == f"/en/technologies/{technology.pk}/manage/"  # where the decision is, not the public page


def test_listings_that_were_sent_back_lead_to_where_they_are_mended() -> None:
    technology = TechnologyFactory(state="changes_requested")
    with override("vi"):
        urls = [task.url for one in selectors.waiting_for(technology.author) for task in one.tasks]
    assert urls == [f"/technologies/{technology.pk}/manage/"]


def test_a_deal_waits_for_the_side_whose_turn_it_is() -> None:
    room = deal_room(DealState.ENQUIRY)
    with override("en"):
        assert titles(room.tto).get("Deals that wait for your side") == 1
        assert "Deals that wait for your side" not in titles(room.buyer)


def test_a_statement_waits_for_the_licensor_then_for_the_licensee() -> None:
    title = "Royalty statements that wait for your answer"
    case = tracked()
    statement = case.file()
    with override("en"):
        assert titles(case.tto).get(title) == 1
        assert title not in titles(case.buyer)
        question_statement(statement=statement, actor=case.tto, question="Which plant?")
        assert title not in titles(case.tto)
        assert titles(case.buyer).get(title) == 1
        assert title not in titles(person())


def group(user: Any, title: str) -> Any:
    return next((one for one in selectors.waiting_for(user) if str(one.title) == title), None)


WAITING = "Royalty statements that wait for your answer"


@pytest.mark.parametrize(
    ("state", "who", "sees"),
    [
        ("filed", "tto", True), ("filed", "licensor_signatory", True), ("filed", "author", False),
        ("filed", "colleague", False), ("filed", "licensor_broker", False), ("filed", "buyer", False),
        ("filed", "operator", False), ("filed", "rival_tto", False), ("filed", "stranger", False),
        ("questioned", "buyer", True), ("questioned", "signatory", True), ("questioned", "buyer_researcher", False),
        ("questioned", "tto", False), ("questioned", "rival", False), ("questioned", "operator", False),
    ],
)  # fmt: skip
def test_waiting_statements_are_shown_to_who_may_answer(client: Client, state: str, who: str, sees: bool) -> None:
    case = tracked()
    statement = case.file()
    if state == "questioned":
        question_statement(statement=statement, actor=case.tto, question="Which plant?")
    viewer = person("signatory", case.deal.licensor) if who == "licensor_signatory" else case.person(who)
    with override("en"):
        found = group(viewer, WAITING)
    assert (found is not None) is sees
    client.force_login(viewer)
    page = client.get("/en/my/").content.decode()
    assert (WAITING in page) is sees
    assert (statement.get_absolute_url() in page) is sees
    if found is not None:
        (task,) = found.tasks
        with override("en"):
            period = period_label(statement)
        assert (task.title, task.note) == (case.deal.technology.title, period)
        assert task.since == statement.filed_at


def test_waiting_statements_ask_the_same_of_the_database_for_one_and_for_three(client: Client) -> None:
    case = tracked()
    client.force_login(case.tto)
    asked = []
    for numbers in ([1], [2, 3]):
        for number in numbers:
            case.file(number)
        with CaptureQueriesContext(connection) as queries:
            page = client.get("/en/my/").content.decode()
        assert page.count("/en/statements/") == case.contract.statements.count()
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_supplier_sees_which_invoices_to_issue_and_whom_to_pay() -> None:
    case = tracked(lump_sum=Decimal(500_000_000))
    with override("en"):
        assert group(case.tto, "Invoices to issue").tasks[0].is_late
        assert titles(case.tto).get("Due under your contracts") is None
        assert group(case.buyer, "Invoices to issue") is None
        assert group(case.author, "Invoices to issue") is None
        invoice = issue_invoice(obligation=case.obligations("lump_sum")[0], actor=case.tto)
        assert group(case.tto, "Invoices to issue") is None
        case.pay(invoice)
        (task,) = group(case.tto, "Parts to pay to inventors and intermediaries").tasks
        assert task.note == f"{case.author}, ₫75,000,000"
        for who in ("buyer", "author", "operator"):
            assert group(case.person(who), "Parts to pay to inventors and intermediaries") is None


@pytest.mark.parametrize("prefix", ["", "/en"])
def test_dashboard_and_statistics_open(client: Client, prefix: str) -> None:
    room = deal_room(DealState.NEGOTIATING)
    assert client.get(f"{prefix}/statistics/").status_code == 200
    assert client.get(f"{prefix}/my/").status_code == 302
    for who in (room.tto, room.buyer, room.operator, room.stranger):
        client.force_login(who)
        assert client.get(f"{prefix}/my/").status_code == 200


def test_statistics_counts_what_is_published() -> None:
    technology = TechnologyFactory(published=True)
    TechnologyFactory()
    DemandFactory(published=True)
    figures = selectors.statistics()
    assert (figures.technologies, figures.demands) == (1, 1)
    other = selectors.statistics(exchange=OrganisationFactory().exchange)
    assert other.technologies == 0
    assert selectors.statistics(exchange=technology.exchange).technologies == 1


def test_statistics_tell_of_no_exchange_that_a_masked_demand_is_there(client: Client) -> None:
    demand = DemandFactory(published=True)
    DemandFactory(published=True, masked=True, organisation=demand.organisation)
    assert selectors.statistics().demands == 2
    code = demand.exchange.code
    assert client.get(f"/statistics/?exchange={code}").context["figures"].demands == 1
    assert client.get(f"/api/v1/statistics/?exchange={code}").json()["demands"] == 1


def test_statistics_tells_no_sum_that_a_new_contract_would_move(client: Client) -> None:
    """A running sum, before and after, would be the terms of the contract between."""
    before = client.get("/api/v1/statistics/").json()
    deal_room(DealState.SIGNED)
    after = client.get("/api/v1/statistics/").json()
    moved = {name for name in before if before[name] != after[name]}
    assert after["contracts_signed"] == before["contracts_signed"] + 1
    assert "signed_value" not in after
    assert moved <= {
        "technologies", "organisations", "deals_running", "contracts_signed", "by_field", "by_month", "funnel"
    }  # fmt: skip


def test_the_funnel_counts_at_least_as_far() -> None:
    deal_room(DealState.ENQUIRY)
    deal_room(DealState.NEGOTIATING)
    counts = [count for _label, count in selectors.statistics().funnel]
    assert counts[:4] == [2, 1, 1, 0]


def funnel(**where: Any) -> list[int]:
    return [count for _label, count in selectors.statistics(**where).funnel]


def test_a_lost_deal_counts_as_far_as_it_came() -> None:
    declined, drafted, broken = (deal_room(state) for state in (S.ENQUIRY, S.CONTRACT_DRAFTED, S.SIGNED))
    decline_enquiry(deal=declined.running, actor=declined.tto, reason="Đã có bên nhận.")
    break_off(deal=drafted.running, actor=drafted.buyer, reason="Hết ngân sách.")
    terminate_deal(deal=broken.running, actor=broken.people["licensor_signatory"], reason="Vi phạm.")
    assert funnel() == [3, 2, 2, 2, 2, 1, 1, 1]
    assert funnel(exchange=drafted.technology.exchange) == [1, 1, 1, 1, 1, 0, 0, 0]


@pytest.mark.parametrize("count", [1, 3])
def test_the_funnel_asks_a_constant_number_of_queries(django_assert_num_queries: Any, count: int) -> None:
    for _ in range(count):
        room = deal_room(S.NEGOTIATING)
        break_off(deal=room.running, actor=room.buyer, reason="Hết ngân sách.")
    with django_assert_num_queries(3):
        assert [found for _label, found in selectors._funnel(Deal.objects.all())][:4] == [count, count, count, 0]


def test_each_exchange_tells_its_own_shortlisted_matches() -> None:
    here, there = TechnologyFactory(published=True), TechnologyFactory(published=True)
    match = Match.objects.create(
        technology=here, demand=DemandFactory(published=True), score=0.7, lexical=3.0, cosine=0.4,
        found_from=Side.DEMAND, position=1, technology_version=1, demand_version=1,
    )  # fmt: skip
    answer_match(match=match, actor=here.author, side=Side.SUPPLY, answer=Answer.SHORTLIST)
    assert [selectors.statistics(exchange=one).matches_shortlisted for one in (None, here.exchange, there.exchange)] == [
        1, 1, 0,
    ]  # fmt: skip


def test_figures_and_tasks_are_served_by_the_api(client: Client) -> None:
    assert client.get("/api/v1/statistics/").json()["technologies"] == 0
    assert client.get("/api/v1/waiting/").status_code == 401
    client.force_login(person())
    assert client.get("/api/v1/waiting/").json() == []


@pytest.mark.parametrize("count", [1, 3])
def test_dashboard_asks_a_constant_number_of_queries(
    client: Client, count: int, django_assert_num_queries: Any
) -> None:
    technology = TechnologyFactory(submitted=True)
    for _ in range(count - 1):
        TechnologyFactory(submitted=True, exchange=technology.exchange)
    client.force_login(person(role="operator", exchange=technology.exchange))
    with django_assert_num_queries(11):
        assert client.get("/my/").status_code == 200
