"""What the database itself refuses."""

import datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from ledger.models import Account, Entry, Transfer
from tests.factories.ledger import AccountFactory, transfer

pytestmark = pytest.mark.django_db(transaction=True)
NEW = {"key": "raw:1", "date": datetime.date(2026, 6, 1), "digest": "0" * 64}


def commit(*amounts: int) -> None:
    with transaction.atomic():
        raw = Transfer.objects.create(**NEW)
        for amount in amounts:
            Entry.objects.create(transfer=raw, account=AccountFactory(), amount=Decimal(amount))


@pytest.mark.parametrize("amounts", [(), (5,), (5, -4), (5, -5, 1)])
def test_transfer_that_does_not_balance_is_refused_at_commit(amounts):
    with pytest.raises(IntegrityError):
        commit(*amounts)

    assert Transfer.objects.count() == 0
    assert Entry.objects.count() == 0


def test_transfer_that_balances_commits():
    commit(5, -3, -2)

    assert Entry.objects.count() == 3


def test_entries_cannot_join_a_closed_transfer():
    received, bank = AccountFactory(), AccountFactory(bank=True)
    posted = transfer(1_000, to=received, giver=bank)

    with pytest.raises(DatabaseError, match="is closed"):
        with transaction.atomic():
            Entry.objects.create(transfer=posted, account=AccountFactory(), amount=Decimal(1))


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ledger_entry SET amount = amount * 2",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry",
        "UPDATE ledger_transfer SET description = 'x'",
        "DELETE FROM ledger_transfer",
        "TRUNCATE ledger_transfer CASCADE",
        "UPDATE ledger_account SET reference = 'x'",
    ],
)
def test_what_was_posted_cannot_be_changed(sql):
    transfer(1_000, to=AccountFactory(), giver=AccountFactory(bank=True))
    before = list(Entry.objects.order_by("pk").values())

    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute(sql)

    assert list(Entry.objects.order_by("pk").values()) == before


def test_account_has_exactly_one_owner():
    account = AccountFactory()

    with pytest.raises(IntegrityError):
        Account.objects.create(kind=account.kind)
    with pytest.raises(IntegrityError):
        Account.objects.create(kind=account.kind, organisation=account.organisation, outside="bank")
    with pytest.raises(IntegrityError):
        Account.objects.create(kind=account.kind, organisation=account.organisation)
