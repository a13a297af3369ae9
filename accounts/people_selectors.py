"""What the exchange holds of a person, and what keeps it: for requests of the law on personal data."""

from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db.models import ForeignKey, ForeignObjectRel, Model, Q, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

from accounts.models import Invitation, User
from accounts.selectors import addresses_of, anybody_by_email
from audit.models import Event

#: Columns that open something and tell nothing of the person.
SECRETS = frozenset({"user.password", "authenticator.data", "authtoken.digest", "authtoken.token_key"})


def person_of(address: str) -> User | None:
    """Give the person, active or not, who signed up with the address or has confirmed it later."""
    confirmed = EmailAddress.objects.filter(email__iexact=address.strip(), verified=True).select_related("user").first()
    return anybody_by_email(address) or (confirmed.user if confirmed else None)


def why_kept(person: User) -> list[str]:
    """Say, in the language that is active, what keeps the person's name for now; floors above say so (ADR 12)."""
    return [reason for name in settings.PERSON_KEPT_BY for reason in import_string(name)(person)]


def rows_that_name() -> list[ForeignKey[Any, Any]]:
    """Give every column of every room that names a person, in the order of the rooms."""
    relations = User._meta.get_fields(include_hidden=True)
    columns = [relation.field for relation in relations if isinstance(relation, ForeignObjectRel)]
    found = [column for column in columns if isinstance(column, ForeignKey) and not column.model._meta.auto_created]
    return sorted(found, key=lambda column: (column.model._meta.label, column.name))


def data_of(person: User) -> dict[str, Any]:
    """Give everything that is stored about a person, for JSON.

    `records`: the rows about the person, with their fields (the column is called `user`); `named_in`: the ids of those
    of organisations and the exchange in which the person is only named, as author, actor or deciding; `log`: what the
    person did and what was done to the account, without what it says of others. No password, key or secret.
    """
    records: dict[str, list[dict[str, Any]]] = {}
    named_in: dict[str, list[int]] = {}
    for column in rows_that_name():
        if column.model is Event:
            continue
        rows: QuerySet[Any] = column.model._base_manager.filter(**{column.name: person}).order_by("pk")
        if column.name == "user":
            if found := [_fields(row) for row in rows]:
                records[column.model._meta.label] = found
        elif ids := list(rows.values_list("pk", flat=True)):
            named_in[f"{column.model._meta.label}.{column.name}"] = ids
    return {
        "made_at": timezone.now(),
        "person": _fields(person),
        "invitations": [_fields(one, without=("invited_by_id",)) for one in _invitations_of(person)],
        "records": records,
        "named_in": named_in,
        "log": _log_of(person),
    }


def _invitations_of(person: User) -> QuerySet[Invitation]:
    return Invitation.objects.filter(email__in=addresses_of(person)).order_by("pk")


def _fields(row: Model, *, without: tuple[str, ...] = ()) -> dict[str, Any]:
    name = row._meta.model_name
    columns = [column for column in row._meta.concrete_fields if f"{name}.{column.attname}" not in SECRETS]
    values = {column.attname: column.value_from_object(row) for column in columns if column.attname not in without}
    return {key: value.name if hasattr(value, "storage") else value for key, value in values.items()}


def _log_of(person: User) -> list[dict[str, Any]]:
    kind = ContentType.objects.get_for_model(User)
    label = f"{kind.app_label}.{kind.model}"
    events = Event.objects.filter(Q(actor=person) | Q(subject_type=label, subject_id=person.pk)).order_by("pk")
    return [
        {
            "at": event.at,
            "tag": event.tag,
            "subject": f"{event.subject_type}:{event.subject_id}",
            **({"data": event.data} if event.subject_type == label and event.subject_id == person.pk else {}),
        }
        for event in events.iterator()
    ]
