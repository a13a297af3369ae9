"""State money in a deal: no signature without a valuation certificate that holds on its day."""

import datetime
import html
from decimal import Decimal
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import Organisation, Role
from accounts.services import revoke_verification
from deals import certificates, services
from deals.lifecycle import DealState
from deals.models import SignedCopy
from deals.services.appraisals import commission_for_deal
from marketplace.kit.errors import Conflict
from marketplace.samples.clock import clock_at
from rules.models import Rule
from tests.factories.accounts import OrganisationFactory, person
from tests.factories.appraisals import certified, firm_of, interested
from tests.factories.deals import Room, deal_room, signed_pdf
from tests.factories.listings import TechnologyFactory
from valuation.models import Appraisal, Granted
from valuation.services.appraisals import consent_to_appraisal, show_certificate

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


def misfits(room: Room) -> list[str]:
    rows = certificates.judge(room.running, on=timezone.localdate()).doubts(room.tto)
    return [one.text for row in rows for one in row.misfits if one.stops]


def test_a_certificate_for_another_purpose_does_not_open_the_signature() -> None:
    room = funded_room()
    certified(room.technology, purpose=Appraisal.Purpose.NEGOTIATION)
    with pytest.raises(Conflict) as refused:
        services.upload_signed_copy(
            deal=room.running, actor=room.tto, upload=signed_pdf(), signed_on=timezone.localdate()
        )
    assert misfits(room) == ["Được cấp cho mục đích khác: Làm cơ sở thương lượng giá."]
    assert "CT-01/2026" in refused.value.message
    assert misfits(room)[0] in refused.value.message
    assert not SignedCopy.objects.exists()


@pytest.mark.parametrize("change", ["revoke", "identity"])
def test_a_certificate_of_a_firm_that_is_no_longer_verified_does_not_open_the_signature(change: str) -> None:
    room = funded_room()
    firm = certified(room.technology).appraisal.firm
    assert certificates.judge(room.running, on=timezone.localdate()).standing is not None
    if change == "revoke":
        operator = person(Role.OPERATOR, exchange=firm.exchange)
        revoke_verification(organisation=firm, actor=operator, reason="Thẻ thẩm định viên hết hạn.")
    else:
        Organisation.objects.filter(pk=firm.pk).update(state="pending")
    assert misfits(room) == ["Doanh nghiệp thẩm định giá này hiện chưa được sàn xác minh."]
    with pytest.raises(Conflict):
        record_copy(room)


def test_the_dated_rules_decide_whether_purpose_and_scope_stop_or_only_warn() -> None:
    room = funded_room()
    certified(room.technology, purpose=Appraisal.Purpose.ACCOUNTING, asked={"right": other_right(room)})
    assert len(misfits(room)) == 2
    Rule.objects.filter(code__in=[certificates.PURPOSE, certificates.SCOPE]).update(value=0)
    assert misfits(room) == []
    assert len(certificates.judge(room.running, on=timezone.localdate()).doubts(room.tto)[0].misfits) == 2
    record_copy(room)


def other_right(room: Room) -> str:
    return next(right for right in Granted.values if right != certificates.scope_of(room.running).right)


@pytest.mark.parametrize("what", ["right", "term"])
def test_a_certificate_of_less_than_the_contract_grants_does_not_count(what: str) -> None:
    room = funded_room()
    scope = certificates.scope_of(room.running)
    assert scope.right
    assert scope.term_years
    asked = (
        {"right": other_right(room)} if what == "right" else {"right": scope.right, "term_years": scope.term_years - 1}
    )
    certified(room.technology, asked=asked)
    assert len(misfits(room)) == 1
    with pytest.raises(Conflict):
        record_copy(room)


def test_a_certificate_of_just_what_the_contract_grants_counts_without_a_doubt() -> None:
    room = funded_room()
    scope = certificates.scope_of(room.running)
    certified(room.technology, asked={"right": scope.right, "term_years": scope.term_years})
    assert certificates.judge(room.running, on=timezone.localdate()).doubts(room.tto) == []
    record_copy(room)


def test_a_certificate_for_somebody_elses_deal_does_not_count() -> None:
    room = funded_room()
    certified(room.technology, asked={"counterparty": OrganisationFactory(), "deal_id": 99})
    assert misfits(room) == ["Được yêu cầu cho thương vụ với bên khác."]
    with pytest.raises(Conflict):
        record_copy(room)


