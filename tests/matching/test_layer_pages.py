"""The page of what the answers of the whole exchange taught."""

from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from matching import layer, selectors, services
from matching.lifecycle import LayerState
from matching.models import Layer
from matching.services import layers
from tests.factories.accounts import person
from tests.factories.layers import proposed, weights

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few")]
LEARNED = "/en/matches/exposure/learned/"


@pytest.mark.parametrize(
    ("role", "status", "withdraws"),
    [(None, 302, 302), ("representative", 403, 403), ("operator", 200, 403), ("manager", 200, 302)],
)
def test_the_page_of_what_was_learned_is_for_the_exchange_and_withdrawing_for_its_managers(
    client: Client, role: str | None, status: int, withdraws: int
) -> None:
    made = layers.promote_layer(layer=proposed(weights(price_not=-0.8, place_fits=0.3)), actor=None)
    if role is not None:
        client.force_login(person(role=role))
    address = f"{LEARNED}{made.pk}/withdraw/"
    answer = client.get(LEARNED)
    assert answer.status_code == status
    if status == 200:
        page = BeautifulSoup(answer.content, "html.parser").main
        assert page is not None
        rows = {row.th.text: [cell.text for cell in row.select("td")] for row in page.select("tbody tr") if row.th}
        assert rows["Price"] == ["0.00", "0.00", "−0.80"]
        assert rows["Place"] == ["+0.30", "0.00", "0.00"]
        assert "50% → 60%" in page.get_text()
        assert (page.select_one(f"form[action='{address}']") is not None) is (role == "manager")
    events = Event.objects.count()
    assert client.post(address, {"reason": "Giá không còn đúng"}).status_code == withdraws
    made.refresh_from_db()
    gone = role == "manager"
    assert (made.state, made.note) == (
        (LayerState.WITHDRAWN, "Giá không còn đúng") if gone else (LayerState.SERVING, "")
    )
    assert Event.objects.count() == events + gone


def test_a_withdrawal_without_a_reason_or_twice_is_refused_on_the_page(client: Client, manager: User) -> None:
    made = layers.promote_layer(layer=proposed(), actor=None)
    client.force_login(manager)
    address = f"{LEARNED}{made.pk}/withdraw/"
    assert client.post(address, {"reason": "a\u202eb"}).status_code == 400
    with pytest.raises(ValidationError):
        services.withdraw_layer(layer=made, actor=manager, reason="a\u202eb")
    refused = client.post(address, {"reason": " "})
    assert refused.status_code == 400
    page = BeautifulSoup(refused.content, "html.parser")
    assert page.select_one("details[open] [name=reason][aria-invalid=true]") is not None
    assert client.post(address, {"reason": "Sai"}).status_code == 302
    assert client.post(address, {"reason": "Sai"}).status_code == 409
    after = BeautifulSoup(client.get(LEARNED).content, "html.parser").get_text(" ")
    assert "Nothing learned is in use" in after
    assert "Sai" in after


def test_the_page_says_of_a_layer_for_other_features_that_it_is_not_used(client: Client, manager: User) -> None:
    made = proposed(version=layer.VERSION - 1, model={**weights().as_dict(), "weights": {"odds": 0.1}})
    Layer.objects.filter(pk=made.pk).update(state=LayerState.SERVING, decided_at=timezone.now())
    client.force_login(manager)
    page = BeautifulSoup(client.get(LEARNED).content, "html.parser").main
    assert page is not None
    assert "It is not used" in page.get_text()
    assert "In use" not in [heading.text for heading in page.select("h2")]
    assert page.select_one(".badge-verified") is None
    assert page.select_one("tbody td").text == "–"


def test_a_withdrawal_meant_for_another_layer_stops_none(client: Client, manager: User) -> None:
    old = layers.promote_layer(layer=proposed(), actor=None)
    new = layers.promote_layer(layer=proposed(compared_with=old), actor=None)
    client.force_login(manager)
    for reason in ("", "Sai"):
        assert client.post(f"{LEARNED}{old.pk}/withdraw/", {"reason": reason}).status_code == 409
    assert selectors.layer_in_use() == new


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_of_what_was_learned_asks_the_same_for_three_layers_as_for_one(
    client: Client, manager: User, count: int, django_assert_num_queries: Any
) -> None:
    for _number in range(count):
        layers._refuse_layer(layer=proposed(), actor=None)
    client.force_login(manager)
    client.get(LEARNED)
    with django_assert_num_queries(6):
        client.get(LEARNED)


def test_before_anything_was_learned_the_page_says_what_it_takes(client: Client, manager: User) -> None:
    client.force_login(manager)
    page = BeautifulSoup(client.get(LEARNED).content, "html.parser").get_text(" ")
    assert "once 40 matches were taken up in 40 demands of 3 companies" in " ".join(page.split())
    assert "Nothing yet" in page
