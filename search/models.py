"""What can be found (the truth, in PostgreSQL) and its vectors. The BM25 index on each node is derived from it."""

from collections.abc import Collection

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Length
from pgvector.django import HalfVectorField

DIMENSIONS = 384


# The id of the running transaction: 64 bits, never reused, the same inside savepoints.
CURRENT_TRANSACTION = RawSQL("pg_current_xact_id()::text::bigint", [])


class Language(models.TextChoices):
    """The languages that are analysed."""

    VIETNAMESE = "vi"
    ENGLISH = "en"


class DocumentQuerySet(models.QuerySet["Document"]):
    """Reads of documents."""

    def public(self) -> "DocumentQuerySet":
        """Only what may be found."""
        return self.filter(public=True)

    def without_vector(self, space: str) -> "DocumentQuerySet":
        """Public documents whose present text, in their present language, has no vector in that space."""
        same = {name: models.OuterRef(name) for name in ("text_hash", "language")}
        current = Embedding.objects.filter(space=space, document=models.OuterRef("pk"), **same)
        return self.public().filter(~models.Exists(current))

    def changed_since(self, snapshot: str, *, kinds: Collection[str]) -> "DocumentQuerySet":
        """Documents of these kinds whose last change was not visible in a snapshot, by the index of changes."""
        oldest = int(snapshot.split(":")[0])
        seen = RawSQL(
            "pg_visible_in_snapshot(search_document.changed_xid::text::xid8, %s::pg_snapshot)",
            [snapshot],
            output_field=models.BooleanField(),
        )
        return self.filter(kind__in=kinds, changed_xid__gte=oldest).exclude(seen)


class Document(models.Model):
    """A text that may be found, or a tombstone of one. `kind` and `object_id` say what it stands for.

    `changed_xid` is the transaction of the last change. Followers ask for the rows whose transaction was not
    visible in the snapshot that they saw last. A sequence number would not do: it is drawn before the commit, so a
    slow transaction could appear behind a reader that has passed its number.
    """

    key = models.CharField(max_length=64, unique=True)  # "technology:12"
    kind = models.CharField(max_length=32)
    object_id = models.BigIntegerField()
    language = models.CharField(max_length=2, choices=Language)
    title = models.TextField(blank=True)
    body = models.TextField(blank=True)
    source_hash = models.CharField(max_length=40)  # of language, title and body
    text_hash = models.CharField(max_length=40)  # of the part that is embedded
    characters = models.GeneratedField(  # counted once, not each time a document stands for choice
        expression=Length("title") + Length("body"), output_field=models.IntegerField(), db_persist=True
    )
    public = models.BooleanField(default=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    changed_xid = models.BigIntegerField(db_default=CURRENT_TRANSACTION, editable=False)
    changed_at = models.DateTimeField(auto_now=True)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "object_id"], name="search_document_kind_object"),
            models.CheckConstraint(
                condition=Q(public=True, removed_at=None) | Q(public=False, removed_at__isnull=False),
                name="search_document_removed_iff_not_public",
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "changed_xid"], name="search_document_changes"),
            models.Index(  # what `vectors.candidates` reads, without going to the row and its texts
                fields=["kind", "object_id"],
                include=["id", "language", "characters"],
                condition=Q(public=True),
                name="search_document_candidates",
            ),
        ]

    def __str__(self) -> str:
        return self.key


class Embedding(models.Model):
    """The raw vector of a document's text in one vector space (backend, model, size and text rule).

    While `text_hash` differs from the document's, the vector is that of an earlier text: still of use until the
    worker replaces it. `kind`, `object_id` and `language` repeat the document's, so that the nearest are found in
    this table alone. The nearest are found by an HNSW index of their kind and language, which a migration of the room
    that knows the kind makes; without one they are compared one by one.

    `changed_xid` is the transaction that wrote the vector last, as that of `Document`, for the mirrors of the nodes.
    Deletions leave no trace here: a vector goes with its document's publication, which does, or with its space.
    """

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="embeddings")
    kind = models.CharField(max_length=32)
    object_id = models.BigIntegerField()
    space = models.CharField(max_length=80)
    text_hash = models.CharField(max_length=40)
    language = models.CharField(max_length=2, choices=Language)
    vector = HalfVectorField(dimensions=DIMENSIONS)
    changed_xid = models.BigIntegerField(db_default=CURRENT_TRANSACTION, editable=False)
    created_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["space", "document"], name="search_embedding_space_document")]
        indexes = [
            models.Index(fields=["space", "text_hash"], name="search_embedding_text"),
            models.Index(fields=["kind", "language"], name="search_embedding_kind"),
            models.Index(  # of changes; and what counts the vectors of a space without going to them
                fields=["kind", "space", "changed_xid"], include=["object_id"], name="search_embedding_changes"
            ),
        ]


class VectorSpace(models.Model):
    """A vector space that has vectors here. Queries are asked in the one that serves; the others are on the way in or out.

    `left_at`: since when it neither serves nor is made.
    """

    space = models.CharField(max_length=80, unique=True)
    serving = models.BooleanField(default=False)
    started_at = models.DateTimeField(auto_now_add=True)
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["serving"], condition=Q(serving=True), name="search_space_one_serves")
        ]

    def __str__(self) -> str:
        return self.space


class LanguageMean(models.Model):
    """The mean vector of one language and side, subtracted before cosines are taken.

    Vectors of one language crowd together, whatever they say; without their common part the two languages
    can be compared (matching measured on mixed collections: nDCG@10 .60 raw, .87 centred).
    """

    class Side(models.TextChoices):
        """Queries and passages are embedded with different prefixes, so their means differ.

        Those of queries are shipped (`means.json`) as a distance from those of passages, which are stored here.
        """

        QUERY = "query"
        PASSAGE = "passage"

    space = models.CharField(max_length=80)
    language = models.CharField(max_length=2, choices=Language)
    side = models.CharField(max_length=8, choices=Side)
    vector = HalfVectorField(dimensions=DIMENSIONS)
    count = models.PositiveIntegerField()
    computed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "language", "side"], name="search_mean_space_language_side")
        ]


class Phrase(models.Model):
    """The vocabulary of what can be found, for spelling and suggestions: derived, made anew as the stock changes.

    `text` is as it is most often written, in small letters; `folded` without marks. `documents` counts where it stands.
    """

    class Kind(models.TextChoices):
        """Words and pairs of neighbouring syllables come from the texts; keywords and topics are handed in."""

        WORD = "word"
        PAIR = "pair"
        KEYWORD = "keyword"
        TOPIC = "topic"

    kind = models.CharField(max_length=8, choices=Kind)
    text = models.CharField(max_length=140)
    folded = models.CharField(max_length=140)
    documents = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "text"], name="search_phrase_once")]
        indexes = [
            GinIndex(fields=["folded"], name="search_phrase_alike", opclasses=["gin_trgm_ops"]),
            models.Index(
                fields=["kind", "folded"], name="search_phrase_prefix", opclasses=["varchar_ops", "varchar_pattern_ops"]
            ),
        ]

    def __str__(self) -> str:
        return self.text
