"""Lists with their query counts, and forms that were sent wrong."""

import datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from bs4 import BeautifulSoup
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role
from deals import describe, selectors, services
from deals.lifecycle import MAIN_LINE, DealState
from deals.models import Contract, Offer
from deals.services.contracts import PARTY_FIELDS
from deals.views.common import PAGES, page_of, reached_by, stepper
from listings.services import withdraw_listing
from rules.models import Rule
from rules.working_days import working_days
from tests.deals.test_four_actors import offer_page
from tests.factories.accounts import seat
from tests.factories.deals import deal_room, province, signed_pdf, terms
from tests.factories.listings import IPRightFactory, TechnologyFactory
from tests.valuation.test_disclosure import PRIVATE, interviewed

pytestmark = pytest.mark.django_db


def more_deals(room, count: int) -> None:
    for _ in range(count):
        technology = TechnologyFactory(published=True, organisation=room.technology.organisation)
        services.open_enquiry(technology=technology, organisation=room.licensee, actor=room.buyer, message="Xin hỏi")


@pytest.mark.parametrize(
    ("address", "who", "queries"),
    [("deals:deal_list", "buyer", 5), ("deals:board", "operator", 10), ("api:deals", "buyer", 5)],
)
def test_list_asks_the_same_of_the_database_for_one_and_for_three(
    client, django_assert_num_queries, address, who, queries
):
    room = deal_room(technology=TechnologyFactory(published=True))
    client.force_login(room.people[who])
    for extra in (0, 2):
        more_deals(room, extra)
        with django_assert_num_queries(queries):
            assert client.get(reverse(address)).status_code == 200


def test_deals_that_wait_for_the_own_side_come_first(client):
    room = deal_room()
    more_deals(room, 1)
    services.accept_enquiry(deal=room.running, actor=room.tto)
    assert next(deal.pk for deal in selectors.my_deals(room.buyer)) == room.running.pk
    assert [deal.pk for deal in selectors.deals_waiting_for(room.buyer)] == [room.running.pk]
    assert len(selectors.deals_waiting_for(room.tto)) == 2


@pytest.mark.parametrize(
    ("state", "end", "who", "tabs", "done"),
    [
        (DealState.ENQUIRY, services.break_off, "buyer", ["deal"], 1),
        (DealState.ENQUIRY, services.decline_enquiry, "tto", ["deal"], 1),
        (DealState.CONTRACT_DRAFTED, services.break_off, "tto", ["deal", "nda", "contract"], 5),
        (DealState.SIGNED, services.terminate_deal, "signatory", ["deal", "nda", "contract", "signature", "registration"], 7),
        (DealState.EFFECTIVE, services.terminate_deal, "signatory", [name for name, _label, _since in PAGES], 8),
    ],
)  # fmt: skip
def test_ended_deal_offers_the_pages_that_it_has_and_shows_how_far_it_came(client, state, end, who, tabs, done):
    room = deal_room(state, licensor_country="KR" if state == DealState.SIGNED else "VN")
    assert room.running.state == state
    end(deal=room.running, actor=room.people[who], reason="Hai bên không đi tiếp.")
    client.force_login(room.people[who])
    page = BeautifulSoup(client.get(room.deal.get_absolute_url()).content, "html.parser").main
    links = [link["href"] for link in page.select(".tabs a")]
    if len(tabs) > 1:
        assert links == [page_of(room.deal, name) for name in tabs]
        assert [client.get(link).status_code for link in links] == [200] * len(tabs)
    else:
        assert links == []
    steps = [step["state"] for step in stepper(room.running, reached_by(room.deal))]
    assert steps == ["done"] * done + ["skipped"] * (len(MAIN_LINE) - done) + ["error"]


def test_signature_page_tells_why_a_copy_was_refused_until_another_is_recorded(client):
    room = deal_room(DealState.AGREED)
    today = timezone.localdate()
    services.upload_signed_copy(deal=room.running, actor=room.tto, upload=signed_pdf(), signed_on=today)
    services.refuse_signed_copy(deal=room.running, actor=room.signatory, reason="Thiếu trang 7.")
    address = reverse("deals:signature", args=[room.running.pk])
    for who in ("tto", "signatory", "operator"):
        client.force_login(room.people[who])
        assert "Thiếu trang 7." in client.get(address).content.decode()
    services.upload_signed_copy(deal=room.running, actor=room.tto, upload=signed_pdf(), signed_on=today)
    assert "Thiếu trang 7." not in client.get(address).content.decode()


