"""Shapes of the API."""

from typing import Any

from rest_framework import serializers

from valuation import disclosure, presenters, selectors
from valuation.closed_presenters import key_words
from valuation.closed_selectors import base_of
from valuation.disclosure import Reader
from valuation.models import Suggestion


class InputSerializer(serializers.Serializer[Any]):
    """One input: 1 value or 3 (low, middle, high) in `unit` (VND, fraction, years)."""

    name = serializers.CharField()
    values = serializers.ListField(child=serializers.FloatField())
    unit = serializers.CharField()
    origin = serializers.ChoiceField(choices=["measured", "owner", "default", "assumption"])
    source = serializers.CharField()  # type: ignore[assignment]
    certainty = serializers.CharField(help_text="A: read in the source; B: to be confirmed.")
    note = serializers.CharField()


class SuggestionSerializer(serializers.ModelSerializer[Suggestion]):
    """A suggested range: P10, P50, P90 in VND, or the reasons why there is none."""

    inputs = serializers.SerializerMethodField()
    parameters = serializers.SerializerMethodField()
    comparables = serializers.SerializerMethodField()
    methods = serializers.SerializerMethodField()
    drivers = serializers.SerializerMethodField()
    reasons = serializers.SerializerMethodField()
    ladder = serializers.SerializerMethodField()
    equivalents = serializers.SerializerMethodField()
    proposal = serializers.SerializerMethodField()
    seed = serializers.SerializerMethodField()
    input_hash = serializers.SerializerMethodField()
    is_of_earlier_methods = serializers.SerializerMethodField()

    class Meta:
        model = Suggestion
        fields = [
            "technology", "content_version", "interview_version", "low", "mid", "high", "no_price", "reasons", "grade", "methods", "ladder", "drivers",
            "equivalents", "proposal",
            "inputs", "comparables", "parameters", "seed", "paths", "versions",
            "is_of_earlier_methods", "input_hash", "created_at",
        ]  # fmt: skip
        read_only_fields = fields

    @property
    def reader(self) -> Reader:
        """Who reads."""
        found: Reader = self.context["reader"]
        return found

    def _result(self, suggestion: Suggestion) -> dict[str, Any]:
        return disclosure.result(suggestion, self.reader) or {}

    def get_inputs(self, suggestion: Suggestion) -> list[dict[str, Any]]:
        """Give each input with its origin, source and certainty; without values where the owner keeps them."""
        return list(InputSerializer(disclosure.input_rows(suggestion, self.reader), many=True).data)

    def get_parameters(self, suggestion: Suggestion) -> dict[str, Any] | None:
        """Give the exact arguments, with which the reader can compute the range again; null where they are kept."""
        return disclosure.parameters(suggestion, self.reader)

    def get_seed(self, suggestion: Suggestion) -> int | None:
        """Give the seed to whom the arguments are given."""
        return suggestion.seed if disclosure.can_reproduce(suggestion, self.reader) else None

    def get_input_hash(self, suggestion: Suggestion) -> str:
        """Give the hash to whom the arguments are given."""
        return suggestion.input_hash if disclosure.can_reproduce(suggestion, self.reader) else ""

    def get_is_of_earlier_methods(self, suggestion: Suggestion) -> bool:
        """Tell whether it was computed with other methods than those in use, which may count otherwise."""
        return not selectors.is_of_these_methods(suggestion)

    def get_comparables(self, suggestion: Suggestion) -> list[dict[str, Any]]:
        """Give the figures compared with and the `base` of each (net_revenue or net_selling_price); of closed deals,
        industry, source and note in the reader's language.
        """
        return [
            {
                **row,
                "base": base_of(row),
                **{name: key_words(row[name]) or row[name] for name in ("industry", "source", "note")},
            }
            for row in disclosure.comparables(suggestion, self.reader)
        ]

    def get_methods(self, suggestion: Suggestion) -> list[dict[str, Any]]:
        """Give P10, P50, P90 and weight of each method."""
        return list(self._result(suggestion).get("bars", []))

    def get_ladder(self, suggestion: Suggestion) -> list[dict[str, Any]]:
        """Give every method with its standing (used, shown, rejected) and the reason."""
        return list(self._result(suggestion).get("ladder", []))

    def get_drivers(self, suggestion: Suggestion) -> list[dict[str, Any]]:
        """Give what each input does to the middle value at its P10 and P90, the widest first."""
        return list(self._result(suggestion).get("tornado", []))

    def get_equivalents(self, suggestion: Suggestion) -> dict[str, Any] | None:
        """Give the payment forms worth the middle of the range."""
        return self._result(suggestion).get("equivalents")

    def get_proposal(self, suggestion: Suggestion) -> dict[str, Any] | None:
        """Give the terms to propose when no price is named."""
        return self._result(suggestion).get("proposal")

    def get_reasons(self, suggestion: Suggestion) -> list[str]:
        """Give the reasons for no price in the reader's language."""
        return [str(presenters.Reason(code).label) for code in suggestion.no_price]


class PriceSerializer(serializers.Serializer[Any]):
    """`state`: ready, or pending while none has been computed for the present content."""

    state = serializers.ChoiceField(choices=["ready", "pending"])
    suggestion = SuggestionSerializer(allow_null=True)
    notice = serializers.CharField()
