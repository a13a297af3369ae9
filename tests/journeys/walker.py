"""A person in a browser of their own, who reads the site in one language; each page is judged once it is seen."""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from axe_playwright_python.sync_playwright import Axe
from django.db import connections
from django.urls import reverse
from django.utils import translation

from tests.factories.accounts import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page

    from accounts.models import User

WIDE, NARROW, HEIGHT = 1440, 360, 900
FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"


class Walk:
    """What the people of one journey share: language, address, and the pages that were judged already."""

    def __init__(self, browser: Browser, address: str, language: str, shots: str = "") -> None:
        self.browser = browser
        self.address = address
        self.language = language
        self.shots = Path(shots) if shots else None
        self.seen: list[str] = []
        self.judged: set[str] = set()
        self.problems: list[str] = []
        if self.shots:
            self.shots.mkdir(parents=True, exist_ok=True)

    def say(self, msgid: str, **values: Any) -> str:
        """Give the words of a msgid in the journey's language; fail where a translation is missing."""
        with translation.override(self.language):
            words = translation.gettext(msgid)
        assert self.language == "en" or words != msgid, f"not translated: {msgid}"
        return words % values if values else words

    def url(self, name: str, *args: Any) -> str:
        """Give the address of a page in the journey's language."""
        with translation.override(self.language):
            return self.address + reverse(name, args=args)

    def person(self, name: str, user: User | None = None) -> Person:
        """Bring someone in; without `user` a visitor who never signs in."""
        return Person(self, name, user)


class Person:
    """One browser context and its only page. Words are msgids, fields are named as in the form."""

    def __init__(self, walk: Walk, name: str, user: User | None) -> None:
        self.walk, self.name, self.user = walk, name, user
        self.context = walk.browser.new_context(
            viewport={"width": WIDE, "height": HEIGHT},
            locale={"vi": "vi-VN", "en": "en-GB"}[walk.language],
            color_scheme="light",
            reduced_motion="reduce",
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.page.on("console", self.hear)
        self.page.on("pageerror", lambda error: self.note(str(error)))
        self.page.on("dialog", lambda dialog: dialog.accept())

    def hear(self, message: ConsoleMessage) -> None:
        """Keep an error of the console; a form that is shown again has status 400, or 409 when the act must wait."""
        if message.type == "error" and not re.search("status of 4(00|09)", message.text):
            self.note(f"{message.text} {message.location.get('url', '')}")

    def note(self, problem: str) -> None:
        """Keep what went wrong, with who met it and where."""
        self.walk.problems.append(f"{self.name} at {self.page.url}: {problem}")

    def sign_in(self) -> None:
        """Go through the sign-in page with e-mail and password."""
        assert self.user is not None
        self.open("account_login")
        self.see("sign-in")
        self.fill(login=self.user.email, password=PASSWORD)
        self.press("Sign in")
        assert self.page.locator(".account-menu").inner_text().strip() == self.user.full_name

    def open(self, name: str, *args: Any, query: str = "") -> None:
        """Go to a page by its name."""
        response = self.page.goto(self.walk.url(name, *args) + query)
        assert response is not None
        assert response.status == 200, (response.url, response.status)

    @property
    def main(self) -> Locator:
        """The page without its frame."""
        return self.page.locator("#content")

    def button(self, msgid: str) -> Locator:
        """Find a button of the page by its words."""
        return self.main.get_by_role("button", name=self.walk.say(msgid), exact=True)

    def link(self, msgid: str) -> Locator:
        """Find a link of the page by its words."""
        return self.main.get_by_role("link", name=self.walk.say(msgid), exact=True)

    def press(self, msgid: str) -> None:
        """Press a button that sends a form."""
        self.follow(self.button(msgid))

    def take(self, msgid: str) -> None:
        """Follow a link by its words; where the page has it twice, the one further down."""
        self.follow(self.link(msgid).last)

    def follow(self, target: Locator) -> None:
        """Click what leads to another page, and arrive there without an error."""
        with self.page.expect_navigation() as arrival:
            target.click()
        assert arrival.value.status < 400, (self.name, self.page.url, arrival.value.status, self.errors())

    def errors(self) -> list[str]:
        """Give the messages of the error summary."""
        return self.main.locator(".error-summary").all_inner_texts()

    def told(self, msgid: str, **values: Any) -> None:
        """Be told so by a toast."""
        assert self.walk.say(msgid, **values) in self.page.locator("[data-toast]").all_inner_texts()[-1]

    def fill(self, **values: Any) -> None:
        """Answer questions by name: text, day, choice, several choices or yes and no, as the question asks."""
        for name, value in values.items():
            self.answer(self.page.locator(f'#content [name="{name.replace("__", "-")}"]:visible'), value)

    def answer(self, field: Locator, value: Any) -> None:
        """Answer one question."""
        first = field.first
        kind = first.evaluate("field => field.type")
        if kind == "select-one":
            first.select_option(str(value))
        elif kind in {"radio", "checkbox"} and not isinstance(value, bool):
            for one in value if isinstance(value, list) else [value]:
                field.and_(self.page.locator(f'[value="{one}"]')).check()
        elif kind == "checkbox":
            first.set_checked(value)
        else:
            first.fill(str(value))

    def upload(self, name: str, content: bytes, filename: str) -> None:
        """Choose a PDF."""
        file = {"name": filename, "mimeType": "application/pdf", "buffer": content}
        self.main.locator(f'[name="{name}"]').set_input_files(file)  # type: ignore[arg-type]

    def reads(self, *words: str) -> None:
        """Read these words on the page."""
        text = " ".join(self.main.inner_text().split())
        for word in words:
            assert word in text, (self.name, self.page.url, word, text)

    def download(self, target: Locator) -> bytes:
        """Fetch what a link leads to."""
        address = self.walk.address + (target.get_attribute("href") or "")
        response = self.context.request.get(address)
        assert response.status == 200, (address, response.status)
        return response.body()

    def see(self, step: str) -> None:
        """Judge the page: language, width, accessibility (once for a step), one heading; photograph it when asked."""
        walk, page = self.walk, self.page
        assert page.locator("html").get_attribute("lang") == walk.language, page.url
        assert page.locator("h1").count() == 1, page.url
        page.wait_for_load_state("load")
        if "htmx" in page.evaluate("[...document.scripts].map(script => script.src).join()"):
            page.locator(".htmx-request").first.wait_for(state="detached")
        first = step not in walk.judged
        if not first:
            return
        walk.judged.add(step)
        walk.seen.append(step)
        for width in (NARROW, WIDE):
            page.set_viewport_size({"width": width, "height": HEIGHT})
            if not page.evaluate(FITS):
                self.note(f"{step} is wider than {width} px")
            if walk.shots:
                name = f"{len(walk.seen):02}-{step}-{walk.language}-{width}.png"
                page.screenshot(path=walk.shots / name, full_page=True)
        for violation in Axe().run(page).response["violations"]:
            places = [node["target"] for node in violation["nodes"]][:3]
            self.note(f"{step}: axe {violation['id']} {places}")

    def number(self) -> int:
        """Give the number in the page's address."""
        found = re.search(r"/(\d+)/", self.page.url)
        assert found is not None, self.page.url
        return int(found[1])


@contextmanager
def walking(address: str, language: str, chromium: str, shots: str = "") -> Iterator[Walk]:
    """Open a browser for a journey and close it; fail at the end with all that went wrong on the way."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            walk = Walk(browser, address, language, shots)
            yield walk
            assert not walk.problems, "\n".join(walk.problems)
        finally:
            browser.close()
            connections.close_all()  # inside Playwright's loop Django keeps connections of its own
