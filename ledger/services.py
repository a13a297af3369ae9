"""Writes of the ledger. Who may cause a transfer is the question of the room that causes it; escrow is asked here."""

import datetime
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Exchange, Organisation, User
from audit.services import record
from ledger import policies
from ledger.choices import AccountKind
from ledger.models import Account, Entry, Transfer
from ledger.money import split
from marketplace.kit.errors import Conflict, require

__all__ = ["Posting", "get_account", "mirror_bank_movement", "post_transfer", "reverse_transfer", "split"]


@dataclass(frozen=True)
class Posting:
    """One side of a transfer to post: a signed whole amount in VND on an account."""

    account: Account
    amount: Decimal


@transaction.atomic
def get_account(
    *,
    kind: str,
    organisation: Organisation | None = None,
    user: User | None = None,
    exchange: Exchange | None = None,
    outside: str = "",
    reference: str = "",
) -> Account:
    """Give the account of that kind and owner, opened when it is not there yet. Exactly one owner is named."""
    assert sum(bool(owner) for owner in (organisation, user, exchange, outside)) == 1
    assert kind in AccountKind.values
    account, _created = Account.objects.get_or_create(
        kind=kind, organisation=organisation, user=user, exchange=exchange, outside=outside, reference=reference
    )
    return account


def _digest(
    amounts: Mapping[int, Decimal],
    date: datetime.date,
    description: str,
    source: str,
    bank_reference: str,
    reversal: int | None,
) -> str:
    content = {
        "entries": sorted((account, str(amount)) for account, amount in amounts.items()),
        "date": date.isoformat(),
        "description": description,
        "source": source,
        "bank_reference": bank_reference,
        "reversal_of": reversal,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@transaction.atomic
def post_transfer(
    *,
    key: str,
    entries: list[Posting],
    date: datetime.date,
    actor: User | None,
    description: str = "",
    source: str = "",
    bank_reference: str = "",
    reversal_of: Transfer | None = None,
) -> Transfer:
    """Post a transfer once. The same key with the same content gives the transfer that is there.

    Postings on one account are added up. Raises ValidationError unless whole amounts that sum to zero move on at
    least two accounts, and Conflict when the key stands for other content.
    """
    amounts: dict[int, Decimal] = {}
    for posting in entries:
        if posting.amount != posting.amount.to_integral_value():
            raise ValidationError(_("Amounts in the ledger are whole đồng."))
        amounts[posting.account.pk] = amounts.get(posting.account.pk, Decimal(0)) + posting.amount
    amounts = {account: amount.quantize(Decimal(1)) for account, amount in amounts.items() if amount}
    if len(amounts) < 2 or sum(amounts.values(), Decimal(0)):
        raise ValidationError(_("A transfer moves money between accounts: its entries must sum to zero."))
    digest = _digest(
        amounts, date, description, source, bank_reference, reversal_of.pk if reversal_of is not None else None
    )
    transfer = Transfer(
        key=key, date=date, description=description, source=source, bank_reference=bank_reference,
        reversal_of=reversal_of, digest=digest, actor=actor,
    )  # fmt: skip
    try:
        with transaction.atomic():
            transfer.save(force_insert=True)
    except IntegrityError as error:
        standing = Transfer.objects.filter(key=key).first()
        if standing is None:
            raise Conflict(_("This transfer has been reversed already.")) from error
        if standing.digest != digest:
            raise Conflict(_("This transfer was posted before, with different content."), key=key) from error
        return standing
    Entry.objects.bulk_create(
        Entry(transfer=transfer, account_id=account, amount=amount) for account, amount in sorted(amounts.items())
    )
    data: dict[str, Any] = {"key": key, "date": date, "source": source, "bank_reference": bank_reference}
    data["entries"] = {str(account): str(amount) for account, amount in sorted(amounts.items())}
    record(tag="transfer.reverse" if reversal_of else "transfer.post", subject=transfer, actor=actor, data=data)
    return transfer


@transaction.atomic
def reverse_transfer(*, transfer: Transfer, date: datetime.date, reason: str, actor: User | None) -> Transfer:
    """Post the opposite of a transfer, once; give the reversal. A reversal cannot be reversed: Conflict."""
    if not reason.strip():
        raise ValidationError({"reason": [_("Give a reason.")]})
    transfer = Transfer.objects.select_for_update(of=("self",)).get(pk=transfer.pk)
    if transfer.reversal_of_id is not None:
        raise Conflict(_("A reversal cannot be reversed: post the transfer again."))
    opposite = [Posting(entry.account, -entry.amount) for entry in transfer.entries.select_related("account")]
    return post_transfer(
        key=f"reversal:{transfer.pk}",
        entries=opposite,
        date=date,
        description=reason.strip()[:300],
        source=transfer.source,
        reversal_of=transfer,
        actor=actor,
    )


@transaction.atomic
def mirror_bank_movement(
    *, exchange: Exchange, bank: str, account_number: str, amount: Decimal, bank_reference: str, date: datetime.date,
    party: Organisation, actor: User, description: str = "",
) -> Transfer:  # fmt: skip
    """Write down what a bank says moved on an escrow account that the bank holds: `amount` in VND, positive when
    `party` paid in, negative when the bank paid out to `party`.

    The platform holds no money and moves none; this row is a copy of the bank's statement line, found again by the
    bank's reference. The same line twice is one transfer.
    """
    require(policies.can_mirror_escrow(actor, exchange))
    if not bank_reference.strip():
        raise ValidationError({"bank_reference": [_("Give the bank's reference.")]})
    if not amount:
        raise ValidationError({"amount": [_("Enter an amount other than zero.")]})
    mirror = get_account(
        kind=AccountKind.ESCROW_MIRROR, exchange=exchange, reference=f"{bank.strip()} {account_number.strip()}"
    )
    other = get_account(kind=AccountKind.PAID_OUT, organisation=party)
    return post_transfer(
        key=f"escrow:{mirror.pk}:{bank_reference.strip()}",
        entries=[Posting(mirror, amount), Posting(other, -amount)],
        date=date,
        description=description,
        source=f"ledger.account:{mirror.pk}",
        bank_reference=bank_reference.strip(),
        actor=actor,
    )
