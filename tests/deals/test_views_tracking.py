"""Pages and API of tracking: what they show, to whom, at what cost; what bad input gets."""

import datetime
from decimal import Decimal

import pytest
from bs4 import BeautifulSoup
from django.utils import timezone
from django.utils.formats import date_format

from deals.models import RoyaltyShare, RoyaltyStatement
from deals.services import terminate_deal
from deals.services.tracking import file_annual_report
from deals.services.tracking_invoices import issue_invoice
from deals.services.tracking_statements import question_statement
from deals.services.tracking_sweep import sweep
from deals.tracking_selectors import obligations_of, tracking_summary
from deals.views.tracking_next import coming
from marketplace.samples.clock import clock_at
from tests.factories.tracking import months_ago, tracked

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def text(response) -> str:
    return " ".join(BeautifulSoup(response.content, "html.parser").main.get_text(" ").split())


def busy(statements: int = 2):
    """A room with statements, invoices, payments and payouts."""
    room = tracked(lump_sum=Decimal(500_000_000), minimum_annual=Decimal(50_000_000))
    for number in range(1, statements + 1):
        room.pay(room.invoice(number), None, f"FT{number}")
    return room


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize(("who", "shares"), [("tto", True), ("operator", True), ("buyer", False), ("author", False)])
def test_the_tracking_page_shows_each_side_what_is_its_own(client, prefix, who, shares):
    room = busy()
    client.force_login(room.person(who))

    response = client.get(f"{prefix}/deals/{room.deal.pk}/tracking/")

    assert response.status_code == 200
    page = text(response)
    assert room.contract.number in page
    assert ('id="shares"' in response.content.decode()) is shares
    assert 'id="ledger"' in response.content.decode()  # each one's own entries


def _invoiced_two_weeks_ago(room):
    with clock_at(timezone.now() - 14 * DAY):  # its day had passed: it is due on the day of its issue
        issue_invoice(obligation=room.obligations("lump_sum")[0], actor=room.tto)


def test_a_sum_that_the_buyer_cannot_pay_yet_is_not_called_overdue_but_waits_for_its_invoice(client):
    room = tracked(lump_sum=Decimal(500_000_000))
    for invoiced, words in ((False, "Waits for the invoice"), (True, "Overdue")):
        if invoiced:
            _invoiced_two_weeks_ago(room)
        client.force_login(room.buyer)
        for address in (f"/en/deals/{room.deal.pk}/tracking/", "/en/obligations/?show=overdue"):
            page = BeautifulSoup(client.get(address).content, "html.parser").main
            row = next(row for row in page.select("tbody tr") if "Lump sum" in row.get_text())
            assert row.select_one(".badge").get_text(strip=True) == words
            assert ("overdue" in row.get_text()) is invoiced


def test_the_board_and_the_tracking_page_tell_a_debt_from_a_sum_without_invoice(client):
    room = tracked(lump_sum=Decimal(500_000_000))
    operator = room.operator
    for invoiced in (False, True):
        if invoiced:
            _invoiced_two_weeks_ago(room)
        client.force_login(operator)
        for address in ("/en/operator/deals/", f"/en/deals/{room.deal.pk}/tracking/"):
            page = BeautifulSoup(client.get(address).content, "html.parser").main
            card = page.select_one(".deal-card") or page
            words = " ".join(card.get_text(" ").split())
            if "operator" in address:  # six statements and reports are overdue beside it
                assert ("Overdue 7 · since" in words, "Waits for the invoice 1 · since" in words) == (
                    invoiced,
                    not invoiced,
                )
            else:
                stats = {stat.select_one(".stat-label").get_text(strip=True) for stat in page.select(".stat")}
                assert ("Past their day, waiting for the invoice" in stats) is not invoiced


def test_only_who_must_invoice_reads_that_a_sum_without_invoice_is_late(client):
    room = tracked(lump_sum=Decimal(500_000_000))
    for user, late in ((room.buyer, False), (room.tto, True)):
        client.force_login(user)
        page = BeautifulSoup(client.get(f"/en/deals/{room.deal.pk}/tracking/").content, "html.parser")
        step = next(one for one in page.select("#next li") if "Lump sum" in one.get_text())
        assert "Payment due" in step.get_text()
        assert ("overdue" in step.get_text()) is late


def next_of(client, user, room) -> tuple[str, list[str]]:
    """Give the words of the panel that says what comes next, and what can be done there."""
    client.force_login(user)
    page = BeautifulSoup(client.get(f"/en/deals/{room.deal.pk}/tracking/").content, "html.parser")
    panel = page.select_one("#next")
    return " ".join(panel.get_text(" ").split()), [act.get_text(" ").strip() for act in panel.select("a, button")]


