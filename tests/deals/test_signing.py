import pytest

from deals.lifecycle import DealState
from tests.factories.deals import deal_room

pytestmark = pytest.mark.django_db


def test_deal_takes_effect_when_signed_without_mandatory_registration():
    room = deal_room(DealState.EFFECTIVE)
    assert room.running.state == DealState.EFFECTIVE
