"""A call to act is new until somebody has acted."""

import datetime
import threading

import pytest
from bs4 import BeautifulSoup
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Notification, Role, User
from accounts.services import mark_notifications_read, notify, settle
from deals import selectors, services
from deals.lifecycle import DealState
from deals.services.disputes import open_dispute, take_up_dispute, withdraw_dispute
from deals.services.tracking import attend_to_obligation
from deals.services.tracking_invoices import cancel_invoice
from deals.services.tracking_statements import accept_statement, correct_statement, question_statement
from deals.services.tracking_waivers import waive_obligation
from tests.factories.accounts import person
from tests.factories.deals import deal_room, terms
from tests.factories.tracking import figures, tracked

pytestmark = pytest.mark.django_db


def new_to(user: User) -> list[str]:
    return list(Notification.objects.filter(user=user, read_at=None).order_by("pk").values_list("kind", flat=True))


def test_a_call_to_act_in_a_deal_is_new_to_a_side_until_it_has_acted():
    room = deal_room()
    second = person(Role.TTO_OFFICER, room.technology.organisation)
    services.post_message(deal=room.running, actor=room.buyer, message="Bên tôi có thể gặp tuần sau.")
    assert new_to(room.tto) == ["deal.enquiry", "deal.message"]

    services.accept_enquiry(deal=room.running, actor=second)
    assert (new_to(room.tto), new_to(room.buyer)) == (["deal.message", "deal.nda"], ["deal.nda"])
    services.post_message(deal=room.running, actor=second, message="Được, sáng thứ ba.")
    assert (new_to(room.tto), new_to(room.buyer)) == (["deal.nda"], ["deal.nda", "deal.message"])

    nda = selectors.nda_of(room.running)
    services.accept_nda(deal=room.running, actor=room.licensor_signatory, text_hash=nda.text_hash)
    assert "deal.nda" not in new_to(room.tto)
    assert "deal.nda" in new_to(room.buyer)


def test_an_offer_is_new_until_it_is_answered_or_withdrawn():
    room = deal_room(DealState.NEGOTIATING)
    offer = services.make_offer(deal=room.running, actor=room.buyer, terms=terms())
    assert new_to(room.tto) == ["deal.offer"]
    answer = services.counter_offer(offer=offer, actor=room.tto, terms=terms(term_years=7))
    assert (new_to(room.tto), new_to(room.buyer)) == ([], ["deal.offer"])
    services.withdraw_offer(offer=answer, actor=room.tto)
    assert new_to(room.buyer) == ["deal.offer_withdrawn"]


def test_news_that_calls_for_nothing_stays_until_it_is_read():
    room = deal_room(DealState.NEGOTIATING)
    services.break_off(deal=room.running, actor=room.buyer, reason="Dự án dừng.")
    assert new_to(room.tto) == ["deal.broken_off"]


def test_a_statement_is_new_until_it_is_answered_and_a_question_until_it_is():
    room = tracked()
    colleague = room.tto, person(Role.TTO_OFFICER, room.deal.licensor)
    statement = room.file(1)
    assert [new_to(user) for user in colleague] == [["statement.filed"]] * 2
    question_statement(statement=statement, question="Sao thấp vậy?", actor=room.tto)
    assert [new_to(user) for user in colleague] == [[], []]
    assert new_to(room.buyer) == ["statement.questioned"]
    corrected = correct_statement(statement=statement, figures=figures(2_000_000_000), actor=room.buyer)
    assert (new_to(room.buyer), new_to(room.tto)) == ([], ["statement.filed"])
    accept_statement(statement=corrected, actor=room.tto)
    assert new_to(room.tto) == []
    assert new_to(room.buyer) == ["invoice.issued", "statement.accepted"]


@pytest.mark.parametrize("way", ["paid", "cancelled"])
def test_an_invoice_is_new_until_it_is_paid_or_cancelled(way):
    room = tracked()
    assert room.buyer
    invoice = room.invoice(1)
    assert "invoice.issued" in new_to(room.buyer)
    told = Notification.objects.get(user=room.buyer, kind="invoice.issued").text
    due = invoice.last_day.strftime("%d/%m/%Y")
    assert told == f"Hóa đơn {invoice.number}, số tiền 35.000.000\u00a0₫, đã được xuất, hạn trả {due}."
    if way == "paid":
        room.pay(invoice)
    else:
        cancel_invoice(invoice=invoice, reason="Sai kỳ.", actor=room.tto)
    assert "invoice.issued" not in new_to(room.buyer)


@pytest.mark.parametrize("way", ["met", "waived"])
def test_a_reminder_is_new_to_everybody_until_the_obligation_is_closed(way):
    room = tracked()
    people = [room.buyer, room.tto, room.operator]
    period = room.period(1)
    attend_to_obligation(pk=period.pk, on=timezone.localdate() + datetime.timedelta(days=15))
    assert [new_to(user) for user in people] == [["obligation.overdue"]] * 3
    if way == "met":
        room.file(1)
    else:
        waive_obligation(obligation=period, reason="Kỳ thử.", actor=room.tto)
    assert not any("obligation.overdue" in new_to(user) for user in people)


def test_a_dispute_is_new_to_the_exchange_until_one_mediates_and_to_the_sides_until_it_is_closed():
    room = deal_room(DealState.NEGOTIATING)
    second = person(Role.OPERATOR, exchange=room.technology.exchange)
    open_dispute(deal=room.running, actor=room.buyer, reason="Hồ sơ thiếu bản vẽ.")
    assert (new_to(second), new_to(room.tto)) == (["dispute.opened"], ["deal.negotiating", "dispute.opened"])
    take_up_dispute(deal=room.running, actor=room.operator)
    assert (new_to(second), new_to(room.tto)) == ([], ["deal.negotiating", "dispute.opened", "dispute.taken_up"])
    withdraw_dispute(deal=room.running, actor=room.buyer, reason="Đã đủ.")
    assert "dispute.opened" not in new_to(room.tto)


def test_the_first_page_tells_a_call_to_act_once_and_other_news_beside_it(client):
    room = deal_room()
    services.post_message(deal=room.running, actor=room.buyer, message="Bên tôi có thể gặp tuần sau.")
    Notification.objects.create(user=room.tto, kind="deal.broken_off", text="Đã dừng.", url="/my/deals/")
    client.force_login(room.tto)
    page = BeautifulSoup(client.get("/my/").content, "html.parser").main
    panels = {panel.h2.text: [link.text for link in panel.select("li a")] for panel in page.select(".panel")}
    assert panels["Thương vụ chờ bên bạn"] == [room.technology.title]
    assert panels["Thông báo mới"] == ["Đã dừng."]


@pytest.mark.django_db(transaction=True)
def test_reading_everything_waits_for_nobody_who_settles():
    """Who settles several rows locks them in the order of what he does: the reader would wait for him, and he for him."""
    room = deal_room(DealState.NEGOTIATING)
    first, second = (services.make_offer(deal=room.running, actor=room.buyer, terms=terms()), room.running)
    notify(users=[room.tto], kind="x", text=lambda: "x", url=lambda: "/", awaits=first)
    unread = len(new_to(room.tto))
    settling = threading.Event()
    read = threading.Event()

    def settle_both() -> None:
        try:
            with transaction.atomic():
                settle(first)
                settling.set()
                assert read.wait(30)
                settle(second)
        finally:
            connection.close()

    worker = threading.Thread(target=settle_both)
    worker.start()
    assert settling.wait(30)
    count = mark_notifications_read(user=room.tto)
    read.set()
    worker.join(30)
    assert count == unread - 1, "the call that is being settled"
    assert new_to(room.tto) == []
