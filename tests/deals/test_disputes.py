"""Disputes: who is told, what waits while one is open, what goes on, and where it is seen."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Notification
from audit.models import Event
from deals import services
from deals.acts import PAUSED, available_acts, paused_acts
from deals.lifecycle import DealState as S
from deals.models import Deal, Dispute
from insights.selectors import waiting_for
from marketplace.kit.errors import Conflict, NotAllowed
from tests.factories.accounts import person
from tests.factories.deals import Room, deal_room, signed_pdf

pytestmark = pytest.mark.django_db
REASON = "Tài liệu bàn giao thiếu bản vẽ."


def opened(room: Room) -> Dispute:
    return services.open_dispute(deal=room.running, actor=room.buyer, reason=REASON)


def told(kind: str) -> set[int]:
    return set(Notification.objects.filter(kind=kind).values_list("user_id", flat=True))


def test_the_other_side_and_the_exchange_are_told_and_the_outcome_is_kept(django_capture_on_commit_callbacks):
    room = deal_room(S.EFFECTIVE)
    with django_capture_on_commit_callbacks(execute=True):
        dispute = opened(room)
    names = ("tto", "licensor_signatory", "operator", "signatory", "buyer_admin")  # not the buyer, who opened it
    assert told("dispute.opened") == {room.people[name].pk for name in names}

    with django_capture_on_commit_callbacks(execute=True):
        services.take_up_dispute(deal=room.running, actor=room.operator)
        services.close_dispute(deal=room.running, actor=room.operator, how="refer", outcome="Không hòa giải được.")

    dispute.refresh_from_db()
    assert (dispute.state, dispute.outcome, dispute.mediator) == ("referred", "Không hòa giải được.", room.operator)
    assert {room.tto.pk, room.buyer.pk} <= told("dispute.closed")
    tags = Event.objects.filter(tag__in=["deal.open_dispute", "deal.mediate", "deal.close_dispute"]).order_by("pk")
    assert [event.tag for event in tags] == ["deal.open_dispute", "deal.mediate", "deal.close_dispute"]
    assert opened(room).pk != dispute.pk


def test_what_an_operator_opens_the_operator_mediates():
    room = deal_room(S.NEGOTIATING)

    dispute = services.open_dispute(deal=room.running, actor=room.operator, reason=REASON)

    assert (dispute.side, dispute.state, dispute.mediator) == ("", "mediating", room.operator)
    with pytest.raises(NotAllowed):
        services.withdraw_dispute(deal=room.running, actor=room.buyer, reason="Xong")


def test_one_dispute_is_open_at_a_time_and_a_closed_one_has_its_outcome():
    room = deal_room(S.EFFECTIVE)
    dispute = opened(room)

    with pytest.raises(Conflict):
        services.open_dispute(deal=room.running, actor=room.tto, reason=REASON)
    with pytest.raises(IntegrityError), transaction.atomic():
        Dispute.objects.create(deal=room.running, opened_by=room.tto, reason=REASON)
    with pytest.raises(IntegrityError), transaction.atomic():
        Dispute.objects.filter(pk=dispute.pk).update(closed_at=timezone.now())
    with pytest.raises(Conflict):
        services.close_dispute(deal=room.running, actor=room.operator, how="settle", outcome="Chưa ai hòa giải")


def test_a_dispute_about_a_contract_that_has_ended_is_mediated_in_its_messages(client):
    room = deal_room(S.EFFECTIVE)
    services.terminate_deal(deal=room.running, actor=room.signatory, reason="Hai bên thống nhất.")
    with pytest.raises(Conflict):
        services.post_message(deal=room.running, actor=room.buyer, message="Còn ai đọc không?")
    assert "post_message" not in available_acts(room.buyer, room.running)
    opened(room)
    services.take_up_dispute(deal=room.running, actor=room.operator)

    services.post_message(deal=room.running, actor=room.operator, message="Mời hai bên gửi chứng từ.")
    services.post_message(deal=room.running, actor=room.buyer, message="Chúng tôi gửi kèm.")

    assert room.running.messages.filter(body="Chúng tôi gửi kèm.").exists()
    assert paused_acts(room.running) == []
    services.close_dispute(deal=room.running, actor=room.operator, how="settle", outcome="Trả nửa hóa đơn.")
    with pytest.raises(Conflict):
        services.post_message(deal=room.running, actor=room.buyer, message="Cảm ơn.")
    client.force_login(room.researcher)
    page = client.get(f"/en/deals/{room.running.pk}/").content.decode()
    assert f'href="/en/deals/{room.running.pk}/disputes/"' in page


def test_acts_that_can_no_longer_come_are_not_named_as_waiting():
    assert paused_acts(deal_room(S.EFFECTIVE).running) == ["terminate"]
    assert set(paused_acts(deal_room(S.NEGOTIATING).running)) == set(PAUSED)


@pytest.mark.parametrize("state", [S.ENQUIRY, S.NDA])
def test_nothing_is_disputed_before_anything_binds(state, client):
    room = deal_room(state)
    client.force_login(room.buyer)

    with pytest.raises(Conflict):
        opened(room)
    assert client.get(f"/deals/{room.running.pk}/disputes/").status_code == 404


def generate(room: Room) -> None:
    services.generate_contract(deal=room.running, actor=room.buyer)


def accept(room: Room) -> None:
    contract = room.running.contracts.get()
    services.accept_contract(
        deal=room.running, actor=room.signatory, sha256=contract.sha256, typed_name=room.signatory.full_name
    )


def upload(room: Room) -> None:
    services.upload_signed_copy(
        deal=room.running, actor=room.buyer, upload=signed_pdf(), signed_on=timezone.localdate()
    )


def confirm(room: Room) -> None:
    services.confirm_signed_copy(deal=room.running, actor=room.licensor_signatory)


def terminate(room: Room) -> None:
    services.terminate_deal(deal=room.running, actor=room.signatory, reason="Hết nhu cầu")


CASES = {
    "generate_contract": (S.TERMS_AGREED, generate, "buyer"),
    "accept_contract": (S.CONTRACT_DRAFTED, accept, "signatory"),
    "upload_signed_copy": (S.AGREED, upload, "buyer"),
    "confirm_signed_copy": (S.AGREED, confirm, "licensor_signatory"),
    "terminate": (S.EFFECTIVE, terminate, "signatory"),
}


def test_every_paused_act_is_tried_here():
    assert set(CASES) == set(PAUSED)


@pytest.mark.parametrize("act", CASES)
def test_a_paused_act_waits_until_the_dispute_is_closed(act):
    state, do, who = CASES[act]
    room = deal_room(state)
    if act == "confirm_signed_copy":
        upload(room)
    opened(room)
    before, events = Deal.objects.values().get(), Event.objects.count()

    with pytest.raises(Conflict, match=r"."):
        do(room)

    assert act not in available_acts(room.people[who], room.running)
    assert (Deal.objects.values().get(), Event.objects.count()) == (before, events)
    services.withdraw_dispute(deal=room.running, actor=room.buyer, reason="Đã rõ")
    assert act in available_acts(room.people[who], room.running)
    do(room)


def test_page_says_what_waits_and_the_lists_show_it_to_operators_of_the_exchange_only(client):
    room = deal_room(S.EFFECTIVE)
    opened(room)
    deal = room.running
    client.force_login(room.tto)
    page = client.get(f"/en/deals/{deal.pk}/disputes/").content.decode()
    assert "record that the contract has ended" in page
    assert REASON in page
    for address in (f"/en/deals/{deal.pk}/", f"/en/deals/{deal.pk}/tracking/"):
        assert "A dispute about this deal is open" in client.get(address).content.decode()
    assert client.get("/en/operator/disputes/").status_code == 404

    client.force_login(room.operator)
    assert deal.code in client.get("/en/operator/disputes/").content.decode()
    assert "In dispute" in client.get("/en/operator/deals/").content.decode()
    assert [group.total for group in waiting_for(room.operator) if group.url.endswith("/operator/disputes/")] == [1]
    elsewhere = person("operator", exchange=None)
    client.force_login(elsewhere)
    assert deal.code not in client.get("/en/operator/disputes/").content.decode()


@pytest.mark.parametrize("number", [1, 3])
def test_the_operator_s_list_asks_the_same_number_of_queries(client, number, django_assert_num_queries):
    room = deal_room(S.NEGOTIATING)
    opened(room)
    for _count in range(number - 1):
        another = deal_room(S.NEGOTIATING)
        Deal.objects.filter(pk=another.running.pk).update(exchange=room.running.exchange)
        opened(another)
    client.force_login(room.operator)
    client.get("/operator/disputes/")
    with django_assert_num_queries(QUERIES):
        client.get("/operator/disputes/")


QUERIES = 5


def test_api_lists_disputes_of_the_callers_deals(client):
    room = deal_room(S.EFFECTIVE)
    dispute = opened(room)
    client.force_login(room.tto)
    [row] = client.get("/api/v1/disputes/").json()["results"]
    assert (row["id"], row["paused"]) == (dispute.pk, ["terminate"])
    assert client.get(f"/api/v1/deals/{room.running.pk}/disputes/").json()[0]["reason"] == REASON
    client.force_login(room.stranger)
    assert client.get("/api/v1/disputes/").json()["results"] == []
