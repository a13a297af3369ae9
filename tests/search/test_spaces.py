"""A change of model: the old vectors serve until the new ones are complete, then these; nothing is ever without."""

import io
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from search import embedder, embeddings, index, spaces, tasks, vectors
from search.engine import rank
from search.models import Embedding, LanguageMean, VectorSpace
from tests.factories.search import put
from tests.search.conftest import ScriptedServer

pytestmark = pytest.mark.django_db
LOCAL = embedder.InProcessEmbedder.space
AWAY = {"BACKEND": "openai", "URL": "http://127.0.0.1:9/v1", "MODEL": "m", "RETRIES": 0}
MEANS = "Xử lý nước thải dệt nhuộm"


def second(server: str) -> dict[str, Any]:
    return {"BACKEND": "openai", "URL": server, "MODEL": "e5", "INPUT_TYPE": True, "SPACE": "second", "BATCH": 8}


def found() -> tuple[bool, list[int]]:
    ranking = rank(MEANS, kind="technology", floor=0.0)
    return ranking.dense, ranking.object_ids[:2]


def drop_later() -> int:
    return spaces.drop_left(now=timezone.now() + spaces.GRACE)


@pytest.fixture
def stock(eager_tasks: None) -> None:
    put("Màng gốm lọc nước thải dệt nhuộm", object_id=1)
    put("Ceramic membrane for textile wastewater", object_id=2)
    for number in range(3, 23):
        put(f"Máy sấy trái cây kiểu {number}", object_id=number)
    tasks.embed_pending()
    index.catch_up()


@pytest.mark.usefixtures("stock")
def test_change_of_model_leaves_no_gap(server: str, settings: Any) -> None:
    before = found()
    assert before == (True, [1, 2])
    local_means = vectors.serving()[1]
    settings.EMBEDDER = second(server)
    new = embedder.current_embedder().space
    assert found() == before
    assert embeddings.embed_documents() == embeddings.BATCH
    assert not spaces.switch()
    assert (vectors.serving()[0], found()) == (LOCAL, before)
    put("Bơm nước", object_id=50)
    tasks.embed_document(Embedding._meta.get_field("document").related_model.objects.get(object_id=50).pk)
    assert set(Embedding.objects.filter(object_id=50).values_list("space", flat=True)) == {LOCAL, new}
    tasks.embed_pending()
    space, means = vectors.serving()
    assert space == new
    assert found() == before
    assert LanguageMean.objects.filter(space=new).count() == 2
    assert means["vi", "passage"] @ local_means["vi", "passage"] > 0
    assert spaces.drop_left() == 0
    assert drop_later() == 23
    assert set(Embedding.objects.order_by("pk").values_list("space", flat=True)) == {new}
    assert list(VectorSpace.objects.order_by("pk").values_list("space", "serving")) == [(new, True)]
    assert not LanguageMean.objects.filter(space=LOCAL).exists()
    assert found() == before


@pytest.mark.usefixtures("stock")
def test_text_that_the_new_model_refuses_does_not_hold_it_up(settings: Any, scripted: ScriptedServer) -> None:
    settings.EMBEDDER = scripted.config
    scripted.refuses = lambda texts: 413 if any("kiểu 7" in said for said in texts) else 0
    tasks.embed_pending()
    assert vectors.serving()[0] == embedder.current_embedder().space
    assert embeddings.progress() == (21, 22)


@pytest.mark.usefixtures("stock")
def test_model_that_refuses_more_than_a_few_texts_does_not_serve(settings: Any, scripted: ScriptedServer) -> None:
    settings.EMBEDDER = scripted.config
    scripted.refuses = lambda texts: 413 if any("kiểu" in said for said in texts) else 0
    tasks.embed_pending()
    assert embeddings.progress() == (2, 22)
    assert vectors.serving()[0] == LOCAL


@pytest.mark.usefixtures("stock")
def test_queries_are_asked_of_the_serving_model_while_the_new_server_is_away(settings: Any) -> None:
    settings.EMBEDDER = AWAY
    tasks.embed_pending()
    assert found() == (True, [1, 2])
    assert [(row.serving, row.done, row.total) for row in spaces.overview()] == [(True, 22, 22), (False, 0, 22)]


@pytest.mark.usefixtures("stock")
def test_former_server_is_asked_while_the_setting_names_it(server: str, settings: Any) -> None:
    settings.EMBEDDER = second(server)
    tasks.embed_pending()
    former = embedder.current_embedder().space
    assert vectors.serving()[0] == former
    settings.FORMER_EMBEDDER, settings.EMBEDDER = settings.EMBEDDER, AWAY
    assert found() == (True, [1, 2])
    settings.FORMER_EMBEDDER = {}
    dense, ids = found()
    assert not dense  # nobody can ask in the serving space: words alone
    assert ids[0] in {1, 2}


@pytest.mark.usefixtures("stock")
def test_space_in_which_nobody_can_ask_gives_way_at_once(server: str, settings: Any) -> None:
    VectorSpace.objects.update(space="gone")
    Embedding.objects.update(space="gone")
    settings.EMBEDDER = second(server)
    embeddings.embed_documents()
    assert spaces.switch()
    assert found()[0]


@pytest.mark.usefixtures("stock")
def test_space_that_never_served_is_dropped_when_the_model_changes_back(server: str, settings: Any) -> None:
    kept = settings.EMBEDDER
    settings.EMBEDDER = second(server)
    embeddings.embed_documents()
    settings.EMBEDDER = kept
    assert spaces.drop_left() == 0
    assert drop_later() == embeddings.BATCH
    assert (vectors.serving()[0], Embedding.objects.count()) == (LOCAL, 22)


@pytest.mark.usefixtures("stock")
def test_model_changed_back_within_the_grace_makes_nothing_anew(server: str, settings: Any) -> None:
    kept = settings.EMBEDDER
    settings.EMBEDDER = second(server)
    tasks.embed_pending()
    made = set(Embedding.objects.filter(space=LOCAL).values_list("pk", flat=True))
    settings.EMBEDDER = kept
    tasks.embed_pending()
    assert vectors.serving()[0] == LOCAL
    assert set(Embedding.objects.filter(space=LOCAL).values_list("pk", flat=True)) == made


@pytest.mark.usefixtures("stock")
def test_command_tells_progress_and_makes_what_is_missing(server: str, settings: Any) -> None:
    settings.EMBEDDER = second(server)
    out = io.StringIO()
    call_command("vectors", stdout=out)
    call_command("vectors", make=True, stdout=out)
    new = embedder.current_embedder().space
    assert out.getvalue().splitlines() == [
        f"{LOCAL}  serves  22 of 22",
        f"{new}  is being made  0 of 22",
        f"{new}  serves  22 of 22",
        f"{LOCAL}  will be dropped  22 of 22",
    ]


def test_only_the_latest_chain_of_batches_goes_on() -> None:
    put("Máy bơm")
    tasks.embed_pending("an older chain")
    assert embeddings.progress() == (0, 1)
    tasks.embed_pending()
    assert embeddings.progress() == (1, 1)
