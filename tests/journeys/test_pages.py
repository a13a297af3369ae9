"""The main job in a real browser: five people list, review, ask, match, price, deal, sign and track, in each language.

With JOURNEY_SHOTS=folder every page is photographed at both widths.
"""

import datetime
import io
import os
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pypdf
import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from accounts.models import Organisation, User
from audit.services import faults
from deals.legal.contract import HEADINGS
from deals.models import Contract, Deal, Invoice, Obligation, Payout
from deals.tasks import remind_and_mark_overdue
from ledger.models import Entry
from listings.models import Demand, Technology
from marketplace.samples.clock import clock_at
from matching.models import Match
from search import index
from tests.factories.accounts import ExchangeFactory, OrganisationFactory, person
from tests.factories.deals import CONSENT, PARTY, SUPPLIER
from tests.factories.listings import PDF
from tests.journeys import story
from tests.journeys.walker import Person, Walk, walking
from valuation.models import Suggestion

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
FIVE = ("researcher", "tto", "operator", "buyer", "signatory")


@pytest.fixture(params=["vi", "en"])
def walk(request: pytest.FixtureRequest, sessions_end: None, live_server: Any, chromium: str) -> Iterator[Walk]:
    with walking(live_server.url, request.param, chromium, os.environ.get("JOURNEY_SHOTS", "")) as walk:
        yield walk


@pytest.fixture
def people(walk: Walk) -> dict[str, Person]:
    """A university with a researcher and its TTO, a company with a representative and a signatory, an operator."""
    exchange = ExchangeFactory(name_vi="Sàn giao dịch công nghệ Mẫu", name_en="Sample Technology Exchange")
    university = OrganisationFactory(university=True, exchange=exchange)
    company = OrganisationFactory(exchange=exchange)
    users = {
        "researcher": person("researcher", university, full_name="Lê Thị Hoa"),
        "tto": person("tto_officer", university, full_name="Phạm Văn Bình"),
        "operator": person("operator", exchange=exchange, full_name="Đỗ Minh Châu"),
        "buyer": person("representative", company, full_name="Trần Quốc Dũng"),
        "signatory": person("signatory", company, full_name="Vũ Thu Giang"),
    }
    for user in users.values():
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    User.objects.update(language=walk.language)
    return {name: walk.person(name, User.objects.get(pk=user.pk)) for name, user in users.items()}


def test_the_eight_steps_by_pages(walk: Walk, people: dict[str, Person], real_worker: Any) -> None:
    for name in FIVE:
        people[name].sign_in()
    visit_first(walk)
    technology = list_technology(walk, people["researcher"])
    approve_by_owner(people["tto"], technology)
    review(walk, people["operator"], technology, "technology")
    find(walk, technology)
    demand = post_demand(walk, people["buyer"])
    review(walk, people["operator"], demand, "demand")
    real_worker.wait_for(lambda: Match.objects.exists() and Suggestion.objects.exists())
    match(walk, people["buyer"], people["tto"], technology, demand)
    price(walk, people["buyer"], technology)
    deal = enquire(walk, people)
    agree_to_secrecy(people, deal)
    negotiate(walk, people["buyer"], people["tto"], deal)
    draw_up(walk, people, deal)
    sign(people["tto"], people["signatory"], deal)
    assert Deal.objects.get().state == "effective"

    period = Obligation.objects.filter(kind="statement").order_by("due_on").first()
    assert period is not None
    assert period.period_end is not None
    after = period.period_end + datetime.timedelta(days=5)
    with clock_at(timezone.make_aware(datetime.datetime.combine(after, datetime.time(9)))):
        remind_and_mark_overdue()
        for name in FIVE:
            people[name].sign_in()
        declare(people["buyer"], deal)
        accept_and_collect(walk, people["tto"], deal, after)
        look_after(walk, people, deal)
    assert Entry.objects.count() > 0
    assert sum(entry.amount for entry in Entry.objects.order_by("pk")) == 0
    assert list(faults()) == []


def visit_first(walk: Walk) -> None:
    """Someone who knows nothing looks around."""
    visitor = walk.person("visitor")
    for name, step in (("home", "home-empty"), ("how_it_works", "how-it-works"), ("account_signup", "sign-up")):
        visitor.open(name)
        visitor.see(step)
    visitor.context.close()


