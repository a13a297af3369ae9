"""State money in a deal: no signature without a valuation certificate that holds on its day."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organisation
from deals import certificates, services
from deals.lifecycle import DealState
from deals.models import SignedCopy
from deals.services.appraisals import commission_for_deal
from marketplace.kit.errors import Conflict
from rules.models import Rule
from tests.factories.appraisals import certified, firm_of
from tests.factories.deals import Room, deal_room, signed_pdf
from tests.factories.listings import TechnologyFactory
from valuation.services.appraisals import consent_to_appraisal

pytestmark = pytest.mark.django_db


def funded_room() -> Room:
    return deal_room(
        DealState.AGREED, technology=TechnologyFactory(published=True, state_funding_pct=Decimal(70))
    )  # fmt: skip


def record_copy(room: Room, **changes: Any) -> SignedCopy:
    values = {"upload": signed_pdf(), "signed_on": timezone.localdate(), **changes}
    return services.upload_signed_copy(deal=room.running, actor=room.buyer, **values)


def test_state_funding_stops_the_signature_and_names_the_clause() -> None:
    room = funded_room()
    with pytest.raises(Conflict) as refused:
        record_copy(room)
    assert refused.value.detail["rule"] == "appraisal.state_capital.required"
    assert "Luật 07/2017/QH14 điều 27.3; Luật 115/2025/QH15 điều 8" in refused.value.message
    assert not SignedCopy.objects.exists()


@pytest.mark.parametrize("side", ["licensor", "licensee"])
def test_state_capital_of_either_side_stops_it(side: str) -> None:
    room = deal_room(DealState.AGREED)
    assert certificates.required_by(room.running, on=timezone.localdate()) is None
    Organisation.objects.filter(pk=getattr(room.running, side).pk).update(has_state_capital=True)
    with pytest.raises(Conflict):
        record_copy(room)


def test_a_valid_certificate_opens_the_way_to_signing() -> None:
    room = funded_room()
    certified(room.technology)
    record_copy(room)
    services.confirm_signed_copy(deal=room.running, actor=room.licensor_signatory)
    assert room.running.state == DealState.SIGNED


def test_an_expired_certificate_does_not_count() -> None:
    room, today = funded_room(), timezone.localdate()
    past = today - datetime.timedelta(days=100)
    certified(room.technology, issued_on=past, valued_on=past, valid_until=today - datetime.timedelta(days=1))
    with pytest.raises(Conflict):
        record_copy(room)


def test_the_certificate_must_hold_when_the_copy_is_confirmed() -> None:
    room = funded_room()
    certified(room.technology)
    record_copy(room)
    SignedCopy.objects.update(signed_on=timezone.localdate() + datetime.timedelta(days=200))
    with pytest.raises(Conflict):
        services.confirm_signed_copy(deal=room.running, actor=room.licensor_signatory)
    assert room.running.state == DealState.AGREED


def test_a_dated_rule_switches_the_gate() -> None:
    room = funded_room()
    Rule.objects.filter(code="appraisal.state_capital.required").update(value=0)
    assert certificates.required_by(room.running, on=timezone.localdate()) is None


@pytest.mark.parametrize("channel", ["page", "api"])
def test_page_and_api_answer_409_with_the_clause(client: Client, channel: str) -> None:
    room = funded_room()
    client.force_login(room.buyer)
    name = "deals:upload_signed_copy" if channel == "page" else "api:deal_signed_copy"
    body = {"file": signed_pdf(), "signed_on": timezone.localdate()}
    response = client.post(reverse(name, args=[room.running.pk]), body)
    assert response.status_code == 409
    assert "Luật 07/2017/QH14 điều 27.3" in response.content.decode()


def test_every_page_says_who_brings_the_certificate_next(client: Client) -> None:
    room = funded_room()
    firm = firm_of(room.technology)

    def next_of(who: str, page: str) -> tuple[str, str, bool]:
        client.force_login(room.people[who])
        found = BeautifulSoup(client.get(f"/en/deals/{room.deal.pk}/{page}").content, "html.parser").select_one(
            ".next-act"
        )
        words, owner = (found.select_one(name).text.strip() for name in (".next-act-words", ".next-act-owner span"))
        return words, owner, "next-act-yours" in found["class"]

    made = commission_for_deal(deal=room.running, actor=room.buyer, firm=firm, brief="Giấy phép cho một nhà máy.")
    owner = room.technology.organisation.name_en
    for page in ("", "signature/"):
        words = "Consent to the appraisal, which is needed before signing"
        assert next_of("tto", page) == (words, owner, True)
        assert next_of("buyer", page) == (words, owner, False)
    consent_to_appraisal(appraisal=made, actor=room.tto)
    for who in ("tto", "buyer"):
        words = "Issue the valuation certificate that is needed before signing"
        assert next_of(who, "") == (words, firm.name_en, False)
    certified(room.technology)
    words, _owner, yours = next_of("tto", "")
    assert (words, yours) == ("Sign the contract and record the signed copy", True)
