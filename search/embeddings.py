"""Writes of vectors: batches of documents, and the means of the languages."""

import logging
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict

from django.core.cache import cache
from django.db import connection, models, transaction
from django.db.models import Count, F
from pgvector import HalfVector

from search import index, vectors
from search.embedder import Embedder, EmbeddingError, RefusedError, current_embedder, passage_text
from search.index import Position
from search.models import Document, DocumentQuerySet, Embedding, LanguageMean, VectorSpace

logger = logging.getLogger(__name__)

BATCH = 16
WHOLE_LOOK_SECONDS = 3600  # so long, what was complete is taken as complete but for what changed since
ASIDE_SECONDS = 6 * 3600  # so long, a text that the server refuses is not sent again
HARMLESS = "nước"  # a server that refuses this, too, does not refuse for the sake of a text
MOST_ASIDE = 5_000  # a server that refuses more is asked for the rest each minute
DRIFT = 0.05  # a mean is taken again when its language has so many more vectors, or fewer, than it was taken of


def embed_missing() -> int:
    """Do as `embed_documents`, at little cost where little is missing: what a sweep calls each minute.

    After a look that found nothing missing, only documents that changed since are looked at; all of them again after
    WHOLE_LOOK_SECONDS, or when the cache has lost the mark.
    """
    key = _mark_of(current_embedder().space)
    now, mark = index.present_position(), cache.get(key)
    since = None
    if mark is not None and time.time() - mark["whole"] < WHOLE_LOOK_SECONDS:
        since = Position(**mark["position"])
        since = since if now.follows(since) else None
    done = embed_documents(since=since)
    if not done and not _missing(current_embedder().space, since=since).exists():  # none left to another worker either
        whole = mark["whole"] if since is not None else time.time()
        cache.set(key, {"position": asdict(now), "whole": whole}, WHOLE_LOOK_SECONDS)
    return done


def _mark_of(space: str) -> str:
    return f"search:complete:{space}"


def forget_mark(space: str) -> None:
    """Look at all documents next time: vectors of the space go without a change of their documents."""
    cache.delete_many([_mark_of(space), _counts_of(space)])


def _missing(space: str, *, since: Position | None) -> DocumentQuerySet:
    missing = Document.objects.without_vector(space)
    if aside := set_aside(space):
        missing = missing.exclude(text_hash__in=aside)
    return missing if since is None else missing.changed_since(since.snapshot, kinds=index.kinds())


def embed_documents(
    *, document_ids: Sequence[int] | None = None, by: Embedder | None = None, since: Position | None = None
) -> int:
    """Make up to BATCH missing vectors and give how many were stored or set aside; 0 if the embedder is away.

    They are those of the wanted space, or of the embedder `by`; with `since`, of documents that changed after it.

    Two workers do not take the same documents. A text whose vector is known (the same words elsewhere, or the same
    words in another language) is not embedded again. No row is locked while vectors are made: edits and withdrawals
    do not wait, and a text that changed meanwhile is left to the next call.
    """
    embedder = by or current_embedder()
    missing = _missing(embedder.space, since=since)
    if document_ids is not None:
        missing = missing.filter(pk__in=document_ids)
    with _claimed(embedder.space, missing) as documents:
        if not documents:
            return 0
        known = {
            row.text_hash: row.vector
            for row in Embedding.objects.filter(
                space=embedder.space, text_hash__in={document.text_hash for document in documents}
            ).order_by("pk")
        }
        fresh = {d.text_hash: passage_text(d.title, d.body) for d in documents if d.text_hash not in known}
        made, refused = _make(embedder, fresh)
        stored = _store(embedder.space, documents, known | made, enter=by is None)
        aside = _put_aside(embedder.space, refused)
    return stored + sum(document.text_hash in aside for document in documents)


@contextmanager
def _claimed(space: str, missing: DocumentQuerySet) -> Iterator[list[Document]]:
    """Give up to BATCH of the missing documents to this worker alone.

    By advisory locks: they keep no row from anybody, and end with the connection of a worker that is killed.
    """
    claimed: list[int] = []
    try:
        last = 0
        while (wanted := BATCH - len(claimed)) > 0:
            page = list(missing.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:wanted])
            claimed += _lock("pg_try_advisory_lock", space, page)
            if len(page) < wanted:
                break
            last = page[-1]
        # Asked again: another worker may have stored some and let go of them between the two statements.
        yield list(missing.filter(pk__in=claimed).order_by("pk")) if claimed else []
    finally:
        _lock("pg_advisory_unlock", space, claimed)


def _lock(function: str, space: str, document_ids: list[int]) -> list[int]:
    if not document_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM unnest(%s::bigint[]) id WHERE {function}(hashtextextended(%s || id, 11))",  # noqa: S608 -- of two names
            [document_ids, f"search.embed:{space}:"],
        )
        return [row[0] for row in cursor.fetchall()]


def _make(embedder: Embedder, texts: Mapping[str, str]) -> tuple[dict[str, HalfVector], set[str]]:
    """Embed texts (by name) together, or one by one if they are refused together; give the names refused alone, too.

    A server that is away, or refuses whatever it is asked, is logged and gives what was made until then.
    """
    made: dict[str, HalfVector] = {}
    refused: set[str] = set()
    try:
        try:
            return _embed(embedder, texts), refused
        except RefusedError:
            embedder.embed([HARMLESS], query=False)
        for name, text in texts.items():
            try:
                made |= _embed(embedder, {name: text})
            except RefusedError as error:
                refused.add(name)
                reason = error
        if refused:
            logger.warning("Set aside for %d s, %d texts are refused: %s", ASIDE_SECONDS, len(refused), reason)
    except EmbeddingError as error:
        logger.warning("%d texts wait for their vectors: %s", len(texts) - len(made) - len(refused), error)
    return made, refused


