"""Putting and removing documents: repeatable, told to followers, and no part of a transaction that fails."""

import pytest
from django.db import connection, transaction

from search import services
from search.models import Document, Embedding
from tests.factories.search import give_vector, put, unit_vectors

pytestmark = pytest.mark.django_db


def test_put_document_detects_the_language_and_cleans_the_text() -> None:
    document = put("Máy bơm\x00 nước", " Dùng điện mặt trời.\u200b ")
    assert (document.language, document.title, document.body) == ("vi", "Máy bơm  nước", "Dùng điện mặt trời.")
    assert document.key == f"technology:{document.object_id}"


def test_put_document_again_changes_nothing() -> None:
    first = put("Máy bơm", object_id=7)
    Document.objects.filter(pk=first.pk).update(changed_xid=1)
    again = put("Máy bơm", object_id=7)
    assert (again.pk, again.changed_xid) == (first.pk, 1)
    edited = put("Máy bơm dầu", object_id=7)
    assert (edited.pk, edited.title) == (first.pk, "Máy bơm dầu")
    assert edited.changed_xid > 1


def test_remove_document_keeps_a_tombstone_without_text_or_vector() -> None:
    document = put("Máy bơm", "Bí mật")
    give_vector(document, unit_vectors(1, seed=1)[0])
    services.remove_document(kind="technology", object_id=document.object_id)
    services.remove_document(kind="technology", object_id=document.object_id)
    services.remove_document(kind="technology", object_id=10**9)
    document.refresh_from_db()
    assert (document.public, document.title, document.body) == (False, "", "")
    assert not Embedding.objects.exists()


def test_document_comes_back_after_removal() -> None:
    document = put("Máy bơm")
    services.remove_document(kind="technology", object_id=document.object_id)
    again = put("Máy bơm", object_id=document.object_id)
    assert (again.pk, again.public, again.removed_at, again.title) == (document.pk, True, None, "Máy bơm")


@pytest.mark.django_db(transaction=True)
def test_followers_are_told_at_commit_and_not_before() -> None:
    listener = connection.copy()
    try:
        with listener.cursor() as cursor:
            cursor.execute(f"LISTEN {services.CHANNEL}")
        with transaction.atomic():
            put("Máy bơm")
            assert list(listener.connection.notifies(timeout=0.1)) == []
        assert [note.payload for note in listener.connection.notifies(timeout=5, stop_after=1)] == ["technology"]
    finally:
        listener.close()