def list_technology(walk: Walk, researcher: Person) -> Technology:
    """Step 1: a draft in steps that save as they go, a right of two owners, a document in each tier."""
    words = story.TECHNOLOGY[walk.language]
    researcher.open("listings:my_listings")
    researcher.see("my-listings-empty")
    researcher.follow(researcher.link("List a technology").first)
    researcher.see("technology-start")
    researcher.press("Start the draft")  # nothing is typed yet
    assert researcher.errors()
    researcher.see("technology-start-refused")
    researcher.fill(**words["start"])
    researcher.press("Start the draft")

    researcher.see("technology-problem")
    researcher.fill(**words["problem"])
    researcher.press("Save and continue")
    researcher.fill(**{f"advantages__0__{name}": value for name, value in words["advantage"].items()})
    researcher.see("technology-advantages")
    researcher.press("Save and continue")
    researcher.fill(**words["applications"])
    researcher.see("technology-applications")
    researcher.press("Save and continue")
    researcher.fill(trl=7, trl_evidence=words["evidence"])
    researcher.see("technology-readiness")
    researcher.press("Save and continue")
    researcher.see("technology-rights-empty")
    add_right(researcher, words)
    researcher.take("Continue")
    researcher.fill(
        rights_offered=["exclusive_licence", "nonexclusive_licence"], transfer_methods=["DOCUMENTS", "TRAINING"],
        object_types=["KNOWHOW", "PLAN_PROCESS"], territory=words["territory"],
    )  # fmt: skip
    researcher.see("technology-transfer")
    researcher.press("Save and continue")
    researcher.fill(
        price_min="450000000", price_max="900000000", royalty_wish_pct="3.5", revenue_low="4000000000",
        revenue_mode="9000000000", revenue_high="22000000000", royalty_industry="Energy & environment",
    )  # fmt: skip
    researcher.see("technology-price")
    researcher.press("Save and continue")
    for tier, title in words["documents"].items():
        researcher.fill(title=title, tier=tier)
        researcher.upload("file", PDF, f"{tier}.pdf")
        researcher.press("Add the document")
        researcher.reads(title)
    researcher.see("technology-documents")
    researcher.press("Save and continue")
    researcher.reads(words["co_owner"], words["advantage"]["claim"])
    researcher.see("technology-check")
    researcher.press("Submit")
    researcher.told("Submitted. Your TTO looks at it first.")
    researcher.see("technology-manage")
    technology = Technology.objects.get()
    assert technology.state == "awaiting_owner"
    assert technology.main_field_id is not None
    assert sorted(technology.documents.values_list("tier", flat=True)) == ["nda", "public", "registered"]
    owners = technology.ip_rights.get().owners.order_by("-share_pct")
    assert [owner.share_pct for owner in owners] == [70, 30]
    researcher.open("listings:my_technologies")
    researcher.reads(words["start"]["title"])
    researcher.see("my-technologies")
    return technology


def add_right(researcher: Person, words: dict[str, Any]) -> None:
    """Name a granted patent of two owners; shares that do not sum to 100 % are refused and kept."""
    researcher.take("Add a right")
    researcher.fill(
        kind="patent", status="granted", number="1-0099999", office="VN", title=words["right"],
        filing_date="2020-03-02", grant_date="2023-05-04", expiry_date="2040-03-02",
    )  # fmt: skip
    university = Organisation.objects.get(kind="university")
    researcher.fill(owners__0__name=university.name_vi, owners__0__share_pct="70")
    researcher.button("Add an owner").click()
    researcher.fill(owners__1__name=words["co_owner"], owners__1__share_pct="40")
    researcher.see("technology-right")
    refused(researcher, "Save this right")
    assert researcher.errors()
    researcher.see("technology-right-refused")
    researcher.fill(owners__1__share_pct="30")
    researcher.press("Save this right")
    researcher.reads(words["co_owner"])
    researcher.see("technology-rights")


def refused(someone: Person, msgid: str) -> None:
    """Press a button whose answer is the same page with what was wrong."""
    with someone.page.expect_navigation():
        someone.button(msgid).click()


