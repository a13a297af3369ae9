"""The co-author: complete by five elements, asks what moves the ranking, shows what would be found; stores nothing."""

import threading
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from accounts.models import Notification, User
from audit.models import Event
from listings.models import Demand
from listings.services.publication import index_listing
from matching import coauthor
from matching.models import Match
from search import embeddings, index
from search.embedder import EmbeddingError, current_embedder, use_embedder
from tests.factories.accounts import person
from tests.factories.listings import DemandFactory, TechnologyFactory

pytestmark = pytest.mark.django_db
BLANK = {"material": "", "method": "", "effect": "", "product": "", "application": "", "tried": "", "summary": ""}
NEED = "Nước giếng khoan của trại heo nhiễm asen, cần công nghệ lọc asen khỏi nước."
WAYS = ["oxit sắt", "than hoạt tính", "màng nano", "trao đổi ion"]
PLACES = ["trại chăn nuôi", "hộ gia đình", "trại chăn nuôi", "hộ gia đình"]


@pytest.fixture
def stock() -> None:
    for way, place in zip(WAYS, PLACES, strict=True):
        listing = TechnologyFactory(
            published=True, title=f"Lọc asen bằng {way}", summary="Lọc asen khỏi nước giếng khoan.", problem="Asen.",
            solution=f"Cột lọc dùng {way} giữ asen.", applications=f"Dùng cho {place}.", keywords=[way], ipc=[],
        )  # fmt: skip
        index_listing(listing)
    while embeddings.embed_documents():
        pass
    index.catch_up()


def need(**values: Any) -> Demand:
    return DemandFactory(**{"title": "Lọc asen", "problem": NEED, **BLANK, **values})


def test_elements_are_said_by_a_few_words() -> None:
    said = coauthor.elements_of(need(effect="Dưới 0,01 mg/l asen", method="hấp phụ"))
    assert [element.code for element in said if element.is_said] == ["effect"]
    assert [element.code for element in said] == list(Demand.ELEMENTS)


def test_what_would_be_found_is_shown_with_and_without_meaning(stock: None) -> None:
    words, _whole = coauthor.assist(need(), wait=0), coauthor.assist(need(), wait=30)
    assert len(words.found) == len(WAYS)
    given = coauthor.assist(need(), wait=30)
    assert given.dense
    assert not given.pending
    assert coauthor.assist(need(title="Asen", problem="")).found == ()


def test_the_question_is_about_a_missing_element_and_offers_what_differs(stock: None) -> None:
    asked = coauthor.assist(need()).question
    assert asked is not None
    assert asked.element in Demand.ELEMENTS
    assert coauthor.options_for("method", need(), _nearest()) == ("màng nano", "oxit sắt")
    assert all(coauthor.options_for(code, need(), _nearest()[:1]) == () for code in Demand.ELEMENTS)
    full = dict.fromkeys(Demand.ELEMENTS, "đã nói rõ ràng ở đây")
    assert coauthor.assist(need(**full)).question is None


def _nearest() -> list[Any]:
    from listings.selectors import published_technologies

    return list(published_technologies().prefetch_related("advantages"))


def test_the_question_asked_is_the_one_whose_answer_moves_most(stock: None) -> None:
    demand = need()
    elements = coauthor.elements_of(demand)
    nearest = _nearest()
    asked = coauthor.ask_next(demand, nearest, elements)
    before = [row.pk for row in nearest]
    assert asked is not None
    for code in Demand.ELEMENTS:
        options = coauthor.options_for(code, demand, nearest)
        moved = [coauthor.changed(before, coauthor._ranked_with(demand, option, before)) for option in options]
        assert asked.moved >= (sum(moved) / len(moved) if moved else 0.0)


def test_a_slow_vector_is_not_waited_for() -> None:
    class Slow:
        space = current_embedder().space
        go = threading.Event()

        def embed(self, texts: Any, *, query: bool) -> Any:
            self.go.wait(20)
            raise EmbeddingError("late")

    slow = Slow()
    use_embedder(slow)
    try:
        assert coauthor.vector_within("lọc asen khỏi nước giếng", language="vi", seconds=0.01) == (None, True)
        assert coauthor.vector_within("một câu khác hẳn", language="vi", seconds=20) == (None, True)  # one at a time
    finally:
        slow.go.set()
        with coauthor._making:
            use_embedder(None)


# --- the page


def actor(who: str, demand: Demand) -> User | None:
    return {
        "nobody": lambda: None,
        "stranger": person,
        "wrong organisation": lambda: person(role="representative"),
        "without role": lambda: person(role="signatory", organisation=demand.organisation),
        "right": lambda: demand.author,
    }[who]()


@pytest.mark.parametrize(
    ("who", "status"),
    [("nobody", 302), ("stranger", 404), ("wrong organisation", 404), ("without role", 403), ("right", 200)],
)
def test_coauthor_by_actor(client: Client, stock: None, who: str, status: int) -> None:
    demand = need()
    user = actor(who, demand)
    if user is not None:
        client.force_login(user)
    before = (list(Demand.objects.values()), Event.objects.count(), Notification.objects.count(), Match.objects.count())
    sent = {"problem": f"{NEED} Dùng cho trại chăn nuôi.", "effect": "Dưới 0,01 mg/l asen", "language": "vi"}
    response = client.post(f"/en/demands/{demand.pk}/coauthor/", sent)
    assert response.status_code == status
    if who == "right":
        page = response.content.decode()
        assert "1 of 5 elements described" in page
        assert "Lọc asen bằng" in page
    now = (list(Demand.objects.values()), Event.objects.count(), Notification.objects.count(), Match.objects.count())
    assert now == before
    assert mail.outbox == []


def test_coauthor_answers_a_post_only_and_bears_odd_input(client: Client, stock: None) -> None:
    demand = need()
    client.force_login(demand.author)
    path = f"/demands/{demand.pk}/coauthor/"
    assert client.get(path).status_code == 405
    for odd in ("<script>alert(1)</script> " * 20, "a" * 30000, "\u202e", "%", ""):
        page = client.post(path, {"problem": odd, "language": "xx"})
        assert page.status_code == 200
        assert b"<script>alert" not in page.content


def test_the_long_form_brings_the_coauthor_along(client: Client) -> None:
    demand = need()
    client.force_login(demand.author)
    assert f"/demands/{demand.pk}/coauthor/" in client.get(f"/demands/{demand.pk}/edit/problem/").content.decode()
    assert "coauthor" not in client.get(f"/demands/{demand.pk}/edit/conditions/").content.decode()
