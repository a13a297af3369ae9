"""Read the log."""

from collections.abc import Iterable

from django.db.models import Model, QuerySet

from audit.models import Event


def history_of(subject: Model) -> QuerySet[Event]:
    """Give the events about `subject`, oldest first, with their actors."""
    return (
        Event.objects.filter(subject_type=subject._meta.label_lower, subject_id=subject.pk)
        .select_related("actor")
        .order_by("seq")
    )


def events_with_tags(model: type[Model], pks: Iterable[int], tags: Iterable[str]) -> QuerySet[Event]:
    """Give the events with some tags about several rows of a model, those of each row oldest first."""
    found = Event.objects.filter(subject_type=model._meta.label_lower, subject_id__in=list(pks), tag__in=list(tags))
    return found.order_by("subject_id", "seq")
