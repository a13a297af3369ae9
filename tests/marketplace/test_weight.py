"""What a public page weighs when it opens: document, styles, scripts and fonts, compressed; at most 60 kB."""

import gzip
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from django.conf import settings
from django.contrib.staticfiles import finders

from tests.factories.listings import DemandFactory, DocumentFactory, TechnologyFactory

pytestmark = pytest.mark.django_db

BUDGET = 60_000
FONTS = 4  # files: two weights of the text face, two of figures
ON_A_PAGE = 20


def weight(client, path):
    """Give the bytes that a browser fetches to show the page; what is loaded on demand (htmx) is not among them."""
    response = client.get(path)
    assert response.status_code == 200
    page = BeautifulSoup(response.content, "html.parser")
    names = [link["href"] for link in page.select("link[rel=stylesheet], link[rel=icon]")]
    names += [script["src"] for script in page.select("script[src]")]
    files = [static_file(name.removeprefix(settings.STATIC_URL)) for name in names]
    total = sum(len(gzip.compress(content, 6)) for content in (response.content, *files))
    styles = "".join(
        content.decode()
        for name, content in zip(names, files, strict=True)
        if Path(name.split("?")[0]).suffix == ".css"
    )
    fonts = set(re.findall(r"url\([\"']?(fonts/[^\"')]+)", styles))
    assert len(fonts) == FONTS
    return total + sum(len(static_file(name)) for name in fonts)  # packed already


def static_file(name):
    """Give what stands in a static file."""
    return Path(finders.find(name)).read_bytes()


def test_full_list_of_technologies_is_within_budget(client):
    long = "Cột lọc nhỏ giữ asen trong nước giếng khoan xuống dưới tám microgam mỗi lít mà không cần điện, mẫu số "
    for number in range(ON_A_PAGE):
        TechnologyFactory(published=True, summary=f"{long}{number}: {long[::-1]}")
    assert weight(client, "/technologies/") <= BUDGET


def test_technology_with_all_its_parts_is_within_budget(client):
    listing = TechnologyFactory(published=True, with_right=True, with_advantages=True)
    DocumentFactory(technology=listing)
    assert weight(client, f"/technologies/{listing.pk}/") <= BUDGET


@pytest.mark.parametrize("path", ["/", "/en/demands/"])
def test_other_public_pages_are_within_budget(client, path):
    for _number in range(ON_A_PAGE):
        DemandFactory(published=True)
    assert weight(client, path) <= BUDGET
