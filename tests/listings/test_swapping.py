"""A filter ticked in a real browser: results, facets and address change, and match a fresh page."""

import shutil

import pytest
from django.utils import translation

from tests.factories.listings import TechnologyFactory, field

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.journey,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]


@pytest.fixture
def stock(transactional_db):
    with translation.override("vi"):
        first = TechnologyFactory(published=True, title="Lọc asen", trl=7, with_right=True, with_advantages=True)
        TechnologyFactory(published=True, title="Phần mềm xưởng", trl=3, fields=[field(6)], main_field=field(6))
        return first


@pytest.fixture
def page(live_server, stock):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(base_url=live_server.url, viewport={"width": 1440, "height": 900}).new_page()
        page.set_default_timeout(20_000)
        yield page
        browser.close()


def test_ticked_filter_swaps_what_a_fresh_page_shows(page, stock):
    page.goto("/en/technologies/")
    assert page.locator(".card").count() == 2
    page.locator('[data-facet="language"] summary').click()
    page.get_by_label("Electrical engineering").check()
    page.wait_for_url("**sector=electrical-engineering**")
    page.locator(".chip").first.wait_for()
    assert page.locator(".card-title").all_inner_texts() == ["Phần mềm xưởng"]
    assert page.locator('[data-facet="language"]').get_attribute("open") is not None
    assert page.evaluate("document.activeElement.id") == "facet-sector-electrical-engineering"
    swapped = page.locator("#found").inner_text()
    page.reload()
    page.locator('[data-facet="language"] summary').click()
    assert page.locator("#found").inner_text() == swapped
    page.go_back()
    page.locator(".card").nth(1).wait_for()
    assert page.locator(".card").count() == 2


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize("prefix", ["", "/en"])
def test_public_pages_are_accessible_and_fit(page, stock, width, prefix):
    from axe_playwright_python.sync_playwright import Axe

    page.set_viewport_size({"width": width, "height": 900})
    for path in ("/", "/technologies/", f"/technologies/{stock.pk}/", "/demands/", "/organisations/", "/how-it-works/"):
        page.goto(prefix + path)
        found = Axe().run(page).response["violations"]
        assert [(row["id"], row["nodes"][0]["html"][:200]) for row in found] == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), path
