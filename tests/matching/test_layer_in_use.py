"""What a layer changes while it serves: the order of lists, never the chance that is shown."""

from typing import Any

import pytest

from accounts.models import User
from audit.models import Event
from listings.models import Demand, Technology
from matching import layer, selectors, services
from matching.choices import Answer, Side
from matching.facts import launch_delays
from matching.lifecycle import LayerState
from matching.models import Layer, Match, Run
from matching.presenters import reason_rows
from matching.services import layers, searching
from tests.factories.accounts import person
from tests.factories.layers import CHEAP, DEAR, demand_of_two_offers, proposed, weights

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("few")]


@pytest.fixture
def demand() -> Demand:
    return demand_of_two_offers()


def titles(demand: Demand) -> list[str]:
    return [match.technology.title for match in Match.objects.filter(demand=demand).order_by("position")]


def test_order_changes_after_promotion_and_returns_after_withdrawal(demand: Demand, manager: User) -> None:
    before = list(Match.objects.filter(demand=demand).order_by("pk").values_list("score", "position", "exchange_shift"))
    assert titles(demand) == [DEAR, CHEAP]
    made = proposed(weights(price_not=-2.0, price_fits=2.0))
    layers.promote_layer(layer=made, actor=None)
    assert selectors.searched_with_another_layer(made) == [demand.pk]
    services.sweep()
    assert titles(demand) == [CHEAP, DEAR]
    shifts = dict(Match.objects.filter(demand=demand).values_list("technology__title", "exchange_shift"))
    assert shifts == {CHEAP: 2.0, DEAR: -2.0}
    assert Run.objects.get(demand=demand).layer == made
    assert selectors.searched_with_another_layer(made) == []
    services.withdraw_layer(layer=made, actor=manager, reason="It does not fit what companies say")
    services.sweep()
    after = list(Match.objects.filter(demand=demand).order_by("pk").values_list("score", "position", "exchange_shift"))
    assert after == [(pytest.approx(score), position, shift) for score, position, shift in before]
    assert titles(demand) == [DEAR, CHEAP]
    last = Event.objects.filter(subject_type="matching.layer", subject_id=made.pk).latest("seq")
    assert (last.tag, last.actor_id) == ("layer.withdraw", manager.pk)


def test_both_sides_are_told_that_answers_of_the_exchange_moved_the_place(demand: Demand) -> None:
    layers.promote_layer(layer=proposed(weights(price_not=-0.4)), actor=None)
    services.match_listing(kind="demand", pk=demand.pk)
    match = Match.objects.get(demand=demand, technology__title=DEAR)
    buyer = person(role="representative", organisation=demand.organisation)
    supplier = person(role="tto_officer", organisation=match.technology.organisation)
    for reader in (buyer, supplier):
        (row,) = [row for row in reason_rows(match, reader, launch_delays()) if row["kind"] == "exchange"]
        assert row["weight"] == pytest.approx(-0.4)


@pytest.mark.parametrize("other", [{"version": layer.VERSION + 1}, {"space": "another"}])
def test_a_layer_for_other_features_or_vectors_is_not_used(demand: Demand, other: dict[str, Any]) -> None:
    made = proposed(weights(price_not=-2.0, price_fits=2.0), **other)
    Layer.objects.filter(pk=made.pk).update(state=LayerState.SERVING)
    services.match_listing(kind="demand", pk=demand.pk)
    assert titles(demand) == [DEAR, CHEAP]
    assert selectors.serving_layer() == made
    assert selectors.layer_in_use() is None
    successor = layers.promote_layer(layer=proposed(), actor=None)
    made.refresh_from_db()
    assert (made.state, selectors.layer_in_use()) == (LayerState.SUCCEEDED, successor)


def test_a_search_from_the_supply_is_left_alone(demand: Demand) -> None:
    layers.promote_layer(layer=proposed(weights(price_not=-1.5)), actor=None)
    Match.objects.all().delete()
    services.match_listing(kind="technology", pk=Technology.objects.get(title=DEAR).pk)
    assert Match.objects.get().exchange_shift == 0


def test_a_layer_moves_the_order_and_not_the_chance_that_is_shown(demand: Demand) -> None:
    before = {match.pk: match.chance for match in Match.objects.filter(demand=demand)}
    layers.promote_layer(layer=proposed(weights(price_not=-2.0, price_fits=2.0)), actor=None)
    services.match_listing(kind="demand", pk=demand.pk)
    assert titles(demand) == [CHEAP, DEAR]
    for match in Match.objects.filter(demand=demand):
        assert match.exchange_shift
        assert match.chance == pytest.approx(before[match.pk], abs=1e-9)


def test_one_sweep_searches_a_demand_once(demand: Demand, monkeypatch: pytest.MonkeyPatch) -> None:
    buyer = person(role="representative", organisation=demand.organisation)
    match = Match.objects.get(demand=demand, technology__title=CHEAP)
    services.answer_match(match=match, actor=buyer, side=Side.DEMAND, answer=Answer.SHORTLIST)
    made = layers.promote_layer(layer=proposed(), actor=None)
    assert selectors.unlearned() == selectors.searched_with_another_layer(made) == [demand.pk]
    searched = []
    monkeypatch.setattr(
        searching, "match_listing", lambda *, kind, pk: searched.append(pk if kind == "demand" else None)
    )
    services.sweep()
    assert searched.count(demand.pk) == 1