def approve_by_owner(tto: Person, technology: Technology) -> None:
    """The university's own approval comes before the operator's; it waits on the TTO officer's first page."""
    tto.open("insights:dashboard")
    tto.see("dashboard-tto")
    tto.open("listings:owner_queue")
    tto.see("owner-queue")
    tto.follow(tto.main.get_by_role("link", name=technology.title))
    tto.see("technology-manage-tto")
    tto.press("Approve and send to the exchange")
    tto.told("Approved: it now waits for the exchange.")


def review(walk: Walk, operator: Person, listing: Technology | Demand, kind: str) -> None:
    """Step 2: the operator claims it from the queue, ticks the checklist and publishes."""
    operator.open("listings:review_queue")
    operator.see(f"review-queue-{kind}")
    operator.follow(operator.main.get_by_role("link", name=listing.title))
    operator.see(f"review-{kind}-before-claim")
    operator.press("Claim the review")
    refused(operator, "Publish")  # the checklist comes first
    assert operator.errors()
    operator.see(f"review-{kind}-refused")
    if kind == "technology":
        operator.fill(legal_class="none", ip_checked=True)
    else:
        operator.fill(legal_class="none")
    operator.fill(is_complete=True, no_secrets=True)
    operator.see(f"review-{kind}")
    operator.press("Publish")
    operator.told("Published. It can be found now.")
    listing.refresh_from_db()
    assert listing.state == "published"
    index.catch_up()  # the follower of the index does so within two seconds where the site runs


def find(walk: Walk, technology: Technology) -> None:
    """Step 4: a visitor finds it from the home page, without diacritics, and reads it."""
    visitor = walk.person("visitor")
    visitor.open("home")
    visitor.see("home")
    visitor.fill(q=story.TECHNOLOGY[walk.language]["search"])
    visitor.press("Search")
    visitor.reads(technology.title)
    visitor.see("search")
    visitor.follow(visitor.main.get_by_role("link", name=technology.title))
    visitor.reads(technology.summary)
    visitor.see("technology-public")
    visitor.open("listings:technology_list", query="?q=zzzzqqq&trl_min=9")
    visitor.see("search-nothing")
    visitor.open("listings:organisation", technology.organisation_id)
    visitor.see("organisation")
    visitor.open("insights:statistics")
    visitor.see("statistics")
    visitor.context.close()


def post_demand(walk: Walk, buyer: Person) -> Demand:
    """Step 3: a company posts a demand by its five elements; the demand passes the same review."""
    words = story.DEMAND[walk.language]
    buyer.open("insights:dashboard")
    buyer.see("dashboard-empty")
    buyer.open("listings:demand_new")
    buyer.see("demand-start")
    buyer.fill(**words["start"])
    buyer.press("Start the draft")
    buyer.fill(**words["problem"])
    buyer.see("demand-problem")
    buyer.press("Save and continue")
    field = Technology.objects.get().main_field_id
    buyer.fill(**words["requirement"], main_field=field)
    buyer.page.locator(".coauthor-said").filter(has_text=re.compile("5 (of|trên) 5")).wait_for()
    buyer.see("demand-requirement")
    buyer.press("Save and continue")
    buyer.fill(trl_min=6, budget_min="200000000", budget_max="800000000")
    buyer.see("demand-conditions")
    buyer.press("Save and continue")
    buyer.fill(cooperation=["buy", "licence"])
    buyer.see("demand-cooperation")
    buyer.press("Save and continue")
    buyer.see("demand-check")
    buyer.press("Submit")
    buyer.see("demand-manage")
    return Demand.objects.get()


def match(walk: Walk, buyer: Person, tto: Person, technology: Technology, demand: Demand) -> None:
    """Step 5: both sides see the match that a worker made; both shortlist it."""
    buyer.open("listings:demand_list", query="?q=" + story.DEMAND[walk.language]["start"]["title"])
    buyer.reads(demand.title)
    buyer.see("search-demands")
    buyer.open("listings:demand", demand.pk)
    buyer.see("demand-public")
    buyer.open("matching:of_demand", demand.pk)
    buyer.reads(technology.title)
    buyer.see("matches-of-demand")
    buyer.press("Shortlist")
    buyer.see("match-buyer")
    tto.open("matching:match_list")
    tto.reads(demand.title)
    tto.see("match-list")
    tto.open("matching:of_technology", technology.pk)
    tto.see("matches-of-technology")
    tto.press("Shortlist")
    tto.see("match-supplier")


