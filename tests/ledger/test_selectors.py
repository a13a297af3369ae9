"""Balances and statements, and who may read them."""

import datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import AnonymousUser

from ledger.choices import AccountKind
from ledger.selectors import balance, entries_from, statement, visible_accounts
from tests.factories.accounts import OrganisationFactory, person
from tests.factories.ledger import AccountFactory, transfer

pytestmark = pytest.mark.django_db


def viewer(who, organisation):
    return {
        "anonymous": lambda: AnonymousUser(),
        "stranger": lambda: person(),
        "other organisation": lambda: person("tto_officer"),
        "other operator": lambda: person("operator"),
        "researcher": lambda: person("researcher", organisation=organisation),
        "tto_officer": lambda: person("tto_officer", organisation=organisation),
        "signatory": lambda: person("signatory", organisation=organisation),
        "operator": lambda: person("operator", exchange=organisation.exchange),
    }[who]()


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("anonymous", False), ("stranger", False), ("other organisation", False), ("other operator", False),
        ("researcher", False), ("tto_officer", True), ("signatory", True), ("operator", True),
    ],
)  # fmt: skip
def test_accounts_of_an_organisation_are_for_those_who_handle_its_money(who, sees):
    account = AccountFactory(organisation=OrganisationFactory(university=True))
    transfer(1_000, to=account, giver=AccountFactory(bank=True))
    reader = viewer(who, account.organisation)

    assert list(visible_accounts(reader)) == ([account] if sees else [])
    assert [entry.amount for entry in statement(account, viewer=reader)] == ([1_000] if sees else [])


def test_account_of_a_person_is_the_persons_own():
    user = person()
    account = AccountFactory(kind=AccountKind.INVENTOR_PAYABLE, organisation=None, user=user)

    assert list(visible_accounts(user)) == [account]
    assert list(visible_accounts(person())) == []


def test_statement_runs_the_balance_and_costs_one_query(django_assert_num_queries):
    account, bank = AccountFactory(), AccountFactory(bank=True)
    reader = person("representative", organisation=account.organisation)
    transfer(1_000, to=account, giver=bank, key="a", date=datetime.date(2026, 6, 2))
    transfer(500, to=account, giver=bank, key="b", date=datetime.date(2026, 6, 1))
    transfer(300, to=bank, giver=account, key="c", date=datetime.date(2026, 6, 3))
    assert reader.seats

    with django_assert_num_queries(1):
        rows = [(e.transfer.key, e.amount, e.balance, e.account.owner_name) for e in statement(account, viewer=reader)]

    name = str(account.organisation)
    assert rows == [("b", 500, 500, name), ("a", 1_000, 1_500, name), ("c", -300, 1_200, name)]
    assert balance(account, on=datetime.date(2026, 6, 1)) == 500
    assert visible_accounts(reader).get().balance == Decimal(1_200)


@pytest.mark.parametrize("count", [1, 3])
def test_entries_from_gives_the_viewers_side_of_what_a_source_caused(count, django_assert_num_queries):
    account, bank = AccountFactory(), AccountFactory(bank=True)
    reader = person("representative", organisation=account.organisation)
    for number in range(count):
        transfer(1_000, to=account, giver=bank, key=f"t{number}", source="deals.invoice:1")
    transfer(1_000, to=account, giver=bank, key="other", source="deals.invoice:2")
    assert reader.seats

    with django_assert_num_queries(1):
        found = [(str(e.account), e.amount, e.transfer.key) for e in entries_from(["deals.invoice:1"], viewer=reader)]

    assert found == [(str(account), 1_000, f"t{number}") for number in range(count)]
    assert list(entries_from(["deals.invoice:1"], viewer=person())) == []