def test_the_tracking_page_says_what_comes_next_and_offers_it_to_who_may_do_it(client):
    room = tracked(lump_sum=Decimal(500_000_000))
    assert next_of(client, room.tto, room)[1] == ["Issue the invoice"]
    words, acts = next_of(client, room.buyer, room)
    assert f"Waits for {room.deal.licensor}" in words
    assert f"{room.deal.licensor} issues the invoice, and your side pays it." in words
    assert words.index("Your side acts next") < words.index("Waits for")  # the own act first, though the other is older
    assert acts == ["File a royalty statement"]
    words, _acts = next_of(client, room.tto, room)
    assert "Your side acts next" in words
    assert f"Your side issues the invoice, and {room.deal.licensee} pays it." in words
    words, _acts = next_of(client, room.operator, room)
    assert f"{room.deal.licensor} issues the invoice, and {room.deal.licensee} pays it." in words
    statement = room.file()
    assert next_of(client, room.tto, room)[1] == ["Answer the statement", "Issue the invoice"]
    question_statement(statement=statement, actor=room.tto, question="Which plant?")
    assert next_of(client, room.buyer, room)[1] == ["Answer the question", "File a royalty statement"]
    issue_invoice(obligation=room.obligations("lump_sum")[0], actor=room.tto)
    assert next_of(client, room.tto, room)[1] == ["Record a payment"]
    for who in ("author", "operator"):
        assert next_of(client, room.person(who), room)[1] == []


def test_each_share_is_shown_with_its_rate_and_source(client):
    room = tracked()
    payment = room.pay(room.invoice())
    client.force_login(room.tto)
    page = text(client.get(f"/en/deals/{room.deal.pk}/tracking/"))
    source = "IP Law art. 135 as amended by Law 131/2025/QH15"
    assert f"each payment before tax: 15% ({source})" in page
    assert f"Inventors together: 15% of what was received ( ₫35,000,000 ) = ₫5,250,000 · {source}" in page
    payout = payment.payouts.get()
    asked = text(client.get(f"/en/payouts/{payout.pk}/paid/"))
    assert "Amount to pay ₫5,250,000" in asked


def test_the_tracking_page_offers_a_statement_only_once_a_period_is_over(client):
    room = tracked(effective_on=months_ago(1))
    client.force_login(room.buyer)
    path = f"/en/deals/{room.deal.pk}/tracking/"
    early = client.get(path)
    period = room.period()

    assert "File a royalty statement" not in text(early)
    assert "The next period runs from" in text(early)
    over = datetime.datetime.combine(period.period_end + DAY, datetime.time(9), tzinfo=datetime.UTC)
    with clock_at(over):
        client.force_login(room.buyer)
        assert "File a royalty statement" in text(client.get(path))


def test_the_tracking_page_puts_what_counts_now_first(client):
    room = tracked(lump_sum=Decimal(1_000))
    client.force_login(room.tto)

    context = client.get(f"/deals/{room.deal.pk}/tracking/").context

    groups = {group["name"]: [row["obligation"] for row in group["rows"]] for group in context["groups"]}
    assert list(groups) == ["now", "later"]
    soon = timezone.localdate() + datetime.timedelta(days=92)
    assert all(row.due_on <= soon for row in groups["now"])
    assert all(row.due_on > soon for row in groups["later"])
    assert len(groups["now"]) + len(groups["later"]) == room.contract.obligations.count()


def test_an_obligation_past_its_day_is_shown_as_overdue_before_the_sweep(client):
    room = tracked(lump_sum=Decimal(1_000))
    late = room.obligations("lump_sum")[0]
    client.force_login(room.buyer)

    assert (late.state, late.state_today) == ("upcoming", "overdue")
    assert room.deal.technology.title in text(client.get("/obligations/?show=overdue"))


@pytest.mark.parametrize("who", ["stranger", "rival", "other_operator", "colleague"])
def test_the_pages_do_not_exist_for_others(client, who):
    room = busy(1)
    client.force_login(room.person(who))
    statement = RoyaltyStatement.objects.get()

    for path in (f"/deals/{room.deal.pk}/tracking/", f"/statements/{statement.pk}/"):
        assert client.get(path).status_code == 404
        assert client.get(f"/api/v1{path}").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_the_tracking_page_costs_the_same_whatever_it_holds(client, count, django_assert_num_queries):
    room = busy(count)
    client.force_login(room.tto)
    client.get(f"/deals/{room.deal.pk}/tracking/")

    with django_assert_num_queries(23):
        client.get(f"/deals/{room.deal.pk}/tracking/")


