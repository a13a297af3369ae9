"""Every page of a deal at every stage, for everyone who may see it, in both languages."""

import pytest
from django.urls import reverse
from django.utils.translation import override

from deals.lifecycle import DealState
from tests.factories.deals import deal_room

pytestmark = pytest.mark.django_db

PAGES = {
    DealState.ENQUIRY: ["deal"],
    DealState.NDA: ["deal", "nda"],
    DealState.NEGOTIATING: ["deal", "nda", "make_offer", "disputes"],
    DealState.TERMS_AGREED: ["deal", "contract"],
    DealState.CONTRACT_DRAFTED: ["deal", "contract"],
    DealState.AGREED: ["deal", "contract", "signature"],
    DealState.EFFECTIVE: ["deal", "contract", "signature", "registration", "disputes"],
}


@pytest.mark.parametrize("state", PAGES)
def test_deal_pages_answer_everyone_who_may_see_them(client, state):
    room = deal_room(state)
    for who in (
        "researcher",
        "tto",
        "licensor_signatory",
        "buyer",
        "signatory",
        "buyer_researcher",
        "operator",
        "both",
    ):
        client.force_login(room.people[who])
        for page in PAGES[state]:
            for language in ("vi", "en"):
                with override(language):
                    address = reverse(f"deals:{page}", args=[room.running.pk])
                answer = client.get(address)
                expected = (
                    403
                    if page == "make_offer" and who in {"researcher", "operator", "both", "buyer_researcher"}
                    else 200
                )
                assert (who, page, answer.status_code) == (who, page, expected)
    for who in ("stranger", "rival", "colleague"):
        client.force_login(room.people[who])
        for page in PAGES[state]:
            assert client.get(reverse(f"deals:{page}", args=[room.running.pk])).status_code == 404
