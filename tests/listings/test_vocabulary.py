"""The words that search corrects and suggests are counted anew when what is published changed, and only then."""

import pytest
from django.core.cache import cache

from listings.services.vocabulary import MARK, rebuild_vocabulary
from search import services
from search.models import Phrase
from tests.factories.search import uncommitted

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def no_mark():
    cache.delete(MARK)
    yield
    cache.delete(MARK)


def put(object_id, title):
    """Publish a text."""
    services.put_document(kind="technology", object_id=object_id, title=title, body="", language="vi")


def words():
    """Give the words that are counted."""
    return set(Phrase.objects.filter(kind=Phrase.Kind.WORD).values_list("text", flat=True))


def test_vocabulary_is_counted_once_for_one_stock():
    put(1, "Máy bơm")
    assert rebuild_vocabulary() > 0
    assert words() == {"máy", "bơm"}
    assert rebuild_vocabulary() == 0
    services.remove_document(kind="technology", object_id=1)
    rebuild_vocabulary()
    assert words() == set()


def test_vocabulary_holds_a_text_whose_transaction_commits_after_later_ones():
    put(1, "Máy bơm")
    with uncommitted(lambda: put(2, "Chậm")):
        put(3, "Nhanh")
        rebuild_vocabulary()
        assert words() == {"máy", "bơm", "nhanh"}
    rebuild_vocabulary()
    assert words() == {"máy", "bơm", "nhanh", "chậm"}
