"""Vectors: made once, by one worker, for the present text; near neighbours found as an exact scan finds them."""

import threading
from collections.abc import Sequence

import numpy as np
import pytest
from django.core.cache import cache
from django.db import connection, connections
from django.utils import timezone

from search import embedder, embeddings, services, spaces, tasks, vectors
from search.models import Document, Embedding, LanguageMean, VectorSpace
from tests.factories.search import give_vector, put, uncommitted, unit_vectors
from tests.search.conftest import ScriptedServer, wait_for

pytestmark = pytest.mark.django_db


class CountingEmbedder:
    """The real embedder; counts the texts that it is given, and waits where a test says so."""

    def __init__(self) -> None:
        self.inner = embedder.InProcessEmbedder()
        self.space = self.inner.space
        self.texts: list[str] = []
        self.barrier: threading.Event | None = None
        self.in_transaction = False

    def embed(self, texts: Sequence[str], *, query: bool) -> embedder.Vectors:
        """Embed for real."""
        self.texts += texts
        self.in_transaction = self.in_transaction or connection.in_atomic_block
        if self.barrier is not None:
            self.barrier.wait(20)
        return self.inner.embed(texts, query=query)


@pytest.fixture
def counting():
    made = CountingEmbedder()
    embedder.use_embedder(made)
    yield made
    embedder.use_embedder(None)


def test_embedding_is_made_once_for_each_text(counting: CountingEmbedder) -> None:
    put("Máy bơm"), put("Water pump")
    assert embeddings.progress() == (0, 2)
    assert embeddings.embed_documents() == 2
    assert embeddings.embed_documents() == 0
    assert sorted(counting.texts) == ["Máy bơm", "Water pump"]
    assert embeddings.progress() == (2, 2)
    assert [row.language for row in Embedding.objects.order_by("document_id")] == ["vi", "en"]


def test_edit_is_embedded_again_and_the_old_vector_serves_until_then(counting: CountingEmbedder) -> None:
    document = put("Máy bơm")
    embeddings.embed_documents()
    before = Embedding.objects.get().vector
    put("Quạt điện", object_id=document.object_id)
    assert Embedding.objects.get().vector == before
    assert embeddings.embed_documents() == 1
    assert Embedding.objects.get().vector != before


def test_known_text_is_not_embedded_again(counting: CountingEmbedder) -> None:
    put("Máy bơm")
    embeddings.embed_documents()
    put("Máy bơm")
    assert embeddings.embed_documents() == 1
    assert counting.texts == ["Máy bơm"]
    assert Embedding.objects.count() == 2


def test_text_said_to_be_in_another_language_takes_its_vector_along(counting: CountingEmbedder) -> None:
    document = put("Composite", language="en")
    embeddings.embed_documents()
    put("Composite", object_id=document.object_id, language="vi")
    assert embeddings.progress() == (0, 1)
    assert embeddings.embed_documents() == 1
    assert Embedding.objects.get().language == "vi"
    assert counting.texts == ["Composite"]


def test_present_vectors_are_those_of_present_texts_in_the_serving_space(counting: CountingEmbedder) -> None:
    kept, edited = put("Máy bơm"), put("Quạt điện")
    put("Cần máy bơm", kind="demand")
    embeddings.embed_documents()
    put("Quạt trần", object_id=edited.object_id)
    assert list(embeddings.present_vectors("technology").values_list("document", flat=True)) == [kept.pk]
    counting.space = "another"
    VectorSpace.objects.update(space="another")
    assert not embeddings.present_vectors("technology").exists()


def test_removed_document_is_not_embedded(counting: CountingEmbedder) -> None:
    document = put("Máy bơm")
    Document.objects.filter(pk=document.pk).update(public=False, removed_at=document.changed_at)
    tasks.embed_document(document.pk)
    tasks.embed_document(10**9)
    assert counting.texts == []