@pytest.mark.parametrize("count", [1, 3])
def test_lists_cost_the_same_whatever_they_hold(client, count, django_assert_num_queries):
    room = busy(count)
    client.force_login(room.author)

    with django_assert_num_queries(6):
        response = client.get("/my/payouts/")
    assert room.deal.technology.title in text(response)
    client.force_login(room.buyer)
    with django_assert_num_queries(6):
        client.get("/obligations/")
    with django_assert_num_queries(6):
        client.get("/api/v1/obligations/")


@pytest.mark.parametrize("count", [1, 3])
def test_the_summary_for_the_board_costs_four_queries(count, django_assert_num_queries):
    rooms = [tracked(effective_on=months_ago(5), lump_sum=Decimal(1_000)) for _number in range(count)]
    rooms[0].invoice(1)
    late = rooms[0].obligations("lump_sum")[0]
    late.__class__.objects.filter(pk=late.pk).update(state="overdue")

    with django_assert_num_queries(4):
        found = tracking_summary([room.deal for room in rooms])

    assert set(found) == {room.deal.pk for room in rooms}
    first = found[rooms[0].deal.pk]
    assert (first.overdue, first.overdue_since, first.owed) == (0, None, 35_000_000)
    assert (first.unbilled, first.unbilled_since) == (1, late.last_day)
    assert first.next_kind == "royalty"


def test_a_statement_shows_what_it_comes_to_before_it_is_filed(client):
    room = tracked(royalty_pct=Decimal("3.5"))
    client.force_login(room.buyer)
    path = f"/en/deals/{room.deal.pk}/tracking/file/"
    typed = {
        "period": room.period(1).pk,
        "gross_sales": "1,000,000,000",
        "returns": "100 m",
        "units": "12.5",
        "note": "x",
    }

    shown = client.post(path, {**typed, "act": "preview"})

    assert shown.status_code == 200
    assert "₫31,500,000" in text(shown)
    assert RoyaltyStatement.objects.count() == 0
    sent = BeautifulSoup(shown.content, "html.parser").find("input", {"name": "previewed"})["value"]
    other = client.post(path, {**typed, "gross_sales": "2,000,000,000", "act": "file", "previewed": sent})
    assert other.status_code == 409
    assert "₫66,500,000" in text(other)
    assert "The amount has changed" in text(other)
    assert RoyaltyStatement.objects.count() == 0
    filed = client.post(path, {**typed, "act": "file", "previewed": sent})
    statement = RoyaltyStatement.objects.get()
    assert (filed.status_code, filed["Location"]) == (302, f"/en/statements/{statement.pk}/")
    assert (statement.amount, statement.units, statement.note) == (31_500_000, Decimal("12.5"), "x")
    assert "₫31,500,000" in text(client.get(filed["Location"]))


@pytest.mark.parametrize(
    "change",
    [
        {"gross_sales": ""}, {"gross_sales": "-5"}, {"gross_sales": "a lot"}, {"gross_sales": "1" * 30},
        {"gross_sales": "0.5"}, {"returns": "-1"}, {"returns": "2000000000"}, {"units": "-1"}, {"units": "x"},
        {"period": "999999"}, {"period": ""}, {"note": "a\x00b"}, {"note": "a" * 2001}, {"note": "a\u202eb"},
    ],
)  # fmt: skip
def test_bad_figures_are_refused_with_what_was_typed(client, change):
    room = tracked()
    client.force_login(room.buyer)
    typed = {"period": room.period(1).pk, "gross_sales": "1000000000", "note": "Kept", "act": "file", **change}

    response = client.post(f"/en/deals/{room.deal.pk}/tracking/file/", typed)

    assert response.status_code == 400
    assert "error-summary" in response.content.decode()
    if "note" not in change:
        assert "Kept" in text(response)
    assert RoyaltyStatement.objects.count() == 0


def test_a_script_in_a_note_is_shown_as_text(client):
    room = tracked()
    client.force_login(room.buyer)
    note = "<script>alert(1)</script>"

    filed = client.post(
        f"/deals/{room.deal.pk}/tracking/file/",
        {"period": room.period(1).pk, "gross_sales": "5", "note": note, "act": "file"},
    )

    assert "&lt;script&gt;alert(1)" in client.get(filed["Location"]).content.decode()


