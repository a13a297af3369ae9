import shutil
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from django.conf import settings
from django.template.loader import get_template

from marketplace.settings import base
from marketplace.ui.registry import register

pytestmark = pytest.mark.django_db
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
BLOCKS_OF_OTHERS = {"data_block", "facts", "fact", "formset_row", "toasts", "dialog_opener"}


@pytest.mark.parametrize(("path", "language"), [("/gallery/", "vi"), ("/en/gallery/", "en")])
def test_gallery_shows_in_both_languages(client, path, language):
    response = client.get(path)
    page = BeautifulSoup(response.content, "html.parser")
    assert response.status_code == 200
    assert page.html["lang"] == language
    assert "!!undefined" not in str(page)
    assert len(page.select("h1")) == 1
    ids = [element["id"] for element in page.select("[id]")]
    assert sorted(ids) == sorted(set(ids))


def test_gallery_shows_every_component():
    source = get_template("marketplace/gallery.html").template.source
    missing = {name for name in register.tags if f"{{% {name} " not in source}
    assert missing - BLOCKS_OF_OTHERS == set()


def test_gallery_is_absent_by_default():
    assert base.GALLERY is False
    assert "GALLERY" not in (Path(base.__file__).parent / "production.py").read_text()


@pytest.mark.parametrize("path", ["/account/login/", "/account/signup/", "/account/password/reset/", "/khong-co/"])
def test_frame_links_the_same_page_in_the_other_language(client, path):
    page = BeautifulSoup(client.get(path).content, "html.parser")
    alternates = {link["hreflang"]: link["href"] for link in page.select("link[rel=alternate]")}
    assert page.html["lang"] == "vi"
    assert alternates["vi"] == f"http://testserver{path}"
    if path != "/khong-co/":
        assert alternates["en"] == f"http://testserver/en{path}"
        assert page.select_one(".site-language")["href"] == f"/en{path}"


@pytest.mark.parametrize("code", [400, 403, 404, 409, 413, 429, 500])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_error_page_stands_in_both_languages(rf, code, language):
    from django.contrib.auth.models import AnonymousUser
    from django.utils import translation

    from marketplace.kit.errors import error_page

    request = rf.get("/")
    request.user = AnonymousUser()
    with translation.override(language):
        response = error_page(request, code, "<b>why</b>")
    page = BeautifulSoup(response.content, "html.parser")
    assert response.status_code == code
    assert page.html["lang"] == language
    assert page.h1.text.strip()
    assert page.main.b is None
    assert page.main.select("a[href]")


@pytest.mark.journey
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_gallery_is_accessible_and_fits(live_server, width, scheme):
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
            problems: list[str] = []
            page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: problems.append(str(error)))
            for path in ("/gallery/", "/en/gallery/", "/account/login/", "/en/account/signup/"):
                page.goto(f"{live_server.url}{path}")
                wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
                violations = [violation["id"] for violation in Axe().run(page).response["violations"]]
                assert (path, wide, violations) == (path, False, [])
            assert problems == []
        finally:
            browser.close()


@pytest.fixture
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.mark.journey
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_scripts_serve_the_keyboard(live_server, browser):
    page = browser.new_page(color_scheme="light")
    page.goto(f"{live_server.url}/en/gallery/")
    assert page.evaluate("document.activeElement.matches('.error-summary')")
    page.locator("[data-opens]").focus()
    page.keyboard.press("Space")
    assert page.locator("#sample-dialog").evaluate("dialog => dialog.open")
    page.keyboard.press("Escape")
    assert not page.locator("#sample-dialog").evaluate("dialog => dialog.open")
    rows = page.locator("[data-row]")
    before = rows.count()
    page.locator("[data-add-row]").focus()
    page.keyboard.press("Enter")
    assert rows.count() == before + 1
    assert page.evaluate("document.activeElement.name") == f"owners-{before}-name"
    assert page.locator("[name=owners-TOTAL_FORMS]").input_value() == str(before + 1)
    page.locator("[name=empty-price]").fill("1250000000")
    assert page.locator("[name=empty-price] + .money-words").text_content() == "₫1.25 bn"
    page.locator("[data-theme-toggle]").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


@pytest.mark.journey
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_page_works_without_scripts(live_server, browser):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{live_server.url}/en/gallery/")
    page.locator("[data-opens]").click()
    assert page.locator("#sample-dialog").is_visible()
    page.locator("[data-closes]").click()
    assert not page.locator("#sample-dialog").is_visible()
    assert not page.locator("[data-theme-toggle]").is_visible()
    assert page.locator("[data-add-row]").get_attribute("name") == "owners-add"


def test_static_files_of_the_frame_are_found():
    from django.contrib.staticfiles import finders

    assert Path(finders.find("site.css")).read_text().startswith(":root")
    assert "data-formset" in Path(finders.find("site.js")).read_text()
    assert settings.STATICFILES_FINDERS[0] == "marketplace.bundle.BundleFinder"
