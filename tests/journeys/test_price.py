"""The price in a real browser: an owner answers, a buyer tries out, a report, a verification.

With JOURNEY_SHOTS=folder every page is photographed at both widths.
"""

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress

from accounts.models import User
from audit.services import faults
from tests.factories.accounts import ExchangeFactory, OrganisationFactory, person
from tests.factories.listings import TechnologyFactory
from tests.journeys.walker import Person, Walk, walking
from valuation.models import Report, Suggestion

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
WORDS = {
    "vi": {"product": "Cột lọc asen cho trạm cấp nước", "buyers": "Khoảng 200 trạm cấp nước nông thôn"},
    "en": {"product": "Arsenic column for waterworks", "buyers": "About 200 rural waterworks"},
}  # fmt: skip


@pytest.fixture(params=["vi", "en"])
def walk(request: pytest.FixtureRequest, sessions_end: None, live_server: Any, chromium: str) -> Iterator[Walk]:
    with walking(live_server.url, request.param, chromium, os.environ.get("JOURNEY_SHOTS", "")) as walk:
        yield walk


def test_from_the_interview_to_the_verified_report(walk: Walk, real_worker: Any) -> None:
    exchange = ExchangeFactory(name_vi="Sàn giao dịch công nghệ Mẫu", name_en="Sample Technology Exchange")
    company, university = (
        OrganisationFactory(exchange=exchange),
        OrganisationFactory(university=True, exchange=exchange),
    )
    officer = person("tto_officer", university, full_name="Phạm Văn Bình")
    technology = TechnologyFactory(
        published=True, with_right=True, organisation=university, author=officer, exchange=exchange,
        revenue_low=None, revenue_mode=None, revenue_high=None, language=walk.language,
    )  # fmt: skip
    users = {
        "owner": officer,
        "buyer": person("representative", company, full_name="Trần Quốc Dũng"),
    }
    for user in users.values():
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    User.objects.update(language=walk.language)
    owner, buyer = (walk.person(name, User.objects.get(pk=user.pk)) for name, user in users.items())
    for someone in (owner, buyer):
        someone.sign_in()
    visitor = walk.person("visitor")

    answer(walk, owner, technology.pk)
    suggestion = suggest(owner)
    assert suggestion.is_priced
    assert suggestion.low is not None
    read_and_try(walk, buyer, technology.pk)
    report = draw_up(owner, technology.pk)
    verify(walk, visitor, owner, report)
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
    visitor.press("Verify")
    visitor.reads(walk.say("Unchanged"))
    visitor.see("verify-number")
    visitor.upload("file", copy, "copy.pdf")
    visitor.press("Verify the copy")
    visitor.reads(walk.say("Your copy is byte for byte one of its files."))
    visitor.upload("file", copy + b"\n%", "copy.pdf")
    visitor.press("Verify the copy")
    visitor.reads(walk.say("Not known"))
    visitor.see("verify-unknown")
