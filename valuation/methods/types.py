"""What every method takes and gives back: conventions, errors and results.

Money is VND unless a caller says otherwise (every method is homogeneous of degree one in money);
rates, shares and probabilities are fractions 0-1; times are years from the valuation date.
"""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

__all__ = [
    "ArrayLike",
    "BaseMismatchError",
    "Conventions",
    "Floats",
    "InvalidInputError",
    "MethodError",
    "Percentiles",
    "Timing",
    "array",
    "canonical_bytes",
    "digest",
    "finite",
    "inner",
    "jsonable",
    "require",
    "scalar",
]


class MethodError(ValueError):
    """A method cannot give an answer; the message says why in terms of its inputs."""


class InvalidInputError(MethodError):
    """An input is outside the domain of the method (negative life, rate at or below -100 %, …)."""


class BaseMismatchError(MethodError):
    """A rate quoted on one base was applied to money of another base."""


class Timing(enum.StrEnum):
    """When inside its year a cash flow falls."""

    END_YEAR = "end-year"
    MID_YEAR = "mid-year"


@dataclass(frozen=True, slots=True)
class Conventions:
    """The choices a reader must know to reproduce a number; carried by every result that depends on one."""

    timing: str | None = None
    day_count: str | None = None
    quantile_rule: str | None = None
    tree: str | None = None
    pooling: str | None = None
    sampler: str | None = None


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Order statistics of a simulated value, in its unit, each with its standard error.

    ``levels`` are fractions in ascending order; ``values`` and ``standard_errors`` have the same length.
    """

    levels: tuple[float, ...]
    values: tuple[float, ...]
    standard_errors: tuple[float, ...]
    mean: float
    mean_standard_error: float
    standard_deviation: float
    paths: int
    rule: str

    def at(self, level: float) -> float:
        """Value at one of the recorded ``levels``; KeyError for another level."""
        for known, value in zip(self.levels, self.values, strict=True):
            if math.isclose(known, level, abs_tol=1e-12):
                return value
        raise KeyError(level)

    def error_at(self, level: float) -> float:
        """Standard error of :meth:`at`."""
        for known, error in zip(self.levels, self.standard_errors, strict=True):
            if math.isclose(known, level, abs_tol=1e-12):
                return error
        raise KeyError(level)


def require(condition: Any, message: str) -> None:
    """Raise InvalidInputError with ``message`` unless ``condition`` holds (for all elements of an array)."""
    if not np.all(condition):
        raise InvalidInputError(message)


def array(values: ArrayLike, name: str) -> Floats:
    """``values`` as a float64 array without NaN or infinity; InvalidInputError names the input otherwise."""
    try:
        out = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"{name} is not a number or a list of numbers") from error
    if not np.isfinite(out).all():
        raise InvalidInputError(f"{name} holds a value that is not finite")
    return out


def finite(value: float, name: str) -> float:
    """``value`` as a finite float; InvalidInputError names the input otherwise."""
    return float(array(value, name).reshape(()))


def inner(one: Floats, other: Floats) -> float:
    """Sum of products of two (n,) arrays in numpy's own loop: one thread, the same bytes on any number of cores."""
    return float(np.einsum("i,i->", one, other))


def scalar(values: Floats) -> float | Floats:
    """A 0-d array as a float, any other array unchanged."""
    return float(values) if np.ndim(values) == 0 else values


def jsonable(value: Any) -> Any:
    """``value`` (dataclasses, enums, arrays, mappings, sequences) as plain JSON types, keys as text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: jsonable(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {_key(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [jsonable(item) for item in value]
    return value


def _key(key: Any) -> str:
    if isinstance(key, enum.Enum):
        return str(key.value)
    if isinstance(key, tuple):
        return "|".join(_key(part) for part in key)
    return str(key)


def canonical_bytes(value: Any) -> bytes:
    """UTF-8 JSON of ``value`` with sorted keys and no spaces: equal values give equal bytes."""
    return json.dumps(jsonable(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(value: Any) -> str:
    """SHA-256 of :func:`canonical_bytes`, hexadecimal."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()