def test_board_is_for_operators(client):
    room = deal_room()
    client.force_login(room.buyer)
    assert client.get(reverse("deals:board")).status_code == 404


def test_board_takes_the_days_of_registration_by_the_rule_of_the_day_of_signing(client, django_assert_num_queries):
    rooms = [deal_room(DealState.SIGNED, licensee_country="JP") for _number in range(2)]
    operator, today = rooms[0].operator, timezone.localdate()
    seat(operator, Role.OPERATOR, exchange=rooms[1].technology.exchange)
    signed = [today - datetime.timedelta(days=days) for days in (60, 1)]
    for room, day in zip(rooms, signed, strict=True):
        Contract.objects.filter(deal=room.running).update(signed_on=day)
    since = today - datetime.timedelta(days=30)
    former = Rule.objects.get(code="registration.deadline")
    Rule.objects.filter(pk=former.pk).update(valid_to=since)
    Rule.objects.create(code=former.code, value=10, unit="days", valid_from=since, source="s", certainty="A")
    client.force_login(operator)
    with django_assert_num_queries(12):
        page = client.get(reverse("deals:board"))
    cards = {card["deal"].pk: card for column in page.context["columns"] for card in column["cards"]}
    for room, day, count in zip(rooms, signed, (90, 10), strict=True):
        due = working_days(since=day).last_day_of_term(day + datetime.timedelta(days=count))
        assert cards[room.running.pk]["due"] == due
        shown = client.get(reverse("deals:registration", args=[room.running.pk]))
        assert shown.context["effect"].file_by == due


def test_offer_form_keeps_what_was_typed_and_names_what_is_wrong(client):
    room = deal_room(DealState.NEGOTIATING)
    client.force_login(room.buyer)
    sent = {**offer_page(room), "royalty_pct": "-1", "territory": "<script>alert(1)</script>", "lump_sum": "một ít"}
    answer = client.post(reverse("deals:make_offer", args=[room.deal.pk]), sent)
    page = answer.content.decode()
    assert answer.status_code == 400
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page
    assert "một ít" in page
    assert {"royalty_pct", "lump_sum"} <= set(answer.context["form"].errors)
    assert not Offer.objects.exists()


def test_offer_form_adds_a_row_without_script_and_without_judging(client):
    room = deal_room(DealState.NEGOTIATING)
    client.force_login(room.buyer)
    answer = client.post(
        reverse("deals:make_offer", args=[room.deal.pk]),
        {"territory": "Hà Nam", "payments-TOTAL_FORMS": "1", "payments-INITIAL_FORMS": "0", "payments-add": "1"},
    )
    assert (answer.status_code, len(answer.context["rows"].forms)) == (200, 2)
    assert not answer.context["form"].errors
    assert "Hà Nam" in answer.content.decode()


def test_stale_offer_form_is_shown_again_with_what_was_typed(client):
    room = deal_room(DealState.NEGOTIATING)
    client.force_login(room.tto)
    sent = {**offer_page(room), "territory": "Vùng tôi đã gõ"}
    services.make_offer(deal=room.running, actor=room.buyer, terms=terms())
    answer = client.post(reverse("deals:make_offer", args=[room.deal.pk]), sent)
    assert answer.status_code == 409
    assert "Vùng tôi đã gõ" in answer.content.decode()
    assert Offer.objects.count() == 1


@pytest.mark.parametrize("rows", [{"payments-TOTAL_FORMS": "nhiều"}, {"payments-TOTAL_FORMS": "5000"}, {}])
def test_offer_form_with_a_forged_row_count_is_refused(client, rows):
    room = deal_room(DealState.NEGOTIATING)
    client.force_login(room.buyer)
    sent = {name: value for name, value in offer_page(room).items() if not name.startswith("payments-")}
    answer = client.post(reverse("deals:make_offer", args=[room.deal.pk]), {**sent, **rows})
    assert answer.status_code == 400
    assert not Offer.objects.exists()


def test_signed_copy_of_the_wrong_kind_is_refused_on_the_page(client):
    room = deal_room(DealState.AGREED)
    client.force_login(room.buyer)
    address = reverse("deals:upload_signed_copy", args=[room.deal.pk])
    answer = client.post(address, {"file": signed_pdf(b"GIF89a" + b"\0" * 50), "signed_on": "2026-13-45"})
    assert answer.status_code == 400
    assert "signed_on" in answer.context["upload_form"].errors


