"""Shapes of the API."""

from typing import Any

from rest_framework import serializers

from valuation import presenters
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

    class Meta:
        model = Suggestion
        fields = [
            "technology", "content_version", "low", "mid", "high", "no_price", "reasons", "grade", "methods", "drivers",
            "inputs", "comparables", "parameters", "seed", "paths", "versions", "input_hash", "created_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_inputs(self, suggestion: Suggestion) -> list[dict[str, Any]]:
        """Give each input with its origin, source and certainty."""
        return list(InputSerializer(suggestion.inputs["rows"], many=True).data)

    def get_parameters(self, suggestion: Suggestion) -> dict[str, Any] | None:
        """Give the exact arguments, with which anyone can compute the range again."""
        parameters: dict[str, Any] | None = suggestion.inputs["parameters"]
        return parameters

    def get_comparables(self, suggestion: Suggestion) -> list[dict[str, Any]]:
        """Give the published figures compared with."""
        return list(suggestion.inputs["comparables"])

    def get_methods(self, suggestion: Suggestion) -> list[dict[str, Any]]:
        """Give P10, P50, P90 and weight of each method."""
        return list((suggestion.result or {}).get("bars", []))

    def get_drivers(self, suggestion: Suggestion) -> list[dict[str, Any]]:
        """Give what each input does to the middle value at its P10 and P90, the widest first."""
        return list((suggestion.result or {}).get("tornado", []))

    def get_reasons(self, suggestion: Suggestion) -> list[str]:
        """Give the reasons for no price in the reader's language."""
        return [str(presenters.Reason(code).label) for code in suggestion.no_price]


class PriceSerializer(serializers.Serializer[Any]):
    """`state`: ready, or pending while none has been computed for the present content."""

    state = serializers.ChoiceField(choices=["ready", "pending"])
    suggestion = SuggestionSerializer(allow_null=True)
    notice = serializers.CharField()
