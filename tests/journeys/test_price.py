"""The price in a real browser: an owner answers, a buyer tries out, a report, a verification, a certificate, a signature.

With JOURNEY_SHOTS=folder every page is photographed at both widths.
"""

import datetime
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone, translation

from accounts.models import User
from audit.services import faults
from deals.lifecycle import DealState
from deals.models import Deal
from rules.selectors import rule
from rules.words import citation
from tests.factories.accounts import ExchangeFactory, OrganisationFactory, person
from tests.factories.appraisals import PAGE
from tests.factories.deals import deal_room
from tests.factories.listings import PDF, TechnologyFactory
from tests.journeys.walker import Person, Walk, walking
from valuation.models import Appraisal, Report, Suggestion

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]

#: What an owner who has never put a price on anything answers; the rest he leaves empty.
ANSWERS: dict[str, dict[str, Any]] = {
    "product": {"royalty_base": "net_revenue"},
    "sales": {"currency": "VND", "revenue_0": "4 tỷ", "revenue_1": "9 tỷ", "revenue_2": "20 tỷ", "revenue_origin": "owner"},
    "time": {"launch_delay_0": "1", "launch_delay_origin": "owner"},
    "profit": {
        "incremental_profit_0": "500 triệu", "incremental_profit_1": "1,2 tỷ", "incremental_profit_2": "2 tỷ",
        "incremental_profit_origin": "assumption",
    },
    "chance": {},
    "past": {"past_costs_0_year": "2023", "past_costs_0_cost": "800 triệu", "past_costs_origin": "measured"},
    "terms": {"walk_away_0": "300 triệu", "disclosure": "range"},
}  # fmt: skip
#: The form of a page that was open before it went: the same fields, sent to the same address.
STALE_FORM = """([address, label]) => {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").cloneNode();
  const [file, day] = ["file", "text"].map((type) => Object.assign(document.createElement("input"), { type }));
  const form = Object.assign(document.createElement("form"), {
    action: address, method: "post", enctype: "multipart/form-data", noValidate: true,
  });
  form.append(token, Object.assign(file, { name: "file" }), Object.assign(day, { name: "signed_on" }));
  form.append(Object.assign(document.createElement("button"), { textContent: label }));
  document.querySelector("#content").append(form);
}"""
WORDS = {
    "vi": {"product": "Cột lọc asen cho trạm cấp nước", "buyers": "Khoảng 200 trạm cấp nước nông thôn",
           "brief": "Quyền sử dụng độc quyền trong 5 năm tại Việt Nam."},
    "en": {"product": "Arsenic column for waterworks", "buyers": "About 200 rural waterworks",
           "brief": "An exclusive licence for 5 years in Viet Nam."},
}  # fmt: skip


@pytest.fixture(params=["vi", "en"])
def walk(request: pytest.FixtureRequest, sessions_end: None, live_server: Any, chromium: str) -> Iterator[Walk]:
    with walking(live_server.url, request.param, chromium, os.environ.get("JOURNEY_SHOTS", "")) as walk:
        yield walk


def test_from_the_interview_to_the_signature(walk: Walk, real_worker: Any) -> None:
    exchange = ExchangeFactory(name_vi="Sàn giao dịch công nghệ Mẫu", name_en="Sample Technology Exchange")
    university = OrganisationFactory(university=True, exchange=exchange)
    firm = OrganisationFactory(valuation_firm=True, exchange=exchange)
    technology = TechnologyFactory(
        published=True, with_right=True, organisation=university, exchange=exchange, state_funding_pct=60,
        revenue_low=None, revenue_mode=None, revenue_high=None, language=walk.language,
    )  # fmt: skip
    room = deal_room(DealState.AGREED, technology=technology)
    users = {
        "owner": room.tto,
        "buyer": room.buyer,
        "signatory": room.signatory,
        "appraiser": person("appraiser", firm, full_name="Hồ Thị Lan"),
    }
    for user in users.values():
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    User.objects.update(language=walk.language)
    people = {name: walk.person(name, User.objects.get(pk=user.pk)) for name, user in users.items()}
    owner, buyer, signatory, appraiser = people.values()
    for someone in people.values():
        someone.sign_in()
    visitor = walk.person("visitor")
    deal = room.running.pk

    answer(walk, owner, technology.pk)
    suggestion = suggest(owner)
    assert suggestion.is_priced
    assert suggestion.low is not None
    read_and_try(walk, buyer, technology.pk)
    report = draw_up(owner, technology.pk)
    verify(walk, visitor, owner, report)
    wait_for_the_certificate(walk, owner, deal)
    appraise(walk, owner, appraiser, visitor, technology.pk, firm.pk, deal)
    sign(owner, signatory, deal)
    for name in ("closed_deals", "calibration", "rule"):
        visitor.open(f"valuation:{name}")
        visitor.see(f"price-{name}")
    assert list(faults()) == []


