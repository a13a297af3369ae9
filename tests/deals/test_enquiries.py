"""Opening a deal, the confidentiality agreement, messages."""

import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction

from accounts.models import Notification, Role
from deals import selectors, services
from deals.lifecycle import DealState
from deals.models import Deal, Message
from listings.models import DisclosureGrant
from listings.selectors import has_grant
from marketplace.kit.errors import Conflict, NotAllowed, Stale
from tests.factories.accounts import OrganisationFactory, person, seat
from tests.factories.deals import Room, deal_room
from tests.factories.listings import DemandFactory, TechnologyFactory

pytestmark = pytest.mark.django_db


def opened(room: Room, **values):
    base = {
        "technology": TechnologyFactory(published=True, organisation=room.technology.organisation),
        "organisation": room.licensee,
        "actor": room.buyer,
        "message": "Xin hỏi",
    }
    return services.open_enquiry(**{**base, **values})


def test_enquiry_tells_the_suppliers_officers_and_nobody_else():
    room = deal_room()
    told = set(Notification.objects.filter(kind="deal.enquiry").values_list("user", flat=True))
    assert told == {room.tto.pk, room.licensor_signatory.pk}  # not the one who sits on both sides


def test_enquiry_about_an_imported_technology_tells_the_operators_that_nobody_acts_for_it():
    room = deal_room()
    operator = person(role="operator", exchange=room.technology.exchange)
    foreign = OrganisationFactory(exchange=room.technology.exchange, country="US", province=None, tax_code="")
    technology = TechnologyFactory(published=True, organisation=foreign, exchange=room.technology.exchange)
    opened(room, technology=technology)
    told = Notification.objects.filter(kind="deal.nobody", user=operator).get()
    assert told.url == f"/my/organisations/{foreign.pk}/"
    assert not Notification.objects.filter(kind="deal.enquiry", text__contains=technology.title).exists()


def test_enquiry_to_a_supplier_whose_only_officer_also_sits_with_the_buyer_tells_the_operators():
    room = deal_room()
    operator = person(role="operator", exchange=room.technology.exchange)
    supplier = OrganisationFactory(exchange=room.technology.exchange)
    officer = person(Role.SIGNATORY, supplier)
    seat(officer, Role.REPRESENTATIVE, organisation=room.licensee)
    opened(room, technology=TechnologyFactory(published=True, organisation=supplier, exchange=room.technology.exchange))
    assert Notification.objects.get(kind="deal.nobody", user=operator).url == f"/my/organisations/{supplier.pk}/"
    assert not Notification.objects.filter(user=officer).exists()


def test_second_running_enquiry_about_the_same_technology_is_refused():
    room = deal_room()
    with pytest.raises(Conflict):
        opened(room, technology=room.technology, actor=room.signatory)
    services.decline_enquiry(deal=room.running, actor=room.tto, reason="Đã có đối tác")
    assert opened(room, technology=room.technology).state == DealState.ENQUIRY


@pytest.mark.django_db(transaction=True)
def test_double_click_opens_one_enquiry():
    room = deal_room()
    technology = TechnologyFactory(published=True, organisation=room.technology.organisation)
    gate, errors = threading.Barrier(2), []

    def send():
        try:
            gate.wait(10)
            opened(room, technology=technology)
        except Conflict as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (Deal.objects.filter(technology=technology).count(), len(errors)) == (1, 1)


def test_enquiry_about_what_is_not_published_is_refused():
    room = deal_room()
    with pytest.raises(Conflict):
        opened(room, technology=TechnologyFactory(withdrawn=True))


def test_enquiry_of_an_unverified_organisation_is_refused():
    room = deal_room()
    company = OrganisationFactory(unverified=True)
    with pytest.raises(Conflict):
        opened(room, organisation=company, actor=person("representative", company))


def test_enquiry_about_the_own_technology_is_refused():
    room = deal_room()
    seat(room.tto, "representative", organisation=room.technology.organisation)
    with pytest.raises(ValidationError):
        opened(room, organisation=room.technology.organisation, actor=room.tto)


def test_enquiry_with_a_demand_of_another_company_is_refused():
    room = deal_room()
    with pytest.raises(ValidationError) as refused:
        opened(room, demand=DemandFactory(published=True))
    assert set(refused.value.message_dict) == {"demand"}
    mine = DemandFactory(published=True, organisation=room.licensee)
    assert opened(room, demand=mine).demand == mine


