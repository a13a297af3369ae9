"""Nobody is paid for having typed a listing in: without a known inventor the plan of shares is settled first."""

from decimal import Decimal

import pytest
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.html import strip_tags

from accounts.models import Membership, Role
from deals.models import Payment, RoyaltyShare, SharePlan
from deals.services.tracking_payouts import Part, set_share_plan
from ledger.models import Transfer
from listings.models import Technology
from marketplace.kit.errors import Conflict
from tests.factories.accounts import OrganisationFactory, UserFactory, person
from tests.factories.listings import TechnologyFactory
from tests.factories.tracking import Tracked, tracked

pytestmark = pytest.mark.django_db


def imported() -> Technology:
    owner = OrganisationFactory(university=True)
    author = person(Role.OPERATOR, exchange=owner.exchange)
    return TechnologyFactory(
        published=True, organisation=owner, author=author, state_funding_pct=None, source_name="register", source_id="7"
    )


def typed_by(role: str) -> Technology:
    owner = OrganisationFactory(university=True)
    author = person(role, owner)
    return TechnologyFactory(published=True, organisation=owner, author=author, state_funding_pct=None)


def settle(room: Tracked) -> SharePlan:
    version = SharePlan.objects.get(contract=room.contract).version
    part = Part(name="PGS.TS. Lê Thị Mẫu", share_pct=100)
    return set_share_plan(contract=room.contract, version=version, parts=[part], actor=room.tto)


@pytest.mark.parametrize("made", [imported, lambda: typed_by(Role.TTO_OFFICER), lambda: typed_by(Role.REPRESENTATIVE)])
def test_a_payment_waits_until_the_inventors_are_named(made):
    room = tracked(technology=made())
    invoice = room.invoice(1)
    assert RoyaltyShare.objects.count() == 0
    before = Transfer.objects.count()

    with pytest.raises(Conflict) as refused:
        room.pay(invoice)

    assert (Payment.objects.count(), Transfer.objects.count()) == (0, before)
    assert refused.value.detail["shares"].endswith(f"/deals/{room.deal.pk}/tracking/shares/")
    settle(room)
    assert [row.name for row in room.pay(invoice).payouts.all()] == ["PGS.TS. Lê Thị Mẫu"]


def test_a_plan_that_was_made_of_a_typist_before_pays_him_nothing_more():
    """Also where a payment was divided by it: what was, stays; what comes waits for the inventors' names."""
    room = tracked(technology=typed_by(Role.TTO_OFFICER))
    invoice = room.invoice(1)
    seat = Membership.objects.create(user=room.author, organisation=room.deal.licensor, role=Role.RESEARCHER)
    RoyaltyShare.objects.create(plan=room.contract.share_plan, user=room.author, name="x", share_pct=100)
    old = room.pay(invoice, 1_000_000, "A")
    seat.delete()

    with pytest.raises(Conflict):
        room.pay(invoice, 1_000_000, "B")
    settle(room)

    assert [row.user for row in old.payouts.all()] == [room.author]
    assert [row.user for row in room.pay(invoice, 1_000_000, "B").payouts.all()] == [None]
    with pytest.raises(Conflict):
        settle(room)


def test_a_researcher_who_has_left_is_still_the_inventor():
    room = tracked()
    Membership.objects.filter(user=room.author).update(is_active=False)

    assert [row.user for row in room.pay(room.invoice(1)).payouts.all()] == [room.author]


