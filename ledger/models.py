"""Accounts, transfers and entries. Transfers and entries are only ever added; database triggers see to it.

A balance is the sum of an account's entries, signed from the owner's side: positive is what the owner holds or is
owed, negative what the owner owes or has given. The entries of one transfer sum to zero, which a deferred trigger
checks when the transaction commits.

The platform holds no money. The ledger records claims, and payments as the parties confirm them. An account of the
kind `escrow_mirror` repeats what a bank says about an account that the bank holds: each transfer on it carries the
bank's reference and date.
"""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Exchange, Organisation, User
from audit.models import CurrentTransaction
from ledger.choices import AccountKind
from marketplace.kit.validators import plain_text


class Account(models.Model):
    """An account of an organisation, a person, an exchange, or of somebody outside (`outside`, a name like "bank").

    `reference` tells accounts of one kind and owner apart, as the number of a bank account does; empty for the only one.
    """

    kind = models.CharField(max_length=20, choices=AccountKind)
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="ledger_accounts"
    )
    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="ledger_accounts")
    exchange = models.ForeignKey(
        Exchange, null=True, blank=True, on_delete=models.PROTECT, related_name="ledger_accounts"
    )
    outside = models.CharField(max_length=250, blank=True, validators=[plain_text])
    reference = models.CharField(max_length=120, blank=True, validators=[plain_text])
    currency = models.CharField(max_length=3, default="VND")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(organisation__isnull=False, user__isnull=True, exchange__isnull=True, outside="")
                | Q(organisation__isnull=True, user__isnull=False, exchange__isnull=True, outside="")
                | Q(organisation__isnull=True, user__isnull=True, exchange__isnull=False, outside="")
                | (Q(organisation__isnull=True, user__isnull=True, exchange__isnull=True) & ~Q(outside="")),
                name="ledger_account_one_owner",
            ),
            models.CheckConstraint(condition=Q(currency="VND"), name="ledger_account_in_vnd"),
            models.UniqueConstraint(
                fields=["kind", "organisation", "user", "exchange", "outside", "reference"],
                name="ledger_account_one_per_owner",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.owner_name}{' · ' + self.reference if self.reference else ''}"

    @property
    def owner_name(self) -> str:
        """Name the owner."""
        return str(self.organisation or self.user or self.exchange or self.outside)


class Transfer(models.Model):
    """A movement between accounts on a day. Never changed; a mistake is answered by a reversal.

    `key` makes posting idempotent; `digest` is SHA-256 over the content, so that one key cannot mean two things.
    `source` names what caused it as text ("deals.invoice:12"): the ledger knows nothing of other rooms.
    `bank_reference` is the bank's, where a bank moved money.
    """

    key = models.CharField(max_length=160, unique=True)
    date = models.DateField()
    description = models.CharField(max_length=300, blank=True)
    source = models.CharField(max_length=120, blank=True)
    bank_reference = models.CharField(max_length=120, blank=True)
    reversal_of = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="reversal")
    digest = models.CharField(max_length=64)
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    xid = models.BigIntegerField(db_default=CurrentTransaction())
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(key=""), name="ledger_transfer_has_key"),
            models.CheckConstraint(
                condition=Q(reversal_of__isnull=True) | ~Q(reversal_of=F("id")), name="ledger_transfer_not_own_reversal"
            ),
        ]
        indexes = [models.Index(fields=["source", "id"], name="ledger_transfer_source")]

    def __str__(self) -> str:
        return self.key


class Entry(models.Model):
    """One side of a transfer: a signed amount in whole VND on one account."""

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="entries")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="entries")
    amount = models.DecimalField(max_digits=18, decimal_places=0)

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="ledger_entry_moves_something"),
            models.UniqueConstraint(fields=["transfer", "account"], name="ledger_entry_one_per_account"),
        ]
        indexes = [models.Index(fields=["account", "-id"], include=["amount"], name="ledger_entry_statement")]
