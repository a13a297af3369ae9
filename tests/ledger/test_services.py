"""Posting, reversing and mirroring."""

import datetime
import threading
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from audit.models import Event
from ledger.choices import AccountKind
from ledger.models import Account, Entry, Transfer
from ledger.selectors import balance, imbalance
from ledger.services import Posting, get_account, mirror_bank_movement, post_transfer, reverse_transfer
from marketplace.kit.errors import Conflict, NotAllowed
from tests.factories.accounts import OrganisationFactory, person
from tests.factories.ledger import AccountFactory, transfer

DAY = datetime.date(2026, 6, 1)


@pytest.mark.django_db
def test_post_transfer_moves_money_and_leaves_an_audit_row():
    received, bank = AccountFactory(), AccountFactory(bank=True)
    actor = person()

    posted = transfer(1_000, to=received, giver=bank, source="deals.invoice:12", actor=actor)

    assert balance(received) == 1_000
    assert balance(bank) == -1_000
    assert imbalance() == 0
    event = Event.objects.get(subject_type="ledger.transfer", subject_id=posted.pk)
    assert (event.tag, event.actor) == ("transfer.post", actor)
    assert event.data["entries"] == {str(received.pk): "1000", str(bank.pk): "-1000"}


@pytest.mark.django_db
def test_post_transfer_with_the_same_key_and_content_gives_the_same_transfer():
    received, bank = AccountFactory(), AccountFactory(bank=True)

    first = transfer(1_000, to=received, giver=bank)
    again = transfer(1_000, to=received, giver=bank)

    assert again == first
    assert Entry.objects.count() == 2
    assert Event.objects.filter(tag="transfer.post").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"amount": 2_000}, {"date": datetime.date(2026, 6, 2)}, {"description": "other"}])
def test_post_transfer_with_the_same_key_and_other_content_is_refused(change):
    received, bank = AccountFactory(), AccountFactory(bank=True)
    transfer(1_000, to=received, giver=bank)

    with pytest.raises(Conflict):
        transfer(**{"amount": 1_000, "to": received, "giver": bank, **change})

    assert balance(received) == 1_000


@pytest.mark.django_db
@pytest.mark.parametrize("amounts", [[], [5], [5, -4], [0, 0], [Decimal("0.5"), Decimal("-0.5")]])
def test_post_transfer_refuses_what_does_not_balance_in_whole_dong(amounts):
    entries = [Posting(AccountFactory(), Decimal(amount)) for amount in amounts]

    with pytest.raises(ValidationError):
        post_transfer(key="test:1", entries=entries, date=DAY, actor=None)

    assert Transfer.objects.count() == 0


@pytest.mark.django_db
def test_post_transfer_adds_up_postings_on_one_account():
    received, bank = AccountFactory(), AccountFactory(bank=True)
    entries = [Posting(received, Decimal(3)), Posting(received, Decimal(4)), Posting(bank, Decimal(-7))]

    posted = post_transfer(key="test:1", entries=entries, date=DAY, actor=None)

    assert {entry.account: entry.amount for entry in posted.entries.all()} == {received: 7, bank: -7}


@pytest.mark.django_db
def test_reverse_transfer_takes_a_transfer_back_once():
    received, bank = AccountFactory(), AccountFactory(bank=True)
    posted = transfer(1_000, to=received, giver=bank, source="deals.invoice:12")

    reversal = reverse_transfer(transfer=posted, date=DAY, reason="Wrong invoice", actor=None)
    again = reverse_transfer(transfer=posted, date=DAY, reason="Wrong invoice", actor=None)

    assert again == reversal
    assert (reversal.reversal_of, reversal.source) == (posted, "deals.invoice:12")
    assert balance(received) == balance(bank) == 0
    with pytest.raises(Conflict):
        reverse_transfer(transfer=posted, date=DAY, reason="Another reason", actor=None)
    with pytest.raises(Conflict):
        reverse_transfer(transfer=reversal, date=DAY, reason="And back", actor=None)
    with pytest.raises(ValidationError):
        reverse_transfer(transfer=posted, date=DAY, reason=" ", actor=None)


@pytest.mark.django_db
def test_get_account_gives_one_account_per_owner_and_kind():
    organisation = OrganisationFactory()

    first = get_account(kind=AccountKind.RECEIVABLE, organisation=organisation)

    assert get_account(kind=AccountKind.RECEIVABLE, organisation=organisation) == first
    assert get_account(kind=AccountKind.PAYABLE, organisation=organisation) != first
    assert get_account(kind=AccountKind.BANK, outside="bank") == get_account(kind=AccountKind.BANK, outside="bank")


@pytest.mark.django_db
def test_escrow_mirror_repeats_a_line_of_the_bank_once():
    party = OrganisationFactory()
    operator = person("operator", exchange=party.exchange)
    line = {
        "exchange": party.exchange, "bank": "VietinBank", "account_number": "112000", "bank_reference": "FT26152",
        "date": DAY, "party": party, "actor": operator,
    }  # fmt: skip

    first = mirror_bank_movement(amount=Decimal(5_000_000), **line)
    again = mirror_bank_movement(amount=Decimal(5_000_000), **line)
    mirror_bank_movement(amount=Decimal(-2_000_000), **{**line, "bank_reference": "FT26160"})

    assert again == first
    assert first.bank_reference == "FT26152"
    assert balance(Account.objects.get(kind=AccountKind.ESCROW_MIRROR)) == 3_000_000
    with pytest.raises(Conflict):
        mirror_bank_movement(amount=Decimal(6_000_000), **line)
    with pytest.raises(ValidationError):
        mirror_bank_movement(amount=Decimal(1), **{**line, "bank_reference": " "})


@pytest.mark.django_db
@pytest.mark.parametrize("role", [None, "representative", "operator"])
def test_escrow_mirror_is_for_operators_of_the_exchange(role):
    party = OrganisationFactory()
    stranger = person(role)  # of another organisation or exchange

    with pytest.raises(NotAllowed):
        mirror_bank_movement(
            exchange=party.exchange, bank="VietinBank", account_number="1", amount=Decimal(1), bank_reference="FT1",
            date=DAY, party=party, actor=stranger,
        )  # fmt: skip

    assert Account.objects.count() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("other_content", [False, True])
def test_post_transfer_twice_at_once_posts_once(other_content):
    received, bank = AccountFactory(), AccountFactory(bank=True)
    barrier = threading.Barrier(2)
    outcomes: list[object] = []

    def post(amount: int) -> None:
        try:
            barrier.wait(timeout=10)
            outcomes.append(transfer(amount, to=received, giver=bank).pk)
        except Conflict:
            outcomes.append(Conflict)
        finally:
            connection.close()

    amounts = [1_000, 2_000 if other_content else 1_000]
    threads = [threading.Thread(target=post, args=(amount,)) for amount in amounts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    posted = Transfer.objects.get()
    expected = {posted.pk, Conflict} if other_content else {posted.pk}
    assert len(outcomes) == 2
    assert set(outcomes) == expected
    assert Entry.objects.count() == 2
    assert imbalance() == 0