def answer(walk: Walk, owner: Person, pk: int) -> None:
    """From the page without a price through the seven steps to the check."""
    owner.open("valuation:suggestion", pk)
    owner.take("Answer the questions")
    owner.see("interview-start")
    owner.take("Start with the first question")
    for slug, given in ANSWERS.items():
        assert owner.page.url.endswith(f"/interview/{slug}/")
        words = {f"{name}_0": WORDS[walk.language][name] for name in ("product", "buyers")} if slug == "product" else {}
        owner.fill(**renamed(owner, words | given))
        owner.see(f"interview-{slug}")
        if slug == "sales":
            order(owner)
        owner.press("Save and continue")
    owner.see("interview-check")


def renamed(someone: Person, given: dict[str, Any]) -> dict[str, Any]:
    """Give the answers with the names that the form has: one value has no number."""
    names = set(someone.page.locator("#content [name]").evaluate_all("fields => fields.map(field => field.name)"))
    return {name if name in names else re.sub(r"_0$", "", name): value for name, value in given.items()}


def order(owner: Person) -> None:
    """Figures that fall from low to high are refused, and what was typed stays."""
    owner.fill(revenue_0="40 tỷ")
    with owner.page.expect_navigation():
        owner.button("Save and continue").click()
    assert owner.errors()
    owner.see("interview-refused")
    owner.fill(revenue_0="4 tỷ")


def suggest(owner: Person) -> Suggestion:
    """Ask for the range; the run leads to it."""
    owner.press("Suggest the range from these answers")
    owner.main.locator(".suggestion-sentence").wait_for(timeout=60_000)
    owner.see("price-owner")
    return Suggestion.objects.latest("pk")


def read_and_try(walk: Walk, buyer: Person, pk: int) -> None:
    """An outsider reads the range without the owner's figures, moves a slider, and reckons his own maximum."""
    buyer.open("valuation:suggestion", pk)
    buyer.reads(walk.say("What moves it most"))
    assert "₫300" not in buyer.main.inner_text()
    buyer.see("price-buyer")
    buyer.take("What if")
    buyer.see("what-if")
    with buyer.page.expect_response(lambda response: "what-if" in response.url):
        buyer.main.locator("#lever-royalty").fill("10")
    buyer.main.locator("#whatif-result p strong").nth(1).wait_for()  # by how much the middle moves
    buyer.see("what-if-moved")
    buyer.take("Back to the suggested range")
    buyer.take("The most you can pay")
    buyer.fill(profit_mode="1,5 tỷ")
    buyer.press("Work it out")
    buyer.see("my-maximum")


def draw_up(owner: Person, pk: int) -> Report:
    """The report is drawn up by a run; its page has the files."""
    owner.open("valuation:suggestion", pk)
    owner.take("Reports")
    owner.see("reports-empty")
    owner.press("Draw up the report")
    owner.main.locator("#files").wait_for(timeout=60_000)
    owner.see("report")
    owner.open("valuation:report_list", pk)
    owner.see("reports")
    return Report.objects.get()


def verify(walk: Walk, visitor: Person, owner: Person, report: Report) -> None:
    """A stranger with the number, and with a copy, learns that nothing was changed."""
    owner.open("valuation:report", report.number)
    copy = owner.download(owner.main.locator(f"#files a[href*='files/pdf-{walk.language}']").first)
    assert copy.startswith(b"%PDF")
    visitor.open("valuation:verify_report")
    visitor.see("verify")
    visitor.fill(number=report.number)
    visitor.press("Verify the report")
    visitor.reads(walk.say("Unchanged"))
    visitor.see("verify-number")
    visitor.upload("file", copy, "copy.pdf")
    visitor.press("Verify the copy")
    visitor.reads(walk.say("Your copy is byte for byte one of its files."))
    visitor.upload("file", copy + b"\n%", "copy.pdf")
    visitor.press("Verify the copy")
    visitor.reads(walk.say("Not known"))
    visitor.see("verify-unknown")


