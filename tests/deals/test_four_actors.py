"""Each act by page and by API, by a stranger, another organisation, the right one without the role, and the right one.

Also by someone with seats on both sides. A refusal changes nothing and sends nothing.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Notification
from audit.models import Event
from deals import selectors, services
from deals.lifecycle import DealState as S
from deals.models import Deal
from listings.models import DisclosureGrant
from tests.factories.deals import MILESTONES, PARTY, Room, deal_room, signed_pdf, terms
from tests.factories.listings import TechnologyFactory

pytestmark = pytest.mark.django_db
REASON = {"reason": "Không phù hợp kế hoạch năm nay."}


@dataclass(frozen=True)
class Act:
    """An act: the stage, who may and who of the same side may not, page and API with what they are sent."""

    name: str
    state: str
    right: str
    without_role: str
    page: str
    api: str
    body: Callable[[Room], dict[str, Any]] = lambda room: {}
    page_body: Callable[[Room], dict[str, Any]] | None = None
    prepare: Callable[[Room], None] = lambda room: None
    method: str = "post"
    numbered: bool = False
    room: Callable[[str], Room] = deal_room


def offer_body(room: Room) -> dict[str, Any]:
    """An offer as the API takes it."""
    return {"terms": {**terms(), "milestones": MILESTONES}, "message": "Xin gửi đề nghị."}


def offer_page(room: Room) -> dict[str, Any]:
    """The same as the form sends it."""
    values = {name: value for name, value in terms().items() if value not in (None, False)}
    rows = {
        f"payments-{place}-{name}": value
        for place, row in enumerate(MILESTONES)
        for name, value in row.items()
        if value is not None
    }
    return {
        **values, **rows, "message": "Xin gửi đề nghị.", "last_round": selectors.last_round(room.running),
        "payments-TOTAL_FORMS": 2, "payments-INITIAL_FORMS": 0,
    }  # fmt: skip


def an_offer(room: Room) -> None:
    """The buyer has offered."""
    services.make_offer(deal=room.running, actor=room.buyer, terms=terms(), milestones=MILESTONES)


def a_copy(room: Room) -> None:
    """The buyer has recorded a signed copy."""
    services.upload_signed_copy(
        deal=room.running, actor=room.buyer, upload=signed_pdf(), signed_on=timezone.localdate()
    )


def standing_hash(room: Room) -> str:
    """The hash of the standing contract."""
    contract = selectors.current_contract(room.running)
    assert contract is not None
    return contract.sha256


def text_hash(room: Room) -> dict[str, Any]:
    """The hash of the confidentiality agreement."""
    nda = selectors.nda_of(room.running)
    assert nda is not None
    return {"text_hash": nda.text_hash}


def restricted_room(state: str) -> Room:
    """A deal about a restricted technology."""
    return deal_room(state, technology=TechnologyFactory(published=True, legal_class="restricted"))


def party_body(room: Room) -> dict[str, Any]:
    """Legal data of the buyer."""
    return {**PARTY, "legal_name": "Công ty Cổ phần Mẫu mới", "tax_code": "9900009999", "country": "VN"}


def certificate(room: Room) -> dict[str, Any]:
    """A certificate of today."""
    today = timezone.localdate()
    return {
        "kind": "new",
        "certificate_no": "12/2026/CN",
        "issued_on": today,
        "value_vnd": "750000000",
        "province": "01",
    }


def permit(room: Room) -> dict[str, Any]:
    """A permit of today."""
    return {"number": "GP-7", "issued_on": timezone.localdate(), "authority": "UBND tỉnh Hà Nam"}


def upload(room: Room) -> dict[str, Any]:
    """A signed copy of today."""
    return {"file": signed_pdf(), "signed_on": timezone.localdate()}


def a_dispute(room: Room) -> None:
    """The buyer disputes something."""
    services.open_dispute(deal=room.running, actor=room.buyer, reason="Tài liệu bàn giao thiếu.")


def a_mediation(room: Room) -> None:
    """And the exchange mediates."""
    a_dispute(room)
    services.take_up_dispute(deal=room.running, actor=room.operator)


OUTCOME = {"how": "settle", "outcome": "Bên giao bổ sung tài liệu trong 15 ngày."}
ACTS = [
    Act("accept_enquiry", S.ENQUIRY, "tto", "researcher", "accept_enquiry", "deal_accept"),
    Act("decline_enquiry", S.ENQUIRY, "tto", "researcher", "decline_enquiry", "deal_decline", lambda r: REASON,
        lambda r: {"decline-reason": REASON["reason"]}),
    Act("decline_enquiry_by_the_buyer", S.ENQUIRY, "tto", "buyer", "decline_enquiry", "deal_decline", lambda r: REASON,
        lambda r: {"decline-reason": REASON["reason"]}),
    Act("break_off", S.NEGOTIATING, "buyer", "buyer_researcher", "break_off", "deal_break_off", lambda r: REASON,
        lambda r: {"break_off-reason": REASON["reason"]}),
    Act("post_message", S.ENQUIRY, "buyer", "buyer_researcher", "post_message", "deal_messages",
        lambda r: {"body": "Xin chào"}, lambda r: {"message": "Xin chào"}),
    Act("accept_nda", S.NDA, "signatory", "buyer", "accept_nda", "deal_nda_accept", text_hash),
    Act("accept_nda_as_supplier", S.NDA, "tto", "researcher", "accept_nda", "deal_nda_accept", text_hash),
    Act("make_offer", S.NEGOTIATING, "buyer", "buyer_admin", "make_offer", "deal_offers", offer_body, offer_page),
    Act("make_offer_as_supplier", S.NEGOTIATING, "tto", "researcher", "make_offer", "deal_offers", offer_body, offer_page),
    Act("counter_offer", S.NEGOTIATING, "tto", "researcher", "make_offer", "deal_offer_counter", offer_body, offer_page,
        an_offer, numbered=True),
    Act("accept_offer", S.NEGOTIATING, "tto", "licensor_admin", "accept_offer", "deal_offer_accept", prepare=an_offer,
        numbered=True),
    Act("accept_own_offer", S.NEGOTIATING, "tto", "buyer", "accept_offer", "deal_offer_accept", prepare=an_offer,
        numbered=True),
    Act("withdraw_offer", S.NEGOTIATING, "signatory", "buyer_researcher", "withdraw_offer", "deal_offer_withdraw",
        prepare=an_offer, numbered=True),
    Act("withdraw_their_offer", S.NEGOTIATING, "buyer", "tto", "withdraw_offer", "deal_offer_withdraw",
        prepare=an_offer, numbered=True),
    Act("save_party", S.TERMS_AGREED, "buyer", "buyer_researcher", "save_party", "deal_parties", party_body, method="put"),
    Act("generate_contract", S.TERMS_AGREED, "tto", "researcher", "generate_contract", "deal_contract_generate"),
    Act("reopen_terms", S.CONTRACT_DRAFTED, "tto", "licensor_admin", "reopen_terms", "deal_contract_reopen",
        lambda r: REASON, lambda r: {"reopen-reason": REASON["reason"]}),
    Act("accept_contract", S.CONTRACT_DRAFTED, "signatory", "buyer", "accept_contract", "deal_contract_accept",
        lambda r: {"sha256": standing_hash(r), "typed_name": r.signatory.full_name}),
    Act("accept_contract_as_supplier", S.CONTRACT_DRAFTED, "licensor_signatory", "licensor_admin", "accept_contract",
        "deal_contract_accept",
        lambda r: {"sha256": standing_hash(r), "typed_name": r.licensor_signatory.full_name}),
    Act("upload_signed_copy", S.AGREED, "buyer", "buyer_researcher", "upload_signed_copy", "deal_signed_copy", upload),
    Act("confirm_signed_copy", S.AGREED, "licensor_signatory", "researcher", "confirm_signed_copy",
        "deal_signed_copy_confirm", prepare=a_copy),
    Act("confirm_own_copy", S.AGREED, "tto", "signatory", "confirm_signed_copy", "deal_signed_copy_confirm",
        prepare=a_copy),
    Act("refuse_signed_copy", S.AGREED, "tto", "researcher", "refuse_signed_copy", "deal_signed_copy_refuse",
        lambda r: REASON, lambda r: {"refuse-reason": REASON["reason"]}, a_copy),
    Act("record_permit", S.SIGNED, "operator", "buyer_researcher", "record_permit", "deal_permit", permit,
        room=restricted_room),
    Act("record_registration", S.SIGNED, "buyer", "buyer_researcher", "record_registration", "deal_registrations",
        certificate),
    Act("record_registration_by_operator", S.SIGNED, "operator", "researcher", "record_registration",
        "deal_registrations", certificate),
    Act("terminate", S.SIGNED, "signatory", "buyer", "terminate", "deal_terminate", lambda r: REASON,
        lambda r: {"terminate-reason": REASON["reason"]}),
    Act("open_dispute", S.NEGOTIATING, "buyer", "buyer_researcher", "open_dispute", "deal_disputes", lambda r: REASON,
        lambda r: {"dispute-reason": REASON["reason"]}),
    Act("open_dispute_by_operator", S.EFFECTIVE, "operator", "researcher", "open_dispute", "deal_disputes",
        lambda r: REASON, lambda r: {"dispute-reason": REASON["reason"]}),
    Act("take_up_dispute", S.EFFECTIVE, "operator", "tto", "take_up_dispute", "deal_dispute_take_up",
        prepare=a_dispute),
    Act("close_dispute", S.EFFECTIVE, "operator", "buyer", "close_dispute", "deal_dispute_close", lambda r: OUTCOME,
        lambda r: {"outcome-how": OUTCOME["how"], "outcome-reason": OUTCOME["outcome"]}, a_mediation),
    Act("withdraw_dispute", S.EFFECTIVE, "signatory", "tto", "withdraw_dispute", "deal_dispute_withdraw",
        lambda r: REASON, lambda r: {"withdraw-reason": REASON["reason"]}, a_dispute),
]  # fmt: skip


def everything() -> dict[str, Any]:
    """Give what an act could change: all rows of the room, disclosure, audit and notifications."""
    state: dict[str, Any] = {
        model.__name__: list(model._base_manager.order_by("pk").values())
        for model in apps.get_app_config("deals").get_models()
    }
    for model in (Event, Notification, DisclosureGrant):
        state[model.__name__] = model._base_manager.count()
    return state


def send(room: Room, act: Act, who: str, channel: str) -> int:
    """Do the act as this person; give the status."""
    client = Client()
    client.force_login(room.people[who])
    arguments = [room.deal.pk] if room.deal else []
    if channel == "page":
        if act.numbered and act.page != "make_offer":
            arguments.append(1)
        body = (act.page_body or act.body)(room)
        return client.post(reverse(f"deals:{act.page}", args=arguments), body).status_code
    if act.numbered:
        arguments.append(1)
    address = reverse(f"api:{act.api}", args=arguments)
    body = act.body(room)
    if act.name == "upload_signed_copy":
        return client.post(address, body).status_code
    text = json.dumps(body, cls=DjangoJSONEncoder)
    return getattr(client, act.method)(address, text, content_type="application/json").status_code


@pytest.mark.parametrize("channel", ["page", "api"])
@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.name)
def test_act_is_done_by_the_right_person_only(act, channel, django_capture_on_commit_callbacks):
    room = act.room(act.state)
    act.prepare(room)
    before = everything()
    refused = {"stranger": 404, "rival": 404, act.without_role: 403, "both": 403}
    if act.right != "operator" and act.name not in {"post_message", "open_dispute"}:
        refused["operator"] = 200 if act.name.startswith("record_registration") else 403
    refused = {who: code for who, code in refused.items() if code != 200}
    for who, code in refused.items():
        with django_capture_on_commit_callbacks() as scheduled:
            assert (who, send(room, act, who, channel)) == (who, code)
        assert everything() == before
        assert scheduled == []
    with django_capture_on_commit_callbacks() as scheduled:
        status = send(room, act, act.right, channel)
    assert status in ({302} if channel == "page" else {200, 201})
    after = everything()
    assert after != before
    assert after["Event"] > before["Event"]
    assert len(scheduled) >= after["Notification"] - before["Notification"]


@pytest.mark.parametrize("channel", ["page", "api"])
def test_enquiry_is_opened_by_the_buyers_officers_only(channel, django_capture_on_commit_callbacks):
    room = deal_room()
    technology = TechnologyFactory(published=True, organisation=room.technology.organisation)
    body = {"technology": technology.pk, "organisation": room.licensee.pk, "message": "Xin hỏi về giấy phép."}

    def opened(who: str) -> int:
        client = Client()
        client.force_login(room.people[who])
        if channel == "api":
            return client.post(reverse("api:deals"), json.dumps(body), content_type="application/json").status_code
        return client.post(f"{reverse('deals:open')}?technology={technology.pk}", body).status_code

    before = everything()
    for who in ("stranger", "rival", "buyer_researcher", "both"):
        with django_capture_on_commit_callbacks() as scheduled:
            # The form offers only organisations for which the person may act, so the page answers 400.
            expected = 403 if channel == "api" or who == "both" else 400
            assert (who, opened(who)) == (who, expected)
        assert everything() == before
        assert scheduled == []
    assert opened("signatory") == (201 if channel == "api" else 302)
    assert Deal.objects.filter(technology=technology).count() == 1
