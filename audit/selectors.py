"""Read the log."""

from django.db.models import Model, QuerySet

from audit.models import Event


def history_of(subject: Model) -> QuerySet[Event]:
    """Give the events about `subject`, oldest first, with their actors."""
    return (
        Event.objects.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk)
        .select_related("actor")
        .order_by("seq")
    )