def price(walk: Walk, buyer: Person, technology: Technology) -> None:
    """Step 6: the suggested range with its drivers and sources."""
    suggestion = Suggestion.objects.get()
    assert suggestion.low is not None
    assert suggestion.low < suggestion.high
    buyer.open("valuation:suggestion", technology.pk)
    buyer.see("price")


def enquire(walk: Walk, people: dict[str, Person]) -> int:
    """Step 7 begins: the company asks from the match, the TTO answers."""
    buyer, tto = people["buyer"], people["tto"]
    buyer.open("matching:match", Match.objects.get().pk)
    buyer.take("Send an enquiry")
    buyer.fill(message=story.WORDS[walk.language]["enquiry"])
    buyer.see("enquiry")
    buyer.press("Send the enquiry")
    buyer.told("The enquiry is sent. The supplier answers next.")
    buyer.see("deal-enquiry-buyer")
    deal = buyer.number()
    tto.open("deals:deal_list")
    tto.see("deal-list")
    tto.follow(tto.main.get_by_role("link", name=Technology.objects.get().title))
    tto.see("deal-enquiry-supplier")
    tto.press("Accept the enquiry")
    tto.see("nda")
    return deal


def agree_to_secrecy(people: dict[str, Person], deal: int) -> None:
    """Both sides accept the confidentiality agreement; the documents under NDA then open to the buyer."""
    tto, signatory, buyer = people["tto"], people["signatory"], people["buyer"]
    secret = Technology.objects.get().documents.get(tier="nda")
    refusal = buyer.context.request.get(buyer.walk.url("listings:document", secret.pk))
    assert refusal.status in {403, 404}
    tto.press("Accept the agreement")
    signatory.open("insights:dashboard")
    signatory.see("dashboard-signatory")
    signatory.open("deals:nda", deal)
    signatory.see("nda-signatory")
    signatory.press("Accept the agreement")
    signatory.see("deal-negotiating")
    signatory.open("deals:nda", deal)
    signatory.see("nda-concluded")
    opened = buyer.context.request.get(buyer.walk.url("listings:document", secret.pk))
    assert opened.status == 200
    buyer.open("listings:technology", Technology.objects.get().pk)
    buyer.see("technology-under-nda")


def negotiate(walk: Walk, buyer: Person, tto: Person, deal: int) -> None:
    """An offer, a counter-offer whose differences are shown, and agreement."""
    words = story.WORDS[walk.language]
    buyer.open("deals:deal", deal)
    buyer.fill(message=words["talk"])
    buyer.press("Send the message")
    buyer.take("Make an offer")
    buyer.see("offer")
    refused(buyer, "Send the offer")
    assert buyer.errors()
    buyer.see("offer-refused")
    buyer.fill(**story.offered(walk.language), message=words["offer"])
    buyer.press("Send the offer")
    buyer.see("deal-offer-sent")
    tto.open("deals:deal", deal)
    tto.see("deal-offer-to-answer")
    tto.take("Make a counter-offer")
    tto.see("counter-offer")
    tto.fill(lump_sum="600000000", message=words["counter"])
    tto.press("Send the counter-offer")
    buyer.open("deals:deal", deal)
    buyer.reads(walk.say("What changed"), "600")
    buyer.see("deal-counter-offer")
    buyer.press("Accept this offer")
    assert Deal.objects.get().state == "terms_agreed"


def draw_up(walk: Walk, people: dict[str, Person], deal: int) -> None:
    """The parties' data, the contract with its 14 contents in both languages, and both acceptances."""
    tto, buyer, signatory = people["tto"], people["buyer"], people["signatory"]
    words = story.WORDS[walk.language]
    for who in (buyer, tto):
        who.open("deals:contract", deal)
        who.see(f"contract-party-{who.name}")
        who.fill(
            legal_name=Organisation.objects.get(memberships__user=who.user).name_vi, country="VN",
            address=words["address"], position=words["position"],
            representative=(PARTY if who is buyer else SUPPLIER)["representative"],
            tax_code="9912345678" if who is buyer else "9987654321",
            **({} if who is buyer else {"co_owner_consent": CONSENT}),
        )  # fmt: skip
        who.press("Save the legal data")
    tto.see("contract-ready")
    tto.press("Draw up the contract")
    tto.see("contract")
    contract = Contract.objects.get()
    content = tto.download(tto.main.locator(f'a[href$="/contract/{contract.version}/pdf/"]').first)
    text = " ".join(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages).split())
    for heading in HEADINGS:
        for words_of_heading in heading:
            assert words_of_heading.casefold() in text.casefold(), words_of_heading
    for who in (signatory, tto):
        assert who.user is not None
        who.open("deals:contract", deal)
        who.fill(typed_name=who.user.full_name)
        who.see(f"contract-accept-{who.name}")
        who.press("Accept the contract")
    assert Deal.objects.get().state == "agreed"
    tto.open("deals:deal", deal)
    tto.see("deal-agreed")


