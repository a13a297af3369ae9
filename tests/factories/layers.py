"""Layers as if they had been learned."""

from typing import Any

from matching import layer
from matching.answers import Terms
from matching.layer import FEATURES, Weights
from matching.models import Layer
from search import vectors

FEW = Terms(taken=40, demands=40, organisations=3, most_share=0.4, growth=0.1, place_slope=1.0)
GOOD = {
    "demands": 60, "dcg@10": {"without": 0.5, "with": 0.6}, "difference_interval": [0.05, 0.15],
    "calibration_error": {"without": 0.04, "with": 0.03}, "promote": True,
}  # fmt: skip


def weights(**values: float) -> Weights:
    named = {name.replace("_", " "): value for name, value in values.items()}
    return Weights(tuple(named.get(name, 0.0) for name in FEATURES), (0.0,) * len(FEATURES), -9.0, 9.0)


def proposed(made: Weights | None = None, **values: Any) -> Layer:
    stored = {
        "version": layer.VERSION, "space": vectors.serving()[0], "model": (made or weights()).as_dict(),
        "place_slope": 1.0, "taken": 200, "shown": 900, "demands": 80, "organisations": 12, "replay": GOOD,
    }  # fmt: skip
    return Layer.objects.create(**{**stored, **values})