def test_pages_and_api_say_it_before_and_lead_there(client):
    room = tracked(technology=imported())
    invoice = room.invoice(1)
    shares = f"/en/deals/{room.deal.pk}/tracking/shares/"
    client.force_login(room.operator)
    assert "Inventors not named" in client.get("/en/operator/deals/").content.decode()
    client.force_login(room.buyer)
    assert "Settle the shares" not in client.get(f"/en/deals/{room.deal.pk}/tracking/").content.decode()

    client.force_login(room.tto)
    page = client.get(f"/en/deals/{room.deal.pk}/tracking/").content.decode()
    assert "Nobody has named the inventors yet" in page
    assert "Your side names the inventors and their shares." in strip_tags(page)
    typed = {"amount": "1000000", "paid_on": timezone.localdate().isoformat(), "bank_reference": "FT-KEPT"}
    refused = client.post(f"/en/invoices/{invoice.pk}/payment/", typed)
    assert (refused.status_code, "FT-KEPT" in refused.content.decode()) == (409, True)
    assert f'href="{shares}"' in refused.content.decode()
    path = f"/api/v1/invoices/{invoice.pk}/payments/"
    told = client.post(path, typed, content_type="application/json")
    assert (told.status_code, told.json()["code"]) == (409, "conflict")
    seen = client.get(f"/api/v1/deals/{room.deal.pk}/tracking/").json()["shares"]
    assert (seen["to_settle"], seen["shares"], client.get(shares).status_code) == (True, [], 200)

    sent = {"version": seen["version"], "shares": [{"name": "Lê Thị Mẫu", "share_pct": "100"}]}
    done = client.put(f"/api/v1/deals/{room.deal.pk}/shares/", sent, content_type="application/json")
    assert (done.status_code, done.json()["to_settle"]) == (200, False)
    assert client.post(path, typed, content_type="application/json").status_code == 201
    client.force_login(room.operator)
    assert "Inventors not named" not in client.get("/en/operator/deals/").content.decode()


def test_address_of_an_inventor_tells_nothing_of_whether_anybody_has_an_account_with_it(client):
    room = tracked()
    mine = UserFactory()
    path = f"/en/deals/{room.deal.pk}/tracking/shares/"
    client.force_login(room.tto)
    answers = []
    for version, address in enumerate([mine.email.upper(), "nobody@nhipcau.example"], 1):
        typed = {
            "version": version, "parts-TOTAL_FORMS": "1", "parts-INITIAL_FORMS": "1", "parts-0-name": "An",
            "parts-0-email": address, "parts-0-share_pct": "100",
        }  # fmt: skip
        saved = client.post(path, typed)
        shown = client.get(path).context["parts"].forms[0].initial["email"]
        answers.append((saved.status_code, saved["Location"], shown == address.lower()))
    assert answers == [(302, f"/en/deals/{room.deal.pk}/tracking/", True)] * 2
    for version, address in enumerate([mine.email, "nobody@nhipcau.example"], 3):
        body = {"version": version, "shares": [{"name": "An", "email": address, "share_pct": "100"}]}
        put = client.put(f"/api/v1/deals/{room.deal.pk}/shares/", body, content_type="application/json")
        assert (put.status_code, put.json()["shares"]) == (200, [{"name": "An", "share_pct": "100.0000"}])


def test_share_of_an_address_goes_to_whoever_proves_to_own_it_before_the_payment():
    room = tracked()
    parts = [
        Part("An", Decimal(60), email="An@nhipcau.example"),
        Part("Bình", Decimal(40), email="binh@nhipcau.example"),
    ]
    set_share_plan(contract=room.contract, version=1, parts=parts, actor=room.tto)
    owner = UserFactory(email="an@nhipcau.example")
    claimer = UserFactory(email="binh@nhipcau.example")
    EmailAddress.objects.create(user=claimer, email=claimer.email, verified=False, primary=True)
    payment = room.pay(room.invoice(1))
    assert {row.name: row.user for row in payment.payouts.order_by("pk")} == {"An": owner, "Bình": None}


def test_address_stands_once_in_a_plan_and_one_person_with_two_addresses_is_not_given_away():
    room = tracked()
    owner = UserFactory()
    EmailAddress.objects.create(user=owner, email=owner.email, verified=True, primary=True)
    EmailAddress.objects.create(user=owner, email="second@nhipcau.example", verified=True)
    twice = [Part("An", Decimal(60), email=owner.email), Part("Bình", Decimal(40), email=owner.email.upper())]
    with pytest.raises(ValidationError):
        set_share_plan(contract=room.contract, version=1, parts=twice, actor=room.tto)
    parts = [Part("An", Decimal(60), email=owner.email), Part("Bình", Decimal(40), email="second@nhipcau.example")]
    plan = set_share_plan(contract=room.contract, version=1, parts=parts, actor=room.tto)
    assert [share.user for share in plan.shares.order_by("pk")] == [owner, None]