def test_signed_copy_over_the_limit_is_refused_on_page_and_api(client, settings):
    settings.UPLOAD_MAX_BYTES = 1000
    room = deal_room(DealState.AGREED)
    client.force_login(room.buyer)
    for address in (
        reverse("deals:upload_signed_copy", args=[room.deal.pk]),
        reverse("api:deal_signed_copy", args=[room.deal.pk]),
    ):
        sent = {"file": signed_pdf(b"%PDF-1.7" + b"\0" * 5000), "signed_on": str(room.deal.created_at.date())}
        answer = client.post(address, sent)
        assert answer.status_code == 400
    assert room.running.state == DealState.AGREED


@pytest.mark.parametrize("technology", ["", "abc", "0", "9" * 30, "-1", "²"])
def test_enquiry_about_nothing_is_not_found(client, technology):
    room = deal_room()
    client.force_login(room.buyer)
    assert client.get(reverse("deals:open"), {"technology": technology}).status_code == 404


def test_pdfs_are_sent_to_the_two_sides_and_to_nobody_else(client):
    room = deal_room(DealState.EFFECTIVE)
    contract = selectors.current_contract(room.running)
    copy = selectors.standing_signed_copy(contract)
    addresses = [
        reverse("deals:nda_pdf", args=[room.deal.pk]),
        reverse("deals:contract_pdf", args=[room.deal.pk, 1]),
        reverse("deals:signed_copy_pdf", args=[room.deal.pk, copy.pk]),
        reverse("api:deal_nda_pdf", args=[room.deal.pk]),
        reverse("api:deal_contract_pdf", args=[room.deal.pk, 1]),
        reverse("api:deal_signed_copy_pdf", args=[room.deal.pk, copy.pk]),
    ]
    for address in addresses:
        client.force_login(room.buyer)
        answer = client.get(address)
        assert b"".join(answer.streaming_content).startswith(b"%PDF")
        assert answer["Content-Disposition"].startswith("attachment")
        client.force_login(room.rival)
        assert client.get(address).status_code == 404
    client.force_login(room.buyer)
    assert client.get(reverse("deals:contract_pdf", args=[room.deal.pk, 2])).status_code == 404


def test_api_shows_deal_offers_agreement_and_contract(client):
    room = deal_room(DealState.EFFECTIVE)
    client.force_login(room.signatory)
    deal = client.get(reverse("api:deal", args=[room.deal.pk])).json()
    assert (deal["state"], deal["acts"]) == (
        "effective",
        ["record_registration", "terminate", "post_message", "open_dispute"],
    )
    offers = client.get(reverse("api:deal_offers", args=[room.deal.pk])).json()
    assert [(row["round"], row["state"], row["terms"]["royalty_base"]) for row in offers] == [
        (1, "accepted", "net_revenue")
    ]
    assert len(offers[0]["terms"]["milestones"]) == 2
    nda = client.get(reverse("api:deal_nda", args=[room.deal.pk])).json()
    assert [row["side"] for row in nda["acceptances"]] == ["licensee", "licensor"]
    contract = client.get(reverse("api:deal_contract", args=[room.deal.pk])).json()
    assert len(contract["text"]["articles"]) == 14
    assert len(client.get(reverse("api:deal_messages", args=[room.deal.pk])).json()) == 1
    assert len(client.get(reverse("api:deal_parties", args=[room.deal.pk])).json()) == 2


def test_enquiry_page_says_why_nobody_may_send_one(client):
    room = deal_room()
    client.force_login(room.stranger)
    answer = client.get(reverse("deals:open"), {"technology": room.technology.pk})
    assert (answer.status_code, answer.context["may_open"]) == (200, False)
    client.force_login(room.buyer)
    answer = client.get(reverse("deals:open"), {"technology": room.technology.pk})
    assert answer.context["running"] == room.deal


def test_what_blocks_a_contract_stands_where_it_is_drawn_up_and_leads_to_where_it_is_mended(client):
    room = deal_room(DealState.NEGOTIATING)
    offer = services.make_offer(
        deal=room.running, actor=room.buyer, terms=terms(other="Bên B không được cải tiến công nghệ.")
    )
    services.accept_offer(offer=offer, actor=room.tto)
    client.force_login(room.buyer)
    page = BeautifulSoup(client.get(page_of(room.deal, "contract")).content, "html.parser").main
    blocks = page.select("#draw-up li")
    places = [link["href"] if (link := row.a) else "" for row in blocks]
    assert places == ["", "#party", "#id_reopen-reason"]  # the supplier's data, the buyer's own, the clause
    assert all(page.select_one(place) for place in places if place)
    assert page.select_one("#draw-up form") is None