def test_an_interest_in_the_buyer_counts_when_the_firm_was_asked_without_a_deal() -> None:
    room = funded_room()
    certificate = certified(room.technology)
    interested(certificate.appraisal.firm, room.deal.licensee)
    assert misfits(room) == ["Có người của doanh nghiệp cũng thuộc một trong các bên."]
    with pytest.raises(Conflict):
        record_copy(room)


def test_the_other_side_hears_what_is_needed_and_nothing_of_a_certificate_it_may_not_see(client: Client) -> None:
    room = funded_room()
    certified(room.technology, purpose=Appraisal.Purpose.NEGOTIATION)
    address = reverse("deals:signature", args=[room.running.pk])
    client.force_login(room.buyer)
    page = client.get(address)
    assert len(page.context["certificate_needed"]) == 4
    assert page.context["certificate_needed"][3] in html.unescape(page.content.decode())
    assert "CT-01/2026" not in page.content.decode()
    with pytest.raises(Conflict) as refused:
        record_copy(room)
    assert "CT-01/2026" not in refused.value.message
    client.force_login(room.tto)
    assert "CT-01/2026" in client.get(address).content.decode()


@pytest.mark.parametrize("funded", [True, False])
def test_a_commission_from_the_deal_asks_for_what_its_signature_needs(client: Client, funded: bool) -> None:
    room = funded_room() if funded else deal_room(DealState.AGREED)
    firm = firm_of(room.technology)
    client.force_login(room.tto)
    address = reverse("deals:appraisal", args=[room.running.pk])
    form = client.get(address).context["form"]
    scope = certificates.scope_of(room.running)
    needed = Appraisal.Purpose.STATE if funded else Appraisal.Purpose.NEGOTIATION
    assert (form["purpose"].value(), form["right"].value(), form["term_years"].value()) == (
        needed, scope.right, scope.term_years
    )  # fmt: skip
    commission_for_deal(deal=room.running, actor=room.tto, firm=firm, brief="x")
    made = Appraisal.objects.get()
    assert (made.purpose, made.right, made.term_years) == (needed, scope.right, scope.term_years)
    assert made.counterparty == room.deal.licensee


def test_once_a_firm_is_asked_the_signature_page_waits_for_it_and_asks_for_no_second(client: Client) -> None:
    room = funded_room()
    firm = firm_of(room.technology)
    address = reverse("deals:signature", args=[room.running.pk])
    client.force_login(room.tto)
    before = client.get(address)
    assert before.context["under_way"] == []
    made = commission_for_deal(deal=room.running, actor=room.tto, firm=firm, brief="x")
    after = client.get(address)
    assert after.context["under_way"] == [made]
    client.force_login(room.buyer)
    assert client.get(address).context["under_way"] == [made], "the other side of the deal is told, too"


def test_a_certificate_that_names_no_right_is_confirmed_and_only_doubted() -> None:
    room = funded_room()
    scope = certificates.scope_of(room.running)
    asked = {"right": scope.right, "term_years": scope.term_years}
    with pytest.raises(ValidationError) as refused:
        certified(room.technology, asked=asked, right="")
    assert "differs" in refused.value.message_dict
    made = certified(room.technology, asked=asked, right="", differs=True)
    assert (made.named_right, made.named_term) == ("", None)
    judgement = certificates.judge(room.running, on=timezone.localdate())
    assert judgement.standing == made
    doubts = judgement.doubts(room.tto)
    assert [(row.certificate, row.counts, len(row.misfits)) for row in doubts] == [(made, True, 1)]
    assert record_copy(room).pk


def test_a_term_that_is_not_the_one_asked_for_is_not_passed_over_where_no_right_is_given() -> None:
    room = funded_room()
    scope = certificates.scope_of(room.running)
    assert scope.term_years is not None
    asked = {"right": scope.right, "term_years": scope.term_years}
    with pytest.raises(ValidationError) as refused:
        certified(room.technology, asked=asked, term_years=scope.term_years - 1)
    assert "differs" in refused.value.message_dict
    made = commission_for_deal(
        deal=room.running, actor=room.tto, firm=firm_of(room.technology), brief="x", term_years=scope.term_years - 1
    )
    assert (made.right, made.term_years) == (scope.right, scope.term_years - 1)