def test_filing_twice_files_once_and_says_so(client):
    room = tracked()
    client.force_login(room.buyer)
    typed = {"period": room.period(1).pk, "gross_sales": "1000000000", "act": "file"}

    first = client.post(f"/deals/{room.deal.pk}/tracking/file/", typed)
    second = client.post(f"/deals/{room.deal.pk}/tracking/file/", typed)

    assert (first.status_code, second.status_code) == (302, 400)  # the period is no longer among the choices
    assert RoyaltyStatement.objects.count() == 1


def test_accepting_twice_accepts_once(client):
    room = tracked()
    statement = room.file(1)
    client.force_login(room.tto)

    assert client.post(f"/statements/{statement.pk}/accept/").status_code == 302
    assert client.post(f"/statements/{statement.pk}/accept/").status_code == 409
    assert statement.invoices.count() == 1


def test_without_an_open_period_the_form_says_when_the_next_one_is(client):
    room = tracked(effective_on=months_ago(1))
    client.force_login(room.buyer)

    response = client.get(f"/en/deals/{room.deal.pk}/tracking/file/")

    assert response.status_code == 200
    assert "No period waits for a statement" in text(response)


def test_without_a_royalty_there_is_no_statement_to_file(client):
    room = tracked(royalty_pct=Decimal(0), royalty_base="", statement_frequency="", lump_sum=Decimal(5))
    client.force_login(room.buyer)

    assert client.get(f"/deals/{room.deal.pk}/tracking/file/").status_code == 409


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"amount": "99000000000"}, 400), ({"amount": "-1"}, 400), ({"amount": ""}, 400), ({"paid_on": "2026-13-45"}, 400),
        ({"paid_on": 3 * DAY}, 400), ({"bank_reference": ""}, 400),
        ({"bank_reference": "x" * 121}, 400), ({"bank_reference": "a\x00"}, 400), ({"costs": "-5"}, 400),
    ],
)  # fmt: skip
@pytest.mark.parametrize("api", [False, True])
def test_a_bad_payment_is_refused(client, change, status, api):
    room = tracked()
    invoice = room.invoice(1)
    client.force_login(room.tto)
    if isinstance(change.get("paid_on"), datetime.timedelta):
        change = {"paid_on": (timezone.localdate() + change["paid_on"]).isoformat()}
    typed = {"amount": "1000000", "paid_on": timezone.localdate().isoformat(), "bank_reference": "FT1", **change}

    if api:
        response = client.post(f"/api/v1/invoices/{invoice.pk}/payments/", typed, content_type="application/json")
        assert set(response.json()) == set(change)
    else:
        response = client.post(f"/invoices/{invoice.pk}/payment/", typed)
        assert "error-summary" in response.content.decode()

    assert response.status_code == status
    assert invoice.payments.count() == 0


def test_a_row_is_added_to_the_plan_without_javascript_and_it_is_saved(client):
    room = tracked()
    client.force_login(room.tto)
    path = f"/deals/{room.deal.pk}/tracking/shares/"
    typed = {
        "version": "1", "parts-TOTAL_FORMS": "1", "parts-INITIAL_FORMS": "1", "parts-0-name": "An",
        "parts-0-email": room.author.email, "parts-0-share_pct": "60",
    }  # fmt: skip

    added = client.post(path, {**typed, "parts-add": "1"})
    assert added.status_code == 200
    assert 'name="parts-1-name"' in added.content.decode()
    refused = client.post(path, typed)
    assert refused.status_code == 400
    assert "60" in text(refused)
    whole = {
        **typed, "parts-TOTAL_FORMS": "2", "parts-1-name": "Bình", "parts-1-email": "", "parts-1-share_pct": "40",
        "inventor_pct": "20", "agreement": "TT-01/2026",
    }  # fmt: skip
    assert client.post(path, whole).status_code == 302

    assert list(RoyaltyShare.objects.order_by("-share_pct").values_list("name", "user", "share_pct")) == [
        ("An", room.author.pk, 60), ("Bình", None, 40),
    ]  # fmt: skip
    assert client.post(path, whole).status_code == 409  # somebody saved since version 1


