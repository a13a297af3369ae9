"""An open deal and the law keep a person's name; the reason is said; afterwards it goes."""

import datetime

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import override

from accounts.models import User
from deals import people
from deals.models import Deal, Dispute
from rules.models import Rule
from tests.factories.deals import deal_room

pytestmark = pytest.mark.django_db


def test_settings_name_functions() -> None:
    assert all(callable(import_string(name)) for name in settings.PERSON_KEPT_BY + settings.PERSON_FORGOTTEN_BY)


def test_an_open_deal_and_then_the_law_keep_the_names_of_who_acted_in_it() -> None:
    room = deal_room("negotiating")
    deal, signatory = room.running, room.signatory
    acted = [room.buyer, signatory, room.licensor_signatory]
    with override("en"):
        assert [people.keeps(one) for one in acted] == [[f"Deal {deal.code} is open."]] * 3
        assert people.keeps(room.researcher) == people.keeps(room.buyer_admin) == []
    with pytest.raises(CommandError, match=deal.code):
        call_command("anonymise_person", signatory.email)
    signatory.refresh_from_db()
    assert (signatory.is_active, signatory.memberships.filter(is_active=True).count()) == (True, 1)

    Deal.objects.update(state="lapsed")
    years = int(Rule.objects.get(code="privacy.contract.keep").value or 0)
    with override("en"):
        assert people.keeps(signatory) == [f"The papers of deal {deal.code} are kept for {years} years after its end."]
        assert people.keeps(room.buyer) == []  # who only asked, and accepted nothing
        dispute = Dispute.objects.create(deal=deal, opened_by=room.buyer, side="licensee", reason="Giao muộn")
        assert people.keeps(room.buyer) == [f"Deal {deal.code} is open."]
        dispute.delete()
    Deal.objects.update(state_since=timezone.now() - datetime.timedelta(days=366 * years))
    call_command("anonymise_person", signatory.email)
    assert User.objects.get(pk=signatory.pk).email.endswith("@anonymous.invalid")