def test_what_was_signed_while_the_certificate_held_can_be_recorded_after_its_end(client: Client) -> None:
    room = funded_room()
    signed_on = timezone.localdate()
    certified(room.technology, valid_until=signed_on)
    with clock_at(timezone.now() + datetime.timedelta(days=2)):
        client.force_login(room.tto)
        page = BeautifulSoup(client.get(reverse("deals:signature", args=[room.running.pk])).content, "html.parser")
        form = page.select_one("details form[enctype]")
        assert form is not None
        sent = {"file": signed_pdf(), "signed_on": signed_on.isoformat()}
        assert client.post(str(form["action"]), sent).status_code == 302
    assert SignedCopy.objects.get().signed_on == signed_on


def test_a_certificate_that_never_held_for_the_deal_opens_no_form_and_is_not_betrayed(client: Client) -> None:
    room = funded_room()
    certified(room.technology, purpose=Appraisal.Purpose.NEGOTIATION)
    client.force_login(room.buyer)
    page = BeautifulSoup(client.get(reverse("deals:signature", args=[room.running.pk])).content, "html.parser")
    assert page.select_one("form[enctype]") is None
    assert "Khi đã có chứng thư" in page.get_text()


def test_the_page_of_appraisals_asks_for_no_certificate_once_one_was_signed_on(client: Client) -> None:
    room = deal_room(
        DealState.SIGNED, technology=TechnologyFactory(published=True, state_funding_pct=Decimal(70))
    )  # fmt: skip
    with clock_at(timezone.now() + datetime.timedelta(days=400)):
        client.force_login(room.tto)
        answer = client.get(reverse("deals:appraisal", args=[room.running.pk]))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Cần chứng thư thẩm định giá trước khi ký" not in page
    assert "Chứng thư thẩm định giá còn hiệu lực" not in page


def test_a_certificate_that_everyone_may_read_is_read_on_the_signature_page_too(client: Client) -> None:
    room = funded_room()
    certificate = certified(room.technology)
    show_certificate(certificate=certificate, actor=room.tto, shown=True)
    client.force_login(room.buyer)
    page = client.get(reverse("deals:signature", args=[room.running.pk])).content.decode()
    assert certificate.number in page


def test_who_may_not_read_a_certificate_hears_that_one_holds_and_until_when(client: Client) -> None:
    room = funded_room()
    certificate = certified(room.technology)
    address = reverse("deals:signature", args=[room.running.pk])
    pages = {}
    for who in ("tto", "buyer"):
        client.force_login(room.people[who])
        pages[who] = html.unescape(client.get(address).content.decode())
    until = date_format(certificate.valid_until, "SHORT_DATE_FORMAT")
    for page in pages.values():
        assert "Chứng thư thẩm định giá còn hiệu lực" in page
        assert until in page
    assert certificate.number in pages["tto"]
    assert certificate.number not in pages["buyer"]


def test_the_one_who_confirms_is_judged_by_the_day_of_signing(client: Client) -> None:
    room = funded_room()
    today = timezone.localdate()
    certified(room.technology, valid_until=today)
    record_copy(room)
    with clock_at(timezone.now() + datetime.timedelta(days=2)):
        client.force_login(room.licensor_signatory)
        page = client.get(reverse("deals:deal", args=[room.running.pk]))
        assert page.context["step"]["act"] == "confirm_signed_copy"
        assert page.context["yours"]


@pytest.mark.parametrize(("days_left", "queries"), [(-1, 19), (30, 22)])
@pytest.mark.parametrize("count", [1, 3])
def test_the_signature_page_asks_as_much_for_three_certificates_as_for_one(
    client: Client, count: int, days_left: int, queries: int
) -> None:
    room = funded_room()
    today, day = timezone.localdate(), datetime.timedelta(days=1)
    for _number in range(count):
        certified(
            room.technology, issued_on=today - 9 * day, valued_on=today - 9 * day, valid_until=today + days_left * day
        )
    client.force_login(room.tto)
    address = reverse("deals:signature", args=[room.running.pk])
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    assert len(asked) == queries


def test_words_of_a_commission_are_not_overruled_by_the_terms() -> None:
    room = funded_room()
    firm = firm_of(room.technology)
    made = commission_for_deal(
        deal=room.running, actor=room.tto, firm=firm, brief="Chỉ phần mềm điều khiển.", right="", term_years=None
    )
    assert (made.right, made.term_years) == ("", None)