def sign(tto: Person, signatory: Person, deal: int) -> None:
    """The signed copy is recorded by one side and confirmed by the other; the contract takes effect."""
    tto.open("deals:signature", deal)
    tto.see("signature")
    tto.upload("file", PDF, "hop-dong-da-ky.pdf")
    tto.fill(signed_on=str(timezone.localdate()))
    tto.press("Record the signed copy")
    tto.see("signature-waiting")
    signatory.open("deals:signature", deal)
    signatory.see("signature-to-confirm")
    signatory.press("Confirm the signed copy")
    signatory.see("registration")
    signatory.open("deals:deal", deal)
    signatory.see("deal-effective")
    signatory.open("deals:tracking", deal)
    signatory.see("tracking-start")


def declare(buyer: Person, deal: int) -> None:
    """Step 8: the licensee's statement for the first period, its computation shown before it is filed."""
    words = story.WORDS[buyer.walk.language]
    buyer.open("insights:dashboard")
    buyer.see("dashboard-buyer-later")
    buyer.open("deals:tracking", deal)
    buyer.see("tracking-later")
    buyer.take("File a royalty statement")
    buyer.see("statement-form")
    buyer.fill(units="1000", gross_sales="2000000000", trade_discounts="100000000", note=words["note"])
    buyer.press("Calculate the royalty")
    buyer.reads("66.500.000" if buyer.walk.language == "vi" else "66,500,000")  # 3.5 % of 1,900,000,000 VND
    buyer.see("statement-preview")
    buyer.press("File the statement")
    buyer.told("The statement is filed. The supplier answers next.")
    buyer.see("statement-filed")


def accept_and_collect(walk: Walk, tto: Person, deal: int, day: datetime.date) -> None:
    """The supplier accepts it, an invoice follows, the payment is recorded and divided."""
    tto.open("insights:dashboard")
    tto.see("dashboard-tto-later")
    tto.open("deals:tracking", deal)
    tto.follow(tto.main.locator('a[href*="/statements/"]').first)
    tto.see("statement-to-answer")
    tto.press("Accept the statement")
    tto.see("tracking-invoiced")
    invoice = Invoice.objects.get(amount=Decimal(66_500_000))
    tto.follow(tto.main.locator(f'a[href*="/invoices/{invoice.pk}/payment/"]'))
    tto.fill(amount="66500000", paid_on=str(day), bank_reference="FT0001")
    tto.see("payment")
    tto.press("Confirm the receipt")
    tto.told("The payment is recorded and divided.")
    tto.see("tracking-paid")


def look_after(walk: Walk, people: dict[str, Person], deal: int) -> None:
    """The inventor sees the own part, the operator the deal on the board and what waits."""
    researcher, operator = people["researcher"], people["operator"]
    payout = Payout.objects.get(role="inventor")
    assert payout.amount == Decimal(9_975_000)  # 15 % of the payment, all to the only inventor
    researcher.open("deals:my_payouts")
    researcher.reads("9.975.000" if walk.language == "vi" else "9,975,000")
    researcher.see("my-payouts")
    researcher.open("accounts:notifications")
    researcher.see("notifications")
    people["tto"].open("deals:obligation_list")
    people["tto"].see("obligations")
    operator.open("deals:board")
    operator.reads(Technology.objects.get().title)
    operator.see("board")
    operator.open("deals:deal", deal)
    operator.see("deal-operator")
    operator.open("insights:dashboard")
    operator.reads(walk.say("Waiting for you"))
    operator.see("dashboard-operator")
