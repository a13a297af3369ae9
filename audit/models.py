"""Events and seals. Rows are only ever added; a database trigger refuses UPDATE and DELETE."""

from django.conf import settings
from django.db import models
from django.db.models import Func, Q


class CurrentTransaction(Func):
    """The 64-bit id of the running transaction, as a bigint."""

    template = "(pg_current_xact_id()::text::bigint)"
    output_field = models.BigIntegerField()


class CurrentCluster(Func):
    """The identifier of the server whose counter numbers the transactions, as a bigint."""

    template = "((pg_control_system()).system_identifier)"
    output_field = models.BigIntegerField()


class Event(models.Model):
    """One act: who did what to which row, when, with what.

    `hash` = SHA-256 over the previous event's hash of the same subject and this event's content
    (`services.digest`); `seq` counts from 1 within the subject. `xid` is a number of the server `origin`: a dump
    takes both along to another server, which counts anew. 0: from before origins were noted.
    """

    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    tag = models.CharField(max_length=80)
    subject_type = models.CharField(max_length=80)
    subject_id = models.BigIntegerField()
    seq = models.PositiveIntegerField()
    data = models.JSONField(default=dict)
    xid = models.BigIntegerField(db_default=CurrentTransaction())
    origin = models.BigIntegerField(db_default=CurrentCluster())
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["subject_type", "subject_id", "seq"], name="audit_event_one_chain"),
            models.CheckConstraint(condition=Q(seq__gte=1), name="audit_event_seq_from_one"),
        ]
        indexes = [
            models.Index(fields=["origin", "xid", "id"], name="audit_event_origin_xid"),
            models.Index(fields=["actor", "-id"], name="audit_event_actor"),
            models.Index(fields=["tag", "-id"], name="audit_event_tag"),
        ]

    def __str__(self) -> str:
        return f"{self.tag} {self.subject_type}:{self.subject_id}#{self.seq}"


class Seal(models.Model):
    """A hash over every event of `origin` whose transaction id lies in [from_xid, to_xid), chained to the previous seal."""

    at = models.DateTimeField()
    origin = models.BigIntegerField()
    from_xid = models.BigIntegerField()
    to_xid = models.BigIntegerField()
    count = models.PositiveIntegerField()
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["origin", "from_xid"], name="audit_seal_one_per_origin_and_start"),
            models.CheckConstraint(condition=Q(to_xid__gt=models.F("from_xid")), name="audit_seal_forward"),
        ]
