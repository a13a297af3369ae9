"""What the two sides can still do, and read, once a contract has ended or was completed."""

from decimal import Decimal

import pytest

from deals import selectors
from deals.models import Deal, Message, Obligation
from deals.services import post_message, terminate_deal
from deals.services.tracking_invoices import issue_invoice
from deals.services.tracking_reversals import reverse_payment
from deals.services.tracking_statements import accept_statement, question_statement
from deals.services.tracking_sweep import sweep
from deals.services.tracking_waivers import waive_obligation
from deals.tracking_lifecycle import OPEN
from marketplace.kit.errors import Conflict
from tests.factories.tracking import Tracked, months_ago, tracked

pytestmark = pytest.mark.django_db


def stored(room: Tracked) -> Deal:
    return Deal.objects.get(pk=room.deal.pk)


def test_question_about_a_statement_is_answered_in_messages_after_the_contract_has_ended(client):
    room = tracked()
    statement = room.file(1)
    terminate_deal(deal=room.deal, actor=room.signatory, reason="Theo thỏa thuận")
    client.force_login(room.buyer)
    path = f"/en/deals/{room.deal.pk}/"
    assert "Send the message" not in client.get(path).content.decode()
    with pytest.raises(Conflict):
        post_message(deal=stored(room), actor=room.buyer, message="Doanh thu tháng 5?")
    question_statement(statement=statement, question="Where is May?", actor=room.tto)
    assert f'href="{path}#messages"' in client.get(f"/en/statements/{statement.pk}/").content.decode()
    assert "Send the message" in client.get(path).content.decode()
    sent = client.post(f"{path}messages/", {"message": "May stands in June's invoices."})
    assert (sent.status_code, Message.objects.get().body) == (302, "May stands in June's invoices.")
    written = client.post(
        f"/api/v1/deals/{room.deal.pk}/messages/", {"body": "Xem hóa đơn tháng 6."}, content_type="application/json"
    )
    assert written.status_code == 201
    accept_statement(statement=statement, actor=room.tto)
    with pytest.raises(Conflict):
        post_message(deal=stored(room), actor=room.buyer, message="Cảm ơn")
    assert Message.objects.count() == 2


def test_completed_contract_under_which_a_payment_was_reversed_stands_on_page_api_and_board(client):
    room = tracked(
        lump_sum=Decimal(1_000), effective_on=months_ago(13), royalty_pct=Decimal(0), royalty_base="",
        statement_frequency="", term_years=1,
    )  # fmt: skip
    invoice = issue_invoice(obligation=room.obligations("lump_sum")[0], actor=room.tto)
    payment = room.pay(invoice)
    for row in Obligation.objects.filter(state__in=OPEN):
        waive_obligation(obligation=row, reason="Không cần", actor=room.tto)
    sweep()
    client.force_login(room.operator)
    page, api, board = (
        f"/en/deals/{room.deal.pk}/tracking/",
        f"/api/v1/deals/{room.deal.pk}/tracking/",
        "/en/operator/deals/",
    )
    assert (stored(room).state, list(selectors.board_deals(room.operator))) == ("completed", [])
    assert "nothing under it is left open" in client.get(page).content.decode()
    assert client.get(api).json()["kept_open_by"] == []
    reverse_payment(payment=payment, reason="Nhầm", actor=room.tto)
    shown = client.get(page).content.decode()
    assert "Open again since it was completed" in shown
    assert "nothing under it is left open" not in shown
    held = [{"code": "obligations", "count": 1, "day": None}, {"code": "invoices", "count": 1, "day": None}]
    assert client.get(api).json()["kept_open_by"] == held
    [column] = [row for row in client.get(board).context["columns"] if row["cards"]]
    assert (column["state"], column["cards"][0]["again"]) == ("effective", True)
    assert "Completed, open again" in client.get(board).content.decode()
    room.pay(invoice, reference="FT26002")
    assert (stored(room).state, list(selectors.board_deals(room.operator))) == ("completed", [])
    assert "nothing under it is left open" in client.get(page).content.decode()
