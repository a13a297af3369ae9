"""Writes: what may be found, and the vectors. Called inside the caller's transaction, safe to repeat."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from search import embedder
from search.models import CURRENT_TRANSACTION, Document
from search.text import clean, detect_language

CHANNEL = "search_changes"


@transaction.atomic
def put_document(*, kind: str, object_id: int, title: str, body: str, language: str | None = None) -> Document:
    """Make a text findable, or replace the text under which it is found.

    Without a language, it is detected. An unchanged text changes nothing. Followers of the log are told at
    commit; the vector is made by a worker after it.
    """
    wanted = _wanted(title, body, language)
    document, created = Document.objects.select_for_update(of=("self",)).get_or_create(
        key=f"{kind}:{object_id}", defaults={"kind": kind, "object_id": object_id, **wanted}
    )
    if not created:
        if document.public and document.source_hash == wanted["source_hash"]:
            return document
        _change(document, wanted)
    _tell(kind)
    transaction.on_commit(partial(_queue_embedding, document.pk), robust=True)
    return document


@transaction.atomic
def put_documents(*, kind: str, texts: Mapping[int, Mapping[str, str]]) -> None:
    """Make many texts findable at once, as `put_document` does: object id → title, body and language.

    Their vectors are left to the periodic sweep: no task is queued for each.
    """
    stored = Document.objects.select_for_update(of=("self",)).filter(kind=kind, object_id__in=texts).order_by("pk")
    known = {document.object_id: document for document in stored}
    fresh = []
    for object_id, text in texts.items():
        wanted = _wanted(text["title"], text["body"], text["language"])
        document = known.get(object_id)
        if document is None:
            fresh.append(Document(key=f"{kind}:{object_id}", kind=kind, object_id=object_id, **wanted))
        elif not document.public or document.source_hash != wanted["source_hash"]:
            _change(document, wanted)
    Document.objects.bulk_create(fresh)
    if texts:
        _tell(kind)


def _wanted(title: str, body: str, language: str | None) -> dict[str, Any]:
    title, body = clean(title).strip(), clean(body).strip()
    language = language or detect_language(f"{title}\n{body}")
    return {
        "language": language,
        "title": title,
        "body": body,
        "source_hash": embedder.text_hash("\0".join((language, title, body))),
        "text_hash": embedder.text_hash(embedder.passage_text(title, body)),
        "public": True,
        "removed_at": None,
    }


@transaction.atomic
def remove_document(*, kind: str, object_id: int) -> None:
    """Make a text unfindable. What was never put, or is removed already, stays so.

    The row stays as a tombstone for followers of the log, its text gone; its vector goes with the text.
    """
    document = (
        Document.objects.select_for_update(of=("self",)).filter(kind=kind, object_id=object_id, public=True).first()
    )
    if document is None:
        return
    _change(document, {"public": False, "removed_at": timezone.now(), "title": "", "body": "", "source_hash": ""})
    document.embeddings.all().delete()
    _tell(kind)


def _change(document: Document, fields: dict[str, object]) -> None:
    for name, value in fields.items():
        setattr(document, name, value)
    document.changed_xid = CURRENT_TRANSACTION
    document.save(update_fields=[*fields, "changed_xid", "changed_at"])
    document.refresh_from_db(fields=["changed_xid"])


def _tell(kind: str) -> None:
    """Wake the followers when this transaction commits; PostgreSQL sends one message for many equal ones."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, kind])


def _queue_embedding(document_id: int) -> None:
    from search.tasks import embed_document  # noqa: PLC0415 -- services may name a task inside on_commit

    embed_document.apply_async((document_id,), retry=False)
