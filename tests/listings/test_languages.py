"""What an owner wrote is marked with its language wherever the page's language is another."""

import pytest
from bs4 import BeautifulSoup
from django.urls import reverse
from django.utils import translation

from accounts.models import Role
from tests.factories.accounts import person
from tests.factories.listings import DemandFactory, TechnologyFactory

pytestmark = pytest.mark.django_db
WRITTEN = {
    "title": "Zq title in its own tongue", "summary": "Zq summary in its own tongue",
    "problem": "Zq problem in its own tongue",
}  # fmt: skip


def language_of(node):
    return node.find_parent(lang=True)["lang"]


def unmarked(response, language):
    """Give the texts of the owner that stand on the page under another language, leaving out the document's title."""
    assert response.status_code == 200, response
    page = BeautifulSoup(response.content, "html.parser").body
    found = page.find_all(string=lambda text: "Zq " in text)
    assert found
    return [str(node).strip() for node in found if language_of(node) != language]


@pytest.mark.parametrize(("page_language", "written_in"), [("vi", "en"), ("en", "vi")])
@pytest.mark.parametrize("kind", ["technology", "demand"])
def test_owners_texts_say_their_language(client, kind, page_language, written_in):
    factory = TechnologyFactory if kind == "technology" else DemandFactory
    shown = factory(published=True, language=written_in, **WRITTEN)
    if kind == "technology":
        shown.territory = "Zq territory"
        shown.save()
    draft = factory(language=written_in, organisation=shown.organisation, author=shown.author, **WRITTEN)
    waiting = factory(submitted=True, language=written_in, organisation=shown.organisation, **WRITTEN)
    operator = person(Role.OPERATOR, exchange=shown.exchange)
    with translation.override(page_language):
        address = lambda name, *args: reverse(f"listings:{kind}_{name}", args=args)  # noqa: E731
        public = [reverse("home"), shown.get_absolute_url(), address("list")]
        own = [address("manage", draft.pk), address("check", draft.pk), address("edit", draft.pk, "problem")]
        own.append(reverse(f"listings:my_{'technologies' if kind == 'technology' else 'demands'}"))
        review = [address("review", waiting.pk), reverse("listings:review_queue")]
        for user, pages in ((None, public), (draft.author, own), (operator, review)):
            if user is not None:
                client.force_login(user)
            for page in pages:
                assert unmarked(client.get(page), written_in) == [], page


def test_home_shows_the_readers_language_first(client):
    vietnamese = TechnologyFactory(published=True, language="vi", title="Máy sấy cá")
    english = TechnologyFactory(published=True, language="en", title="Fish dryer")
    for path, titles in (("/", [vietnamese.title, english.title]), ("/en/", [english.title, vietnamese.title])):
        page = BeautifulSoup(client.get(path).content, "html.parser")
        assert [link.text for link in page.select(".bank-left li a")] == titles
