"""The simulated market on the samples: what is learned from bent answers helps in truth, and nothing is found in noise."""

from collections.abc import Iterator

import pytest

from benchmarks import market, stand
from benchmarks.market import MARKETS, Need
from search import embedder
from tests.search.test_samples_ranking import VECTORS

pytestmark = [pytest.mark.long, pytest.mark.django_db]


@pytest.fixture
def needs() -> Iterator[list[Need]]:
    embedder.use_embedder(stand.StoredEmbedder(embedder.current_embedder(), VECTORS))
    try:
        yield market.load(variants=8)
    finally:
        embedder.use_embedder(None)


def test_replay_of_the_samples_finds_what_is_there_and_nothing_else(needs: list[Need]) -> None:
    assert len(needs) > 25
    found = market.simulate(needs, MARKETS["facts count"], sizes=(400,), draws=1, slope=1.0)
    assert found["gain_of_the_true_weights"] > 0.03
    assert found["400 demands"]["true_gain_interval_of_first"][0] > 0
    assert found["400 demands"]["true_gain"] < found["gain_of_the_true_weights"]
    empty = market.simulate(needs, MARKETS["texts alone"], sizes=(400,), draws=2, slope=1.0)
    assert empty["400 demands"]["promoted"] == 0