def test_the_api_walks_from_statement_to_payout(client):
    room = tracked(royalty_pct=Decimal(5))
    period = room.period(1)
    client.force_login(room.buyer)
    sent = {
        "period_start": str(period.period_start), "period_end": str(period.period_end), "gross_sales": "100000000",
        "deductions": [{"kind": "returns", "amount": "10000000"}],
    }  # fmt: skip
    shown = client.post(f"/api/v1/deals/{room.deal.pk}/statements/preview/", sent, content_type="application/json")
    assert (shown.status_code, shown.json()["amount"]) == (200, "4500000")
    filed = client.post(f"/api/v1/deals/{room.deal.pk}/statements/", sent, content_type="application/json").json()
    assert (filed["amount"], filed["state"], filed["computation"]["steps"][0]["value"]) == (
        "4500000",
        "filed",
        "100000000",
    )

    client.force_login(room.tto)
    assert client.post(f"/api/v1/statements/{filed['id']}/accept/").json()["state"] == "accepted"
    seen = client.get(f"/api/v1/deals/{room.deal.pk}/tracking/").json()
    invoice = seen["invoices"][0]
    payment = client.post(
        f"/api/v1/invoices/{invoice['id']}/payments/",
        {"amount": invoice["amount"], "paid_on": timezone.localdate().isoformat(), "bank_reference": "FT1"},
        content_type="application/json",
    ).json()
    assert [(row["name"], row["amount"]) for row in payment["payouts"]] == [(str(room.author), "675000")]
    payout = payment["payouts"][0]["id"]
    paid = {"paid_on": timezone.localdate().isoformat(), "bank_reference": "FT2"}
    assert client.post(f"/api/v1/payouts/{payout}/paid/", paid, content_type="application/json").status_code == 200

    client.force_login(room.author)
    mine = client.get("/api/v1/payouts/").json()["results"]
    assert [(row["amount"], row["state"]) for row in mine] == [("675000", "paid")]
    seen = client.get(f"/api/v1/deals/{room.deal.pk}/tracking/").json()
    assert (seen["payments"], seen["shares"]) == ([], None)
    assert [(row["account"], row["amount"]) for row in seen["ledger"]] == [
        ("inventor_payable", "675000"), ("inventor_payable", "-675000"), ("inventor_paid", "675000"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"gross_sales": "-1"}, "gross_sales"),
        ({"gross_sales": None}, "gross_sales"),
        ({"period_end": "2020-01-01"}, "period_end"),
        ({"period_start": "x"}, "period_start"),
        ({"deductions": [{"kind": "vat", "amount": "5"}]}, "vat"),
        ({"deductions": [{"kind": "returns", "amount": "5"}] * 2}, "deductions"),
        ({"deductions": "x"}, "deductions"),
    ],
)
def test_the_api_names_what_is_wrong_with_a_statement(client, change, field):
    room = tracked()
    period = room.period(1)
    client.force_login(room.buyer)
    sent = {
        "period_start": str(period.period_start), "period_end": str(period.period_end), "gross_sales": "100", **change,
    }  # fmt: skip

    response = client.post(f"/api/v1/deals/{room.deal.pk}/statements/", sent, content_type="application/json")

    assert response.status_code == 400
    assert list(response.json()) == [field]
    assert RoyaltyStatement.objects.count() == 0


def test_a_filed_report_is_read_by_both_sides_and_over_the_api(client):
    room = tracked()
    report = room.obligations("report")[0]
    file_annual_report(obligation=report, body="Ran 310 days; two media changes.", actor=room.buyer)

    for who in (room.tto, room.buyer, room.operator):
        client.force_login(who)
        assert "Ran 310 days; two media changes." in text(client.get(f"/en/deals/{room.deal.pk}/tracking/"))
    rows = client.get(f"/api/v1/deals/{room.deal.pk}/tracking/").json()["obligations"]
    assert [row["report"] for row in rows if row["id"] == report.pk] == ["Ran 310 days; two media changes."]


def test_a_minimum_that_its_top_up_asks_for_says_that_it_is_not_owed_twice(client):
    room = tracked(minimum_annual=Decimal(50_000_000))
    sweep()
    client.force_login(room.buyer)

    response = client.get(f"/en/deals/{room.deal.pk}/tracking/")
    page = text(response)

    money = [row for row in obligations_of(room.contract) if row.kind in {"minimum", "top_up"}]
    assert [row.kind for row in money][:2] == ["minimum", "top_up"]
    for viewer in (room.buyer, room.tto, room.operator):
        rows = coming(viewer, room.contract, money, on=timezone.localdate(), ended=None)
        assert [row.kind for row in rows] == ["top_up"]
    assert page.count("Asked for by the top-up and the royalties of the year; not owed beside them.") == 1


def test_a_terminated_contract_says_when_it_ended_and_leaves_the_cut_year_to_the_sides(client):
    room = tracked(minimum_annual=Decimal(50_000_000))
    terminate_deal(deal=room.deal, actor=room.signatory, reason="By agreement")
    client.force_login(room.tto)

    page = text(client.get(f"/en/deals/{room.deal.pk}/tracking/"))

    assert f"ended on {date_format(timezone.localdate(), 'j M Y')}" in page
    assert "The contract ended within this year" in page
