"""Layers as if they had been learned."""

from typing import Any

from listings.models import Demand
from listings.services.publication import index_listing
from matching import layer, services
from matching.answers import Terms
from matching.layer import FEATURES, Weights
from matching.models import Layer
from search import embeddings, index, vectors
from tests.factories.listings import DemandFactory, TechnologyFactory

FEW = Terms(taken=40, demands=40, organisations=3, most_share=0.4, growth=0.1, place_slope=1.0)
GOOD = {
    "demands": 60, "dcg@10": {"without": 0.5, "with": 0.6}, "difference_interval": [0.05, 0.15],
    "calibration_error": {"without": 0.04, "with": 0.03}, "promote": True,
}  # fmt: skip
EMPTY = {"solution": "", "applications": "", "keywords": [], "ipc": []}
CHEAP, DEAR = "Cột lọc asen trong nước giếng bằng than", "Cột lọc asen trong nước giếng bằng oxit sắt"


def weights(**values: float) -> Weights:
    named = {name.replace("_", " "): value for name, value in values.items()}
    return Weights(tuple(named.get(name, 0.0) for name in FEATURES), (0.0,) * len(FEATURES), -9.0, 9.0)


def proposed(made: Weights | None = None, **values: Any) -> Layer:
    stored = {
        "version": layer.VERSION, "space": vectors.serving()[0], "model": (made or weights()).as_dict(),
        "place_slope": 1.0, "taken": 200, "shown": 900, "demands": 80, "organisations": 12, "replay": GOOD,
    }  # fmt: skip
    return Layer.objects.create(**{**stored, **values})


def demand_of_two_offers() -> Demand:
    """Give a demand with a budget, and two offers: the better text asks more than it."""
    values = {"fields": [], "province": None, "trl": None, "rights_offered": [], "legal_class": ""}
    for title, price in ((DEAR, 900), (CHEAP, 90)):
        offer = TechnologyFactory(
            published=True,
            title=title,
            summary=title,
            problem=title,
            price_min=price,
            price_max=None,
            **EMPTY,
            **values,
        )
        index_listing(offer)
    demand = DemandFactory(
        published=True, title="Cột lọc asen trong nước giếng", problem="Cột lọc asen trong nước giếng, như oxit sắt.",
        effect="",
        budget_min=None, budget_max=100,
    )  # fmt: skip
    index_listing(demand)
    while embeddings.embed_documents():
        pass
    index.catch_up()
    services.match_listing(kind="demand", pk=demand.pk)
    return demand