def wait_for_the_certificate(walk: Walk, owner: Person, deal: int) -> None:
    """With state money in the deal no signed copy is asked for yet; the page names the clause and the way out.

    Who sends one all the same, from a page that was open before, is refused.
    """
    owner.open("deals:signature", deal)
    with translation.override(walk.language):
        clause = citation(rule("appraisal.state_capital.required", on=timezone.localdate()).source)
    owner.reads(
        walk.say("A valuation certificate is needed before signing"), clause, walk.say("Commission a firm"),
        walk.say("Once the certificate is there, one side records the signed copy here."),
    )  # fmt: skip
    assert owner.main.locator("input[type=file]").count() == 0
    owner.see("signature-waits-for-certificate")
    owner.page.evaluate(STALE_FORM, [walk.url("deals:upload_signed_copy", deal), walk.say("Record the signed copy")])
    record_copy(owner)
    with owner.page.expect_navigation() as answered:
        owner.button("Record the signed copy").click()
    assert answered.value.status == 409
    words = walk.say(
        "State money is in this deal: before it is signed it needs the certificate of a licensed valuation firm that "
        "holds on the day of signing (%(clause)s). Commission a firm first.", clause=clause,
    )  # fmt: skip
    assert words in " ".join(owner.errors())
    owner.see("signature-refused")
    assert Deal.objects.get(pk=deal).state == DealState.AGREED


def record_copy(owner: Person) -> None:
    """Choose the signed copy and its day."""
    owner.upload("file", PDF, "hop-dong-da-ky.pdf")
    owner.fill(signed_on=timezone.localdate().isoformat())


def appraise(
    walk: Walk, owner: Person, appraiser: Person, visitor: Person, pk: int, firm: int, deal: int
) -> None:  # fmt: skip
    """The owner commissions a firm, which declares, reads, certifies; the value stands beside the range."""
    owner.open("valuation:suggestion", pk)
    owner.take("Commission an appraisal")
    owner.see("commission-from-price")
    owner.open("deals:signature", deal)
    owner.take("Commission a firm")
    owner.see("commission-from-deal")
    with owner.page.expect_navigation():
        owner.button("Ask the firm").click()  # nothing is chosen yet
    assert owner.errors()
    owner.see("commission-refused")
    owner.fill(firm=firm, brief=WORDS[walk.language]["brief"])
    owner.see("commission")
    owner.press("Ask the firm")
    owner.see("appraisal-owner")
    made = Appraisal.objects.get()
    assert (made.purpose, made.deal_id, bool(made.right)) == ("state", deal, True)  # chosen for him
    appraiser.open("insights:dashboard")
    appraiser.see("dashboard-appraiser")
    appraiser.open("valuation:appraisal_list")
    appraiser.see("appraisals")
    appraiser.follow(appraiser.main.locator(f"a[href$='/appraisals/{made.pk}/']").first)
    appraiser.see("appraisal-asked")
    with appraiser.page.expect_navigation():
        appraiser.button("Accept the commission").click()  # the declaration comes first
    assert appraiser.errors()
    appraiser.see("appraisal-undeclared")
    appraiser.fill(accept__is_independent=True)
    appraiser.press("Accept the commission")
    appraiser.reads(walk.say("The file"))
    today = timezone.localdate()
    appraiser.fill(
        number="CT-07/2026", issued_on=today.isoformat(), valued_on=today.isoformat(),
        valid_until=(today + datetime.timedelta(days=90)).isoformat(), basis="market", value="1.200.000.000",
        currency="VND", appraiser_name="Hồ Thị Lan", appraiser_licence="XIII.0007",
    )  # fmt: skip
    appraiser.upload("file", PAGE, "chung-thu.pdf")
    appraiser.see("appraisal-at-work")
    appraiser.press("Record the valuation certificate")
    appraiser.told("The certificate is recorded. The file is closed to your firm.")
    appraiser.see("appraisal-certified")
    assert walk.say("The file") not in appraiser.main.locator("h2").all_inner_texts()
    visitor.open("valuation:suggestion", pk)
    assert "CT-07/2026" not in visitor.main.inner_text()  # the owner decides who sees it
    owner.open("valuation:appraisal", made.pk)
    owner.see("appraisal-certificate-owner")
    owner.press("Show the value beside the suggested range")
    visitor.open("valuation:suggestion", pk)
    visitor.reads(walk.say("Certified value"), "CT-07/2026", walk.say("What moves it most"))
    visitor.see("price-certified")


def sign(owner: Person, signatory: Person, deal: int) -> None:
    """With the certificate the same copy is taken, and the other side confirms it."""
    owner.open("deals:signature", deal)
    owner.reads("CT-07/2026")
    owner.see("signature-with-certificate")
    record_copy(owner)
    owner.press("Record the signed copy")
    signatory.open("deals:signature", deal)
    signatory.press("Confirm the signed copy")
    assert Deal.objects.get(pk=deal).state in {DealState.SIGNED, DealState.EFFECTIVE}