def _embed(embedder: Embedder, texts: Mapping[str, str]) -> dict[str, HalfVector]:
    if not texts:
        return {}
    made = embedder.embed(list(texts.values()), query=False)
    return dict(zip(texts, map(HalfVector, made), strict=True))


@transaction.atomic
def _store(space: str, documents: Sequence[Document], known: Mapping[str, HalfVector], *, enter: bool) -> int:
    """Store the vectors of what is still public with a text that is known; rows that somebody holds are left."""
    present = Document.objects.public().filter(
        pk__in=[document.pk for document in documents], text_hash__in=list(known)
    )
    rows = [
        Embedding(
            document=document,
            kind=document.kind,
            object_id=document.object_id,
            space=space,
            text_hash=document.text_hash,
            language=document.language,
            vector=known[document.text_hash],
        )
        for document in present.order_by("pk").select_for_update(of=("self",), skip_locked=True, no_key=True)
    ]
    if rows and enter:
        _enter(space)
    Embedding.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["space", "document"],
        update_fields=["text_hash", "language", "vector", "changed_xid", "created_at"],
    )
    return len(rows)


def set_aside(space: str) -> list[str]:
    """Give the names of the texts of which the space's server made no vector, and which it is not asked for a while."""
    now = time.time()
    return sorted(name for name, until in cache.get(_aside_of(space), {}).items() if until > now)


def _aside_of(space: str) -> str:
    return f"search:aside:{space}"


def _put_aside(space: str, names: Collection[str]) -> Collection[str]:
    """Set texts aside; give those of them that are: the cache may be away, or hold enough.

    Of two workers that do so at once, what one of them found may be lost; it is refused again.
    """
    if not names:
        return ()
    now = time.time()
    kept = {name: until for name, until in cache.get(_aside_of(space), {}).items() if until > now}
    room = max(MOST_ASIDE - len(kept), 0)
    cache.set(_aside_of(space), kept | dict.fromkeys(sorted(names)[:room], now + ASIDE_SECONDS), ASIDE_SECONDS)
    return set(set_aside(space)).intersection(names)


def present_vectors(kind: str) -> models.QuerySet[Embedding]:
    """Give the vectors of the present texts of a kind, in the space that serves."""
    return Embedding.objects.filter(space=vectors.serving()[0], document__kind=kind, text_hash=F("document__text_hash"))


def _enter(space: str) -> None:
    """Note that a space has vectors and is wanted; the first one serves."""
    row = VectorSpace.objects.filter(space=space).first()
    if row is None:
        first = not VectorSpace.objects.filter(serving=True).exists()
        VectorSpace.objects.bulk_create([VectorSpace(space=space, serving=first)], ignore_conflicts=True)
    elif row.left_at is not None:
        VectorSpace.objects.filter(pk=row.pk).update(left_at=None)


def progress() -> tuple[int, int]:
    """Give how many public documents have the vector of their present text, and how many there are."""
    total = Document.objects.public().count()
    return total - Document.objects.without_vector(current_embedder().space).count(), total


def means_are_stale(space: str) -> bool:
    """Tell whether a language of a space has no mean, or one of a good many fewer or more vectors than there are.

    Vectors are counted on from the last call, and all of them once an hour or after means were taken.
    """
    held = cache.get(_counts_of(space))
    if held is None or time.time() - held["whole"] >= WHOLE_LOOK_SECONDS:
        held = {"whole": time.time(), "last": 0, "counts": {}}
    new = Embedding.objects.filter(space=space, pk__gt=held["last"], document__public=True)
    counts, last = dict(held["counts"]), held["last"]
    for language, count, newest in (
        new.order_by("language").values_list("language").annotate(Count("pk"), models.Max("pk"))
    ):
        counts[language] = counts.get(language, 0) + count
        last = max(last, newest)
    cache.set(_counts_of(space), held | {"last": last, "counts": counts}, WHOLE_LOOK_SECONDS)
    means = LanguageMean.objects.filter(space=space, side=LanguageMean.Side.PASSAGE)
    taken = dict(means.order_by("pk").values_list("language", "count"))
    return any(
        abs(count - taken.get(language, 0)) > DRIFT * taken.get(language, 0) for language, count in counts.items()
    )


def _counts_of(space: str) -> str:
    return f"search:counts:{space}"


@transaction.atomic
def recompute_means(space: str | None = None) -> None:
    """Store the mean passage vector of each language, over all public documents, of the wanted space unless named."""
    space = space or current_embedder().space
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.language, count(*), avg(e.vector)::text FROM search_embedding e"
            " JOIN search_document d ON d.id = e.document_id WHERE e.space = %s AND d.public GROUP BY e.language",
            [space],
        )
        rows = cursor.fetchall()
    for language, count, mean in rows:
        LanguageMean.objects.update_or_create(
            space=space,
            language=language,
            side=LanguageMean.Side.PASSAGE,
            defaults={"vector": HalfVector.from_text(mean), "count": count},
        )
    cache.delete(_counts_of(space))
