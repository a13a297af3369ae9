"""Accounts of the ledger, and transfers through the service that everything uses."""

import datetime
from decimal import Decimal
from typing import Any

import factory
from factory.django import DjangoModelFactory

from ledger.choices import AccountKind
from ledger.models import Account, Transfer
from ledger.services import Posting, post_transfer
from tests.factories.accounts import OrganisationFactory


class AccountFactory(DjangoModelFactory):
    """What an organisation has received. Trait bank: somebody outside."""

    class Meta:
        model = Account

    class Params:
        bank = factory.Trait(
            kind=AccountKind.BANK, organisation=None, outside=factory.Sequence(lambda n: f"Ngân hàng {n}")
        )

    kind = AccountKind.ROYALTY_INCOME
    organisation = factory.SubFactory(OrganisationFactory)


def transfer(amount: int, *, to: Account, giver: Account, key: str = "test:1", **values: Any) -> Transfer:
    """Post a transfer of `amount` VND from one account to another on 1 June 2026."""
    entries = [Posting(to, Decimal(amount)), Posting(giver, Decimal(-amount))]
    values = {"date": datetime.date(2026, 6, 1), "actor": None, **values}
    return post_transfer(key=key, entries=entries, **values)
