"""Files of an index are damaged under a reader that has them open: searches go on, the index is built anew once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from search import damage, index, vocabulary
from search.engine import rank
from search.lexical import LexicalIndex
from search.models import Phrase
from tests.factories.search import put

pytestmark = pytest.mark.django_db(transaction=True)
FOOTER = 200  # bytes that are left as they are: what a reader compares when it opens a file


@pytest.fixture
def stock(index_dir: Path) -> Path:
    """Give the folder of the generation in use, which this process has open."""
    for number in range(1, 61):
        numbers = " ".join(f"số{number * factor}" for factor in range(30))
        put("Máy bơm nước", f"Lọc nước cho ruộng. {numbers}", object_id=number, language="vi")
    vocabulary.rebuild(given={Phrase.Kind.KEYWORD: [("bơm nước", 60)]})
    index.catch_up()
    assert index.lexical("technology") is not None
    return current(index_dir)


def current(index_dir: Path) -> Path:
    """Give the folder of the generation in use."""
    return index_dir / "technology" / (index_dir / "technology" / "current").read_text()


def spoil(generation: Path, ending: str) -> None:
    """Turn the first half of each file around, where it lies."""
    for file in generation.rglob(f"*.{ending}"):
        content = bytearray(file.read_bytes())
        for place in range(max(1, (len(content) - FOOTER) // 2)):
            content[place] ^= 255
        with file.open("r+b") as there:
            there.write(content)


def assert_built_anew(index_dir: Path, before: Path) -> None:
    """Let the writer see the mark."""
    assert damage.is_marked(before)
    index.catch_up()
    assert current(index_dir) != before
    assert not damage.is_marked(current(index_dir))


def test_stored_texts_that_cannot_be_read_leave_a_match_without_words(index_dir: Path, stock: Path) -> None:
    spoil(stock, "store")
    found = rank("máy bơm nước", kind="technology", dense=False)
    assert len(found.object_ids) == 60
    assert damage.is_marked(stock)  # by what the first answers say
    (stock / damage.MARK).unlink()
    assert found.matched_terms(1) == []
    assert_built_anew(index_dir, stock)
    assert rank("máy bơm nước", kind="technology", dense=False).matched_terms(1)


def test_a_query_that_passes_for_english_survives_damage(index_dir: Path, stock: Path) -> None:
    spoil(stock, "term")
    found = rank("can bom", kind="technology", dense=False)
    assert (found.language, found.object_ids) == ("en", [])
    assert_built_anew(index_dir, stock)
    assert len(rank("can bom", kind="technology", dense=False).object_ids) == 60


@pytest.mark.parametrize(
    ("ending", "ask", "sound"),
    [
        ("term", lambda: vocabulary.correct("lọcc nước", kind="technology"), "lọc nước"),
        ("term", lambda: vocabulary.complete("bom", kind="technology"), ["bơm nước"]),
        ("term", lambda: vocabulary.documents_beginning("ruo", kind="technology", limit=1), [1]),
        ("idx", lambda: vocabulary.correct("lọcc nước", kind="technology"), "lọc nước"),
        ("idx", lambda: vocabulary.complete("bom", kind="technology"), ["bơm nước"]),  # a panic in Rust
        ("idx", lambda: vocabulary.documents_beginning("ruo", kind="technology", limit=1), [1]),
    ],
)
def test_vocabulary_says_nothing_of_a_damaged_index(
    index_dir: Path, stock: Path, ending: str, ask: Callable[[], object], sound: object
) -> None:
    spoil(stock, ending)
    assert not ask()
    assert_built_anew(index_dir, stock)
    assert ask() == sound


def test_damage_of_a_generation_that_is_gone_builds_nothing_anew(index_dir: Path, stock: Path) -> None:
    state = index.lexical("technology")
    assert state is not None
    spoil(stock, "term")
    with index.writing(wait=False):
        writer = index.Writer("technology")
        writer.rebuild()
        assert not stock.exists()
        in_use = current(index_dir)
        with index.reporting_damage("technology"):
            state.documents_with("bom")
            pytest.fail("the former state was read")
        assert writer.follow() == 0
        writer.close()
    assert current(index_dir) == in_use


def test_other_errors_are_not_taken_for_damage(stock: Path) -> None:
    with pytest.raises(KeyError), damage.named(stock):
        raise KeyError
    with pytest.raises(ValueError, match="a slip of ours"), index.reporting_damage("technology"):
        raise ValueError("a slip of ours")
    assert not damage.is_marked(stock)


def test_an_index_in_memory_that_fails_is_logged_alone(caplog: pytest.LogCaptureFixture) -> None:
    class Failing(LexicalIndex):
        @damage.reading
        def fail(self) -> None:
            raise OSError("no file")

    with index.reporting_damage("technology"):
        Failing({}).fail()
    assert "technology failed" in caplog.text
