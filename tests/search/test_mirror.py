"""The mirror of the vectors gives what PostgreSQL gives, whatever happens to it or behind it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from search import damage, embeddings, index, mirror, services, vectors
from search.embedder import current_embedder
from search.models import DIMENSIONS, Document, Embedding, VectorSpace
from tests.factories.search import give_vector, put, uncommitted, unit_vectors
from tests.search.conftest import Follower, wait_for

pytestmark = pytest.mark.django_db(transaction=True)
COUNT = 12
QUERY, MEAN = unit_vectors(2, seed=21)
LOST = 10**6  # an object id that never was


@pytest.fixture
def stock() -> list[Document]:
    """Put documents of both languages, most with a vector, in a space that serves, and mirror them."""
    VectorSpace.objects.create(space=current_embedder().space, serving=True)
    made = unit_vectors(COUNT, seed=20)
    documents = [
        put(("Máy bơm", "Water pump")[place % 2] + " x" * place, object_id=place + 1, language=("vi", "en")[place % 2])
        for place in range(COUNT)
    ]
    for document, vector in zip(documents[:-2], made, strict=False):
        give_vector(document, vector)
    index.catch_up()
    return documents


def current(index_dir: Path) -> Path:
    """Give the folder of the generation in use."""
    folder = index_dir / "technology" / "vectors"
    return folder / (folder / "current").read_text()


def asked(**changed: Any) -> dict[str, Any]:
    """Give what a search asks."""
    space, means = vectors.serving()
    given = {"space": space, "kind": "technology", "object_ids": [*range(1, COUNT + 4), LOST], "query": QUERY}
    return given | {"mean": 0.3 * MEAN, "means": means} | changed


def by_mirror(**changed: Any) -> tuple[list[vectors.Candidate], bool]:
    """Give the candidates, and whether all of them came from the mirror."""
    with CaptureQueriesContext(connection) as seen:
        found = vectors.candidates(**asked(**changed))
    return found, not any("<#>" in query["sql"] for query in seen.captured_queries)


def by_postgresql(**changed: Any) -> list[vectors.Candidate]:
    """Give what is found without a mirror."""
    given = asked(**changed)
    found = vectors._asked(*(given[name] for name in ("space", "kind", "object_ids", "query", "mean", "means")))
    return vectors._scored(found, given["query"], given["mean"], given["means"])


def assert_same(**changed: Any) -> None:
    """Compare both."""
    here, there = by_mirror(**changed)[0], by_postgresql(**changed)
    assert [row[:3] for row in here] == [row[:3] for row in there]
    for name in ("cosine", "raw"):
        one, other = ([getattr(row, name) for row in rows] for rows in (here, there))
        assert [value is None for value in one] == [value is None for value in other]
        # PostgreSQL reads the query from its decimals, so that some of its half numbers are the neighbouring ones.
        np.testing.assert_allclose(np.array(one, dtype=float), np.array(other, dtype=float), rtol=0, atol=1e-5)


def held() -> list[int]:
    """Give the public documents that the mirror holds."""
    state = index.mirrored("technology")
    assert state is not None
    records = state.look_up(np.arange(1, 100))
    return records["object_id"][records["language"] > 0].tolist()


def test_candidates_are_those_of_postgresql(stock: list[Document]) -> None:
    assert_same()
    found, alone = by_mirror(object_ids=[5, 1, 12, 3, 5])
    assert alone
    assert [row.object_id for row in found] == [1, 3, 5, 12]
    assert found[-1].cosine is None


def test_changes_are_true_at_once_and_mirrored_later(stock: list[Document], index_dir: Path) -> None:
    """An edit, a new text, one withdrawn, one withdrawn and back, a vector that was made, a vector of another text."""
    put("Máy sấy lúa bằng năng lượng mặt trời", object_id=1, language="en")
    put("Quạt điện", object_id=COUNT + 1)
    services.remove_document(kind="technology", object_id=2)
    services.remove_document(kind="technology", object_id=3)
    put("Máy bơm trở lại", object_id=3)
    give_vector(stock[-1], unit_vectors(1, seed=30)[0])
    Embedding.objects.filter(object_id=4).delete()
    give_vector(stock[3], unit_vectors(1, seed=31)[0])
    assert_same()
    before = current(index_dir)
    index.catch_up()
    assert current(index_dir) == before  # appended, not built anew
    assert held() == [1, *range(3, COUNT + 2)]
    assert by_mirror(object_ids=[1, *range(3, COUNT + 2)])[1]
    assert_same()
    assert [row.object_id for row in by_mirror()[0]] == held()


def test_vectors_that_the_worker_replaces_are_followed(stock: list[Document]) -> None:
    for number in range(1, 4):
        put(f"Máy gặt số {number}", object_id=number)
    assert embeddings.embed_documents() > 0
    assert_same()
    index.catch_up()
    assert by_mirror(object_ids=[1, 2, 3])[1]
    assert_same()


def test_vector_that_commits_late_is_not_missed(stock: list[Document]) -> None:
    with uncommitted(lambda: give_vector(stock[-1], unit_vectors(1, seed=32)[0])):
        put("Nhanh hơn", object_id=1)
        index.catch_up()
        assert_same()
        assert by_mirror(object_ids=[COUNT])[0][0].cosine is None
    assert by_mirror(object_ids=[COUNT])[0][0].cosine is not None
    assert_same()
    index.catch_up()
    assert by_mirror(object_ids=[COUNT])[1]
    assert_same()


def test_a_mirror_far_behind_is_left_aside(stock: list[Document], monkeypatch: pytest.MonkeyPatch) -> None:
    last = max(row.changed_xid for row in [*Document.objects.order_by("pk"), *Embedding.objects.order_by("pk")])

    def all_is_settled() -> bool:
        """Other databases of the server may have transactions under way that began before the stock was put."""
        index.catch_up()
        held = index.mirrored("technology")
        return held is not None and held.position.xmin > last

    wait_for(all_is_settled, seconds=60, what="no older transaction runs")
    monkeypatch.setattr(mirror, "MOST_RECENT", 2)
    for number in range(1, 3):
        put(f"Đổi tên {number}", object_id=number)
    assert by_mirror(object_ids=[7])[1]
    put("Đổi tên 3", object_id=3)
    assert not by_mirror(object_ids=[7])[1]
    assert_same()


def test_rows_restored_from_a_server_with_higher_numbers_are_no_changes(
    stock: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    Document.objects.update(changed_xid=10**12)
    Embedding.objects.update(changed_xid=10**12)
    index.catch_up()
    monkeypatch.setattr(mirror, "MOST_RECENT", 2)
    assert by_mirror(object_ids=[1, 2])[1]
    services.remove_document(kind="technology", object_id=1)
    assert [row.object_id for row in by_mirror(object_ids=[1, 2])[0]] == [2]
    assert_same()


def test_another_space_serves(stock: list[Document], index_dir: Path) -> None:
    former, before = vectors.serving()[0], current(index_dir)
    VectorSpace.objects.update(serving=False)
    VectorSpace.objects.create(space="other", serving=True)
    Embedding.objects.filter(object_id__lt=5).update(space="other")
    assert_same()
    assert not by_mirror()[1]
    index.catch_up()
    assert current(index_dir) != before
    assert by_mirror(object_ids=[1, 2, 5])[1]
    assert_same()
    assert_same(space=former)


def test_a_space_that_was_dropped_and_is_made_anew_is_another(stock: list[Document]) -> None:
    space = vectors.serving()[0]
    Embedding.objects.all().delete()
    VectorSpace.objects.all().delete()
    VectorSpace.objects.create(space=space, serving=True)
    assert_same()
    index.catch_up()
    assert all(row.cosine is None for row in by_mirror()[0])


@pytest.mark.parametrize("spoil", ["snapshot", "database", "fingerprint"])
def test_mirror_of_another_database_is_not_read_and_built_anew(
    stock: list[Document], index_dir: Path, spoil: str
) -> None:
    before = current(index_dir)
    stored = json.loads((before / "position.json").read_text())
    stored |= {"snapshot": "999999999:999999999:"} if spoil == "snapshot" else {spoil: "another"}
    (before / "position.json").write_text(json.dumps(stored))
    assert not by_mirror()[1]
    assert_same()
    index.catch_up()
    assert current(index_dir) != before
    assert by_mirror(object_ids=[1])[1]


def flip(file: Path) -> None:
    """Turn the bytes of a file around."""
    file.write_bytes(bytes(byte ^ 255 for byte in file.read_bytes()))


DAMAGE: dict[str, Callable[[Path], None]] = {
    "base is shorter": lambda here: (here / "base").write_bytes((here / "base").read_bytes()[:100]),
    "base is another": lambda here: flip(here / "base"),
    "ids are others": lambda here: flip(here / "ids"),
    "tail is gone": lambda here: (here / "tail").unlink(),
    "sums are none": lambda here: (here / "sums.json").write_text("[]"),
    "extent is none": lambda here: (here / "extent.json").write_text('{"count": 1'),
    "position is none": lambda here: (here / "position.json").write_text("{}"),
    "all is gone": lambda here: shutil.rmtree(here.parent),
    "name is none": lambda here: (here.parent / "current").write_bytes(b"\xff\x00"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_changes_nothing_and_is_mended(stock: list[Document], index_dir: Path, what: str) -> None:
    put("Tên khác", object_id=1)
    index.catch_up()
    mirror._readers.clear()  # as a process that begins
    DAMAGE[what](current(index_dir))
    assert_same()
    index.catch_up()
    assert by_mirror(object_ids=[1, 2, 3])[1]
    assert_same()
    assert not damage.is_marked(current(index_dir))


def test_record_that_a_killed_writer_left_behind_is_not_read(stock: list[Document], index_dir: Path) -> None:
    """Killed after it appended: before the extent, nothing happened; before the position, it is applied once more."""
    put("Tên khác", object_id=1)
    here = current(index_dir)
    kept = {name: (here / name).read_bytes() for name in ("extent.json", "position.json")}
    index.catch_up()
    assert (here / "tail").stat().st_size == mirror.RECORD.itemsize
    for names in (["position.json"], list(kept)):
        for name in names:
            (here / name).write_bytes(kept[name])
        mirror._readers.clear()
        assert_same()
        index.catch_up()
        assert by_mirror(object_ids=[1])[1]
        assert_same()
    assert current(index_dir) == here


def test_what_vanishes_behind_the_logs_back_is_noticed(stock: list[Document]) -> None:
    Embedding.objects.filter(object_id=1).delete()
    Document.objects.filter(object_id=2).delete()
    index.catch_up()
    assert 2 not in held()
    assert_same()


def test_a_long_tail_is_built_in(stock: list[Document], index_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "LEAST_TAIL", 3)
    before = current(index_dir)
    for number in range(1, 5):
        put(f"Tên khác {number}", object_id=number)
    index.catch_up()
    assert current(index_dir) != before
    assert not (current(index_dir) / "tail").exists()
    assert_same()


def test_many_batches_are_one_mirror(stock: list[Document], index_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "BATCH", 5)
    shutil.rmtree(index_dir / "technology" / "vectors")
    index.catch_up()
    assert held() == list(range(1, COUNT + 1))
    assert_same()


def test_inside_a_transaction_there_is_no_mirror(stock: list[Document]) -> None:
    with transaction.atomic():
        put("Chưa chắc", object_id=1)
        assert_same()
        index.catch_up()
        assert index.mirrored("technology") is None
        assert_same()
        transaction.set_rollback(True)
    index.forget_memory()
    assert by_mirror(object_ids=[1])[1]


def test_while_no_space_serves_there_is_no_mirror(index_dir: Path) -> None:
    put("Máy bơm nước")
    index.catch_up()
    assert not (index_dir / "technology" / "vectors").exists()


@pytest.mark.faults
def test_killed_follower_keeps_the_mirror_true(
    stock: list[Document], resting_follower: Follower, index_dir: Path
) -> None:
    """Killed while changes stream in, and its folder deleted: what is read is what PostgreSQL says."""
    follower = resting_follower
    follower.start()
    for turn in range(2):
        texts = {n: {"title": f"Đợt {turn}", "body": "", "language": "vi"} for n in range(1, 400)}
        services.put_documents(kind="technology", texts=texts)
        tail = current(index_dir) / "tail"
        size = tail.stat().st_size if tail.exists() else 0
        wait_for(
            lambda tail=tail, size=size: tail.exists() and tail.stat().st_size > size, seconds=20, what="it writes"
        )
        follower.kill()
        assert_same()
        follower.start()
    shutil.rmtree(index_dir / "technology", ignore_errors=True)  # while it is written
    assert_same()
    wait_for(lambda: index.mirrored("technology") is not None, seconds=20, what="it is built anew")
    wait_for(lambda: by_mirror(object_ids=list(range(1, 400)))[1], seconds=20, what="it is up")
    assert_same(object_ids=list(range(1, 400)))


def test_half_numbers_are_stored_as_they_are(stock: list[Document]) -> None:
    state = index.mirrored("technology")
    assert state is not None
    stored = np.array(Embedding.objects.get(object_id=1).vector, dtype=np.float16)
    assert stored.shape == (DIMENSIONS,)
    np.testing.assert_array_equal(state.look_up(np.array([1]))["vector"][0], stored)
