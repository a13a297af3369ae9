"""What a search has done beside its own thread."""

from collections.abc import Callable, Iterator
from threading import Event, current_thread, main_thread

import pytest
from django.db import OperationalError, connection, transaction

from search import beside, engine, vectors
from search.lexical import LexicalHit
from tests.factories.search import give_vector, put, unit_vectors


@pytest.fixture(autouse=True)
def _own_threads() -> Iterator[None]:
    yield
    beside.end()


def whose_connection() -> tuple[bool, int]:
    """Tell whether the main thread asks, and give the process of PostgreSQL that answers it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return current_thread() is main_thread(), int(cursor.fetchone()[0])


def begun(work: Callable[[], object]) -> Callable[[], object]:
    """Begin work beside, which must be possible."""
    answer = beside.ask(work)
    assert answer is not None
    return answer


@pytest.mark.django_db(transaction=True)
def test_a_thread_of_its_own_asks_on_a_connection_of_its_own_and_keeps_it() -> None:
    here, own = whose_connection()
    told: list[tuple[bool, int]] = [begun(whose_connection)() for _ in range(6)]  # type: ignore[misc]
    others = {pid for _, pid in told}
    assert here
    assert not any(in_main for in_main, _ in told)
    assert own not in others
    assert len(others) <= beside.CONNECTIONS
    beside.end()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"
            " AND pid = ANY(%s)",
            [list(others)],
        )
        assert cursor.fetchone() == (0,)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_begun_in_a_transaction_or_while_all_are_busy() -> None:
    with transaction.atomic():
        assert beside.ask(whose_connection) is None
    go = Event()
    answers = [begun(lambda: go.wait(30)) for _ in range(beside.CONNECTIONS)]
    assert beside.ask(whose_connection) is None
    go.set()
    assert all(answer() for answer in answers)
    assert beside.ask(whose_connection) is not None


@pytest.mark.django_db(transaction=True)
def test_what_fails_beside_is_asked_again_here() -> None:
    def cut() -> tuple[bool, int]:
        if current_thread() is not main_thread():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return whose_connection()

    assert begun(cut)() == whose_connection()
    assert begun(whose_connection)() != whose_connection()  # a new connection took the place of the broken one

    def wrong() -> None:
        raise OperationalError("here, too")

    with pytest.raises(OperationalError, match="here, too"):
        begun(wrong)()
    with pytest.raises(ZeroDivisionError):
        begun(lambda: 1 // 0)()


@pytest.mark.django_db(transaction=True)
def test_the_nearest_of_two_languages_are_the_same_together_and_at_once() -> None:
    made = unit_vectors(8, seed=41)
    for place, vector in enumerate(made[:6]):
        give_vector(
            put(
                ("Máy bơm", "Water pump")[place % 2] + " x" * place,
                object_id=place + 1,
                language=("vi", "en")[place % 2],
            ),
            vector,
        )
    space, wanted = vectors.serving()[0], {"vi": made[6], "en": made[7]}
    at_once = vectors.nearest(space=space, kind="technology", wanted=wanted, count=2)
    with transaction.atomic():
        together = vectors.nearest(space=space, kind="technology", wanted=wanted, count=2)
    assert at_once == together
    assert sorted(at_once.values()) == ["en", "en", "vi", "vi"]
    alone = vectors.nearest(space=space, kind="technology", wanted={"en": made[7]}, count=2)
    assert alone.items() <= at_once.items()


@pytest.mark.parametrize("depth", [10, 300, 301, 450, 600, 1000])
@pytest.mark.parametrize(("vi", "en"), [(1000, 1000), (1000, 100), (0, 1000), (301, 300), (400, 200), (50, 20)])
def test_candidates_of_two_languages_are_those_of_asking_each_for_all(depth: int, vi: int, en: int) -> None:
    held, most = {"vi": vi, "en": en}, engine.MOST_BY_WORDS + 1
    read: list[int] = []

    def ask(wording: str, *, limit: int, only: None, language: str) -> list[LexicalHit]:
        assert wording == language
        found = [LexicalHit(place, language, 1 / (1 + place)) for place in range(min(limit, held[language]))]
        read.append(len(found))
        return found

    queries = {"vi": "vi", "en": "en"}
    asked = engine._ask_all(ask, queries, depth=depth, only=None)  # type: ignore[arg-type]
    half = min(depth, most // 2 + 1)
    assert sum(read) == 2 * half if min(vi, en) >= half else sum(read) <= most + half  # once more, one of them alone
    kept, cut = engine._best_of_both(asked)
    each = {language: ask(language, limit=min(depth, most), only=None, language=language) for language in held}
    wanted, would_cut = engine._best_of_both(each)
    assert kept == wanted
    assert (cut or any(len(found) >= depth for found in asked.values())) == (
        would_cut or any(len(found) >= depth for found in each.values())
    )