@pytest.mark.parametrize("message", ["", "   ", "x" * 4001, "a\x00b", "a\u202eb"])
def test_enquiry_with_a_bad_message_is_refused_whole(message):
    room = deal_room()
    with pytest.raises(ValidationError) as refused:
        opened(room, message=message)
    assert set(refused.value.message_dict) == {"message"}
    assert Deal.objects.count() == 1


def test_person_with_seats_on_both_sides_acts_for_neither():
    room = deal_room()
    for act in (services.accept_enquiry, lambda **who: services.break_off(reason="x", **who)):
        with pytest.raises(NotAllowed):
            act(deal=room.running, actor=room.both)
    with pytest.raises(NotAllowed):
        opened(room, actor=room.both)


def test_documents_open_when_both_sides_accepted_and_not_before():
    room = deal_room(DealState.NDA)
    nda = selectors.nda_of(room.running)
    services.accept_nda(deal=room.running, actor=room.signatory, text_hash=nda.text_hash)
    assert not has_grant(room.buyer, room.technology)
    services.accept_nda(deal=room.running, actor=room.tto, text_hash=nda.text_hash)
    assert has_grant(room.buyer, room.technology)
    assert DisclosureGrant.objects.get().basis == f"nda:{nda.pk}"
    assert room.running.state == DealState.NEGOTIATING


def test_confidentiality_agreement_is_accepted_once_by_each_side():
    room = deal_room(DealState.NDA)
    text_hash = selectors.nda_of(room.running).text_hash
    services.accept_nda(deal=room.running, actor=room.signatory, text_hash=text_hash)
    with pytest.raises(Conflict):
        services.accept_nda(deal=room.running, actor=room.buyer_admin, text_hash=text_hash)


def test_acceptance_of_another_text_is_stale():
    room = deal_room(DealState.NDA)
    with pytest.raises(Stale):
        services.accept_nda(deal=room.running, actor=room.signatory, text_hash="0" * 64)


def test_message_goes_to_the_other_side_and_a_note_of_the_exchange_to_both():
    room = deal_room()
    Notification.objects.all().delete()
    assert services.post_message(deal=room.running, actor=room.tto, message="Chào").side == "licensor"
    told = set(Notification.objects.values_list("user", flat=True))
    assert told == {room.buyer.pk, room.signatory.pk, room.buyer_admin.pk}
    Notification.objects.all().delete()
    assert services.post_message(deal=room.running, actor=room.operator, message="Sàn hỗ trợ").side == ""
    told = set(Notification.objects.values_list("user", flat=True))
    assert told == {room.tto.pk, room.licensor_signatory.pk, room.buyer.pk, room.signatory.pk, room.buyer_admin.pk}


def test_messages_are_never_changed():
    room = deal_room()
    with pytest.raises(DatabaseError), transaction.atomic():
        Message.objects.filter(deal=room.running).update(body="khác")


def test_nothing_is_said_in_a_deal_that_is_over():
    room = deal_room()
    services.decline_enquiry(deal=room.running, actor=room.tto, reason="Không phù hợp")
    with pytest.raises(Conflict):
        services.post_message(deal=room.running, actor=room.buyer, message="Vì sao?")


@pytest.mark.parametrize("reason", ["", " ", "x" * 2001, "a\x07b"])
def test_declining_needs_a_reason(reason):
    room = deal_room()
    with pytest.raises(ValidationError):
        services.decline_enquiry(deal=room.running, actor=room.tto, reason=reason)
    assert room.running.state == DealState.ENQUIRY


def test_documents_close_when_the_talks_end():
    room = deal_room(DealState.NEGOTIATING)
    opened_before = has_grant(room.buyer, room.technology)
    services.break_off(deal=room.running, actor=room.buyer, reason="Ngân sách năm nay đã hết")
    assert (opened_before, has_grant(room.buyer, room.technology)) == (True, False)


def test_end_of_talks_leaves_what_another_agreement_opened():
    room = deal_room(DealState.NEGOTIATING)
    DisclosureGrant.objects.filter(technology=room.technology).update(basis="nda:0")
    services.break_off(deal=room.running, actor=room.tto, reason="Đã có đối tác độc quyền")
    assert has_grant(room.buyer, room.technology)