def test_a_field_that_a_licence_needs_is_not_called_optional(client):
    room = deal_room(DealState.NEGOTIATING)
    client.force_login(room.buyer)
    page = BeautifulSoup(client.get(reverse("deals:make_offer", args=[room.deal.pk])).content, "html.parser").main
    marks = {
        label["for"].removeprefix("id_"): mark.text.strip("()")
        for label in page.select("form label[for]")
        if (mark := label.select_one(".optional"))
    }
    assert marks["penalty"] == "không bắt buộc"
    assert marks["term_years"] == marks["exclusivity"] == "cần khi chuyển quyền sử dụng"
    assert marks["royalty_base"] == marks["statement_frequency"] == "cần khi có phí kỳ vụ"


def test_the_consent_of_co_owners_is_marked_as_needed_for_the_contract(client):
    technology = TechnologyFactory(published=True)
    IPRightFactory(technology=technology, owners=[(technology.organisation.name_vi, 60), ("Viện Cơ điện", 40)])
    room = deal_room(DealState.NEGOTIATING, technology=technology)
    offer = services.make_offer(deal=room.running, actor=room.buyer, terms=terms())
    services.accept_offer(offer=offer, actor=room.tto)
    client.force_login(room.tto)
    page = BeautifulSoup(client.get(page_of(room.deal, "contract")).content, "html.parser").main
    assert page.select_one('label[for="id_co_owner_consent"] .optional').text == "(cần cho hợp đồng)"


def test_an_offer_that_cannot_be_made_now_leads_back_to_the_deal_and_says_why(client):
    room = deal_room(DealState.TERMS_AGREED)
    client.force_login(room.buyer)
    answer = client.get(reverse("deals:make_offer", args=[room.deal.pk]), follow=True)
    assert answer.redirect_chain == [(room.deal.get_absolute_url(), 302)]
    assert "Hiện không thể đưa ra đề nghị" in answer.content.decode()


def test_the_range_stands_beside_the_form_of_an_offer_as_each_side_may_see_it(client):
    technology = interviewed()
    room = deal_room(DealState.NEGOTIATING, technology=technology)
    texts = {}
    for who in ("buyer", "tto"):
        client.force_login(room.people[who])
        page = BeautifulSoup(client.get(f"/en/deals/{room.deal.pk}/offers/make/").content, "html.parser").main
        assert page.select_one("aside .price-legend") is not None
        texts[who] = page.get_text(" ")
    assert "Do not go below: ₫8.8 bn" in " ".join(texts["tto"].split())
    assert [secret for secret in (*PRIVATE, "Do not go below") if secret in texts["buyer"]] == []
    assert "Work out the most that you should pay" in texts["buyer"]
    assert "Work out the most that you should pay" not in texts["tto"]


def test_the_range_of_a_listing_that_the_reader_may_not_see_does_not_stand_beside_the_offer(client):
    technology = interviewed()
    room = deal_room(DealState.NEGOTIATING, technology=technology)
    withdraw_listing(listing=technology, actor=room.tto)
    client.force_login(room.buyer)
    assert client.get(f"/en/technologies/{technology.pk}/price/").status_code == 404
    page = BeautifulSoup(client.get(f"/en/deals/{room.deal.pk}/offers/make/").content, "html.parser").main
    assert page.select_one("aside .price-legend") is None
    assert page.select_one(f"a[href='/en/technologies/{technology.pk}/price/']") is None


def test_the_range_stands_where_an_offer_is_answered_and_nowhere_else_on_the_deal(client):
    room = deal_room(DealState.NEGOTIATING, technology=interviewed())
    services.make_offer(deal=room.running, actor=room.buyer, terms=terms())
    for who, answers in (("tto", True), ("buyer", False)):
        client.force_login(room.people[who])
        page = BeautifulSoup(client.get(page_of(room.deal, "deal")).content, "html.parser").main
        assert (page.select_one("#offers details .price-legend") is not None) is answers


def test_a_deal_in_effect_leads_on_to_what_is_owed_from_each_of_its_pages(client):
    room = deal_room(DealState.EFFECTIVE)
    client.force_login(room.buyer)
    for page in ("deal", "contract", "signature", "registration"):
        found = BeautifulSoup(client.get(page_of(room.deal, page)).content, "html.parser").main
        assert found.select_one(".next-act-words a")["href"] == page_of(room.deal, "tracking")


