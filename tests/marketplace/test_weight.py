"""What a public page weighs when it opens: document, styles, scripts and fonts, compressed; at most 60 kB."""

import gzip
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from django.conf import settings
from django.contrib.staticfiles import finders

from tests.factories.listings import DemandFactory, DocumentFactory, TechnologyFactory

pytestmark = pytest.mark.django_db

BUDGET = 60_000
FONTS = 29_500  # two weights of the text face, two of figures; the sum of var/fonts is checked where it was built
ON_A_PAGE = 20


def weight(client, path):
    """Give the bytes that a browser fetches to show the page; what is loaded on demand (htmx) is not among them."""
    response = client.get(path)
    assert response.status_code == 200
    page = BeautifulSoup(response.content, "html.parser")
    names = [link["href"] for link in page.select("link[rel=stylesheet], link[rel=icon]")]
    names += [script["src"] for script in page.select("script[src]")]
    total = len(gzip.compress(response.content, 6)) + FONTS
    for name in names:
        found = finders.find(name.removeprefix(settings.STATIC_URL))
        total += len(gzip.compress(Path(found).read_bytes(), 6))
    return total


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
