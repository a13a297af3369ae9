"""Reads of the ledger, narrowed to the viewer."""

import datetime
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet, Sum, Window
from django.db.models.functions import Coalesce

from accounts.models import User
from ledger.models import Account, Entry, Transfer
from ledger.policies import MONEY_ROLES

ZERO = Decimal(0)


def visible_to(viewer: Any, prefix: str = "") -> Q:
    """Say which accounts a viewer may read: the own ones, those of organisations whose money the viewer sees,
    and for an operator those of the exchange and of the organisations that it serves.
    """
    if not isinstance(viewer, User) or not viewer.is_active:
        return Q(pk__in=[])
    exchanges = viewer.exchange_ids()
    return (
        Q(**{f"{prefix}user": viewer})
        | Q(**{f"{prefix}organisation_id__in": viewer.organisation_ids(*MONEY_ROLES)})
        | Q(**{f"{prefix}exchange_id__in": exchanges})
        | Q(**{f"{prefix}organisation__exchange_id__in": exchanges})
    )


def visible_accounts(viewer: Any) -> QuerySet[Account]:
    """Give the accounts that the viewer may read, each with its `balance` in VND."""
    return (
        Account.objects.filter(visible_to(viewer))
        .select_related("organisation", "user", "exchange")
        .annotate(balance=Coalesce(Sum("entries__amount"), ZERO))
        .order_by("kind", "pk")
    )


def statement(account: Account, *, viewer: Any) -> QuerySet[Entry]:
    """Give an account's entries, oldest first, each with its transfer and the `balance` after it in VND.

    Empty when the viewer may not read the account.
    """
    return (
        Entry.objects.filter(visible_to(viewer, "account__"), account=account)
        .select_related("transfer", "account__organisation", "account__user", "account__exchange")
        .annotate(balance=Window(Sum("amount"), order_by=[F("transfer__date").asc(), F("pk").asc()]))
        .order_by("transfer__date", "pk")
    )


def balance(account: Account, *, on: datetime.date | None = None) -> Decimal:
    """Give the balance of an account in VND, at the end of a day or over everything. For services, not for viewers."""
    entries = account.entries.all()
    if on is not None:
        entries = entries.filter(transfer__date__lte=on)
    return entries.aggregate(total=Coalesce(Sum("amount"), ZERO))["total"]


def entries_from(sources: Iterable[str], *, viewer: Any) -> QuerySet[Entry]:
    """Give the entries that these sources caused, oldest first, on accounts that the viewer may read."""
    return (
        Entry.objects.filter(visible_to(viewer, "account__"), transfer__source__in=list(sources))
        .select_related(
            "transfer__reversal_of",
            "account__organisation",
            "account__user",
            "account__exchange",
        )
        .order_by("transfer__date", "pk")
    )


def transfer_by_key(key: str) -> Transfer | None:
    """Give the transfer of a key, if it was posted."""
    return Transfer.objects.filter(key=key).first()


def next_key(key: str) -> str:
    """Give the key for posting anew what was posted under `key` and reversed: `key` itself while nothing was."""
    wanted, number = key, 1
    while Transfer.objects.filter(key=wanted, reversal__isnull=False).exists():
        number += 1
        wanted = f"{key}:{number}"
    return wanted


def imbalance() -> Decimal:
    """Give the sum of every entry there is: zero, always."""
    return Entry.objects.aggregate(total=Coalesce(Sum("amount"), ZERO))["total"]