@pytest.mark.django_db(transaction=True)
def test_two_workers_share_the_work_and_do_nothing_twice(counting: CountingEmbedder) -> None:
    for number in range(embeddings.BATCH + 4):
        put(f"Máy số {number}")
    counting.barrier = threading.Event()
    done: list[int] = []

    def work() -> None:
        done.append(embeddings.embed_documents())
        connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    deadline = threading.Event()
    for _ in range(400):
        if len(counting.texts) == embeddings.BATCH + 4:
            break
        deadline.wait(0.02)
    counting.barrier.set()
    for worker in workers:
        worker.join()
    assert sorted(done) == [4, embeddings.BATCH]
    assert len(counting.texts) == len(set(counting.texts)) == embeddings.BATCH + 4
    assert Embedding.objects.count() == embeddings.BATCH + 4


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_while_vectors_are_made(counting: CountingEmbedder) -> None:
    withdrawn, edited, kept = put("Máy bơm"), put("Máy sấy"), put("Máy nén")
    counting.barrier = threading.Event()
    done: list[int] = []

    def work() -> None:
        done.append(embeddings.embed_documents())
        connections.close_all()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        wait_for(lambda: len(counting.texts) == 3, seconds=20, what="the embedder is asked")
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 500")
            services.remove_document(kind="technology", object_id=withdrawn.object_id)
            put("Quạt điện", object_id=edited.object_id)
            cursor.execute("RESET lock_timeout")
    finally:
        counting.barrier.set()
        worker.join()
    assert done == [1]
    assert not counting.in_transaction
    assert list(Embedding.objects.values_list("document", flat=True)) == [kept.pk]
    assert embeddings.embed_documents() == 1
    assert embeddings.progress() == (2, 2)