def test_the_value_fixed_by_the_terms_is_spelled_out_as_a_sum(client):
    room = deal_room(DealState.SIGNED)
    client.force_login(room.buyer)
    page = BeautifulSoup(client.get(page_of(room.deal, "registration")).content, "html.parser").main
    term = next(term for term in page.select("dt") if term.text == "Giá trị ấn định trong điều khoản")
    shown = " ".join(term.find_next("dd").get_text(" ").split())  # a space that does not break is one, too
    held = room.running.contracts.get(superseded_at=None).offer.terms
    lump_sum, minimum = (" ".join(describe.amount(value).split()) for value in (held.lump_sum, held.minimum_annual))
    assert f"trả gọn {lump_sum} + phí tối thiểu {minimum} × {held.term_years} năm" in shown


def test_no_signed_copy_is_asked_for_before_the_certificate_that_it_needs(client):
    room = deal_room(DealState.AGREED, technology=TechnologyFactory(published=True, state_funding_pct=Decimal(70)))
    client.force_login(room.tto)
    address = reverse("deals:upload_signed_copy", args=[room.deal.pk])
    page = BeautifulSoup(client.get(page_of(room.deal, "signature")).content, "html.parser").main
    assert page.select_one(f"form[action='{address}']") is None
    assert "Khi đã có chứng thư" in page.get_text()
    sent = client.post(address, {"file": signed_pdf(), "signed_on": str(timezone.localdate())})
    assert sent.status_code in {400, 409}
    form = BeautifulSoup(sent.content, "html.parser").main.select_one(f"form[action='{address}']")
    assert form.select_one("[name=signed_on]")["value"], "what was typed is kept"


def test_before_the_certificate_that_state_money_needs_every_page_says_so_and_no_other_step(client):
    room = deal_room(DealState.AGREED, technology=TechnologyFactory(published=True, state_funding_pct=Decimal(70)))
    client.force_login(room.tto)
    for page in ("deal", "contract", "signature"):
        found = BeautifulSoup(client.get(page_of(room.deal, page)).content, "html.parser").main
        link = found.select_one(".next-act-words a")
        assert link["href"] == page_of(room.deal, "appraisal")


def test_a_tax_number_that_is_not_the_one_entered_here_is_remarked_beside_the_data_of_its_own_side(client):
    room = deal_room(DealState.TERMS_AGREED)
    party = selectors.parties_of(room.running)["licensor"]
    values = {name: getattr(party, name) for name in PARTY_FIELDS} | {"tax_code": "9911111111"}
    services.save_party(deal=room.running, actor=room.tto, **values)
    for who, remarked in ((room.tto, True), (room.buyer, False)):
        client.force_login(who)
        page = BeautifulSoup(client.get(page_of(room.deal, "contract")).content, "html.parser").main
        known = room.technology.organisation.tax_code
        assert (known in page.select_one("#party").get_text()) is remarked
        assert known in page.select_one("aside").get_text()


def test_the_certificate_that_puts_a_contract_into_effect_leads_on_to_tracking(client):
    room = deal_room(DealState.SIGNED, licensor_country="KR")
    client.force_login(room.buyer)
    sent = {
        "kind": "new", "certificate_no": "12/2026", "issued_on": str(timezone.localdate()), "value_vnd": "750000000",
        "province": province().pk,
    }  # fmt: skip
    record = reverse("deals:record_registration", args=[room.deal.pk])
    answer = client.post(record, sent, follow=True)
    assert answer.redirect_chain == [(page_of(room.deal, "tracking"), 302)]
    assert "Hợp đồng đã có hiệu lực." in answer.content.decode()
    again = client.post(record, {**sent, "kind": "amended", "certificate_no": "13/2026"})
    assert again["Location"] == page_of(room.deal, "registration")


@pytest.mark.parametrize(("state", "page"), [(DealState.NDA, "nda"), (DealState.CONTRACT_DRAFTED, "contract")])
def test_the_headings_of_a_legal_text_follow_those_of_its_page(client, state, page):
    room = deal_room(state)
    client.force_login(room.tto)
    found = BeautifulSoup(client.get(page_of(room.deal, page)).content, "html.parser").main
    levels = [int(heading.name[1]) for heading in found.find_all(["h1", "h2", "h3", "h4"])]
    assert len(found.select(".legal-heading")) >= 5
    assert all(after <= before + 1 for before, after in pairwise(levels))