@pytest.mark.django_db(transaction=True)
def test_sweep_looks_at_what_changed_and_at_all_once_an_hour(
    counting: CountingEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("Máy bơm"), put("Water pump")
    assert [embeddings.embed_missing() for _ in range(2)] == [2, 0]
    Embedding.objects.all().delete()  # behind its back
    assert embeddings.embed_missing() == 0
    changed = put("Quạt điện")
    assert embeddings.embed_missing() == 1
    assert Embedding.objects.get().document_id == changed.pk
    assert embeddings.embed_missing() == 0
    monkeypatch.setattr(embeddings, "WHOLE_LOOK_SECONDS", -1)
    assert embeddings.embed_missing() == 2


@pytest.mark.django_db(transaction=True)
def test_sweep_forgets_nothing_that_it_could_not_do(counting: CountingEmbedder) -> None:
    embeddings.embed_missing()
    put("Máy bơm")
    with uncommitted(lambda: list(Document.objects.select_for_update().order_by("pk"))):
        assert embeddings.embed_missing() == 0
    assert embeddings.embed_missing() == 1


@pytest.mark.django_db(transaction=True)
def test_dropped_space_is_not_taken_as_complete(counting: CountingEmbedder) -> None:
    put("Máy bơm")
    assert [embeddings.embed_missing() for _ in range(2)] == [1, 0]
    VectorSpace.objects.update(serving=False, left_at=timezone.now() - 2 * spaces.GRACE)
    kept, counting.space = counting.space, "another"
    assert spaces.drop_left() == 1
    counting.space = kept
    assert embeddings.embed_missing() == 1


def test_unreachable_embedder_leaves_documents_waiting(settings) -> None:
    settings.EMBEDDER = {"BACKEND": "openai", "URL": "http://127.0.0.1:9/v1", "MODEL": "m", "RETRIES": 1, "PAUSE": 0.01}
    put("Máy bơm")
    assert embeddings.embed_documents() == 0
    assert embeddings.progress() == (0, 1)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_refused_text_is_set_aside_and_the_others_go_on(
    settings, scripted: ScriptedServer, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    settings.EMBEDDER = scripted.config
    scripted.refuses = lambda texts: status if "Máy sấy" in texts else 0
    put("Máy bơm"), put("Máy sấy"), put("Máy nén")
    assert embeddings.embed_documents() == 3
    assert embeddings.progress() == (2, 3)
    asked = len(scripted.asked)
    put("Quạt điện")
    assert [embeddings.embed_missing() for _ in range(3)] == [1, 0, 0]
    assert scripted.asked[asked:] == [["Quạt điện"]]
    assert caplog.text.count("Set aside") == 1
    scripted.refuses = lambda texts: 0
    cache.clear()  # as after ASIDE_SECONDS
    assert embeddings.embed_missing() == 1
    assert embeddings.progress() == (4, 4)


@pytest.mark.parametrize("status", [401, 404, 422, 503])
def test_server_that_refuses_everything_sets_no_text_aside(settings, scripted: ScriptedServer, status: int) -> None:
    settings.EMBEDDER = scripted.config
    scripted.refuses = lambda texts: status
    put("Máy bơm"), put("Máy sấy")
    assert embeddings.embed_documents() == 0
    scripted.refuses = lambda texts: 0
    assert embeddings.embed_documents() == 2


def test_server_that_goes_away_between_refusals_loses_nothing(settings, scripted: ScriptedServer) -> None:
    settings.EMBEDDER = scripted.config
    put("Máy bơm"), put("Máy sấy"), put("Máy nén")
    scripted.refuses = lambda texts: 413 if len(texts) > 1 else 503 if texts == ["Máy sấy"] else 0
    assert embeddings.embed_documents() == 1
    scripted.refuses = lambda texts: 413 if len(texts) > 1 else 0
    assert embeddings.embed_documents() == 2
    assert embeddings.progress() == (3, 3)


def test_nearest_by_hnsw_equals_an_exact_scan() -> None:
    made = unit_vectors(1500, seed=3)
    documents = Document.objects.bulk_create(
        Document(
            key=f"technology:{place}",
            kind="technology",
            object_id=place,
            language="en",
            source_hash="",
            text_hash=str(place),
        )
        for place in range(1, len(made) + 1)
    )
    for document, vector in zip(documents, made, strict=True):
        give_vector(document, vector)
    space = embedder.current_embedder().space
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE search_document, search_embedding")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
    recalls = []
    for query in unit_vectors(20, seed=4):
        exact = set((np.argsort(-(made @ query))[:50] + 1).tolist())
        found = vectors.nearest(space=space, kind="technology", wanted={"vi": query, "en": query}, count=50)
        assert len(found) == 50
        recalls.append(len(exact.intersection(found)) / 50)
    assert np.mean(recalls) >= 0.95


def test_centred_cosines_are_those_of_the_formula() -> None:
    space = embedder.current_embedder().space
    made = unit_vectors(6, seed=5)
    documents = [put(title) for title in ("Máy bơm nước", "Water pump", "Xử lý nước thải")]
    for document, vector in zip(documents, made, strict=False):
        give_vector(document, vector)
    means = vectors.serving()[1]
    query, mean = made[4], 0.3 * made[5]
    found = vectors.candidates(
        space=space, kind="technology", object_ids=[d.object_id for d in documents], query=query, mean=mean, means=means
    )
    for candidate, document, vector in zip(found, documents, made, strict=False):
        centred, own = query - mean, vector - means[document.language, "passage"]
        expected = float(centred @ own / np.linalg.norm(centred) / np.linalg.norm(own))
        assert candidate.object_id == document.object_id
        assert candidate.cosine == pytest.approx(expected, abs=2e-3)
        assert candidate.raw == pytest.approx(float(vector @ query), abs=2e-3)


def test_means_follow_the_stock() -> None:
    shipped = vectors.serving()[1]
    made = unit_vectors(5, seed=6)
    for number, vector in enumerate(made):
        give_vector(put(f"Water pump {number}"), vector)
    embeddings.recompute_means()
    embeddings.recompute_means()
    assert LanguageMean.objects.get().count == 5
    means = vectors.serving()[1]
    leaning = vectors.SHRINKAGE
    expected = (made.sum(axis=0) + leaning * shipped["en", "passage"]) / (5 + leaning)
    assert means["en", "passage"] == pytest.approx(expected, abs=2e-3)
    moved = means["en", "passage"] - shipped["en", "passage"]
    assert means["en", "query"] == pytest.approx(shipped["en", "query"] + moved, abs=1e-5)
    assert means["vi", "passage"] == pytest.approx(shipped["vi", "passage"])


@pytest.mark.django_db(transaction=True)  # in one transaction, later documents may count as seen by an earlier look
@pytest.mark.usefixtures("eager_tasks", "counting")
def test_means_are_taken_again_however_the_documents_come() -> None:
    def counts() -> dict[str, int]:
        return dict(LanguageMean.objects.order_by("pk").values_list("language", "count"))

    for title in ("Máy bơm", "Máy sấy", "Water pump"):
        tasks.embed_document(put(title).pk)
    tasks.embed_pending()
    assert counts() == {"vi": 2, "en": 1}
    for number in range(embeddings.BATCH):
        put(f"Máy số {number}")
    tasks.embed_pending()
    assert counts() == {"vi": 2 + embeddings.BATCH, "en": 1}
    for number in range(2):
        tasks.embed_document(put(f"Quạt số {number}").pk)
        tasks.embed_pending()
        assert counts() == {"vi": 3 + number + embeddings.BATCH, "en": 1}
    tasks.embed_document(put("Tàu điện").pk)  # one to twenty is no more than a twentieth
    tasks.embed_pending()
    assert counts() == {"vi": 4 + embeddings.BATCH, "en": 1}


def test_means_are_counted_on_and_all_once_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    space = embedder.current_embedder().space
    assert not embeddings.means_are_stale(space)
    documents = [put(f"Water pump {number}") for number in range(6)]
    for document, vector in zip(documents, unit_vectors(6, seed=7), strict=True):
        give_vector(document, vector)
    assert embeddings.means_are_stale(space)
    embeddings.recompute_means()
    assert not embeddings.means_are_stale(space)
    services.remove_document(kind="technology", object_id=documents[0].object_id)
    assert not embeddings.means_are_stale(space)
    monkeypatch.setattr(embeddings, "WHOLE_LOOK_SECONDS", -1)
    assert embeddings.means_are_stale(space)


def test_means_of_a_model_without_shipped_ones_lean_on_the_other_language_and_zero(counting: CountingEmbedder) -> None:
    counting.space = "another"
    own, *others = unit_vectors(21, seed=8)
    pump = put("Water pump")
    give_vector(pump, own)
    embeddings.recompute_means()
    leaning = vectors.SHRINKAGE
    means = vectors.serving()[1]
    assert means["en", "passage"] == pytest.approx(own / (1 + leaning), abs=2e-3)
    found = vectors.candidates(
        space="another",
        kind="technology",
        object_ids=[pump.object_id],
        query=own,
        mean=means["en", "query"],
        means=means,
    )
    assert found[0].cosine == pytest.approx(1, abs=2e-3)  # the only one, and what was asked for
    for number, vector in enumerate(others):
        give_vector(put(f"Máy bơm số {number}"), vector)
    embeddings.recompute_means()
    around = np.sum(others, axis=0) / (len(others) + leaning)
    expected = (own + leaning * around) / (1 + leaning)
    assert vectors.serving()[1]["en", "need"] == pytest.approx(expected, abs=2e-3)


def test_vector_that_is_its_mean_has_cosine_zero() -> None:
    space = embedder.current_embedder().space
    mean, other, query = unit_vectors(3, seed=9)
    same, apart = put("Water pump"), put("Drug delivery")
    give_vector(same, mean), give_vector(apart, other)
    means = {(language, side): mean for language in vectors.LANGUAGES for side in vectors.SIDES}
    ids = [same.object_id, apart.object_id]
    found = vectors.candidates(space=space, kind="technology", object_ids=ids, query=query, mean=mean, means=means)
    assert found[0].cosine == 0
    expected = (query - mean) @ (other - mean) / np.linalg.norm(query - mean) / np.linalg.norm(other - mean)
    assert found[1].cosine == pytest.approx(float(expected), abs=2e-3)


@pytest.mark.django_db(transaction=True)
def test_real_worker_embeds_what_was_put(real_worker) -> None:
    put("Máy bơm nước năng lượng mặt trời")
    real_worker.wait_for(Embedding.objects.exists)
    assert embeddings.progress() == (1, 1)


def test_sentence_is_embedded_once_for_all_matches_of_its_listing(counting: CountingEmbedder) -> None:
    first = embedder.embed_sentences(["Màng lọc gốm.", "Giao hàng.", "Màng lọc gốm."])
    again = embedder.embed_sentences(["Giao hàng.", "Màng lọc gốm.", "Máy bơm."])
    assert counting.texts == ["Màng lọc gốm.", "Giao hàng.", "Máy bơm."]
    assert (first[[1, 0]] == again[:2]).all()
    assert (first[0] == first[2]).all()
