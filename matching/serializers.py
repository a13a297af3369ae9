"""How matches look in the API."""

from typing import Any

from django.utils.functional import cached_property
from rest_framework import serializers

from matching.choices import DeclineReason, Often, Side
from matching.facts import Delays, launch_delays
from matching.models import Match, Response, SavedSearch
from matching.presenters import demander, reason_rows


class ResponseSerializer(serializers.ModelSerializer[Response]):
    """What a side said."""

    class Meta:
        model = Response
        fields = ["side", "answer", "reason", "note", "at"]


class MatchSerializer(serializers.ModelSerializer[Match]):
    """A match with its reasons; `score` is the probability that is shown, 0-1."""

    technology_title = serializers.CharField(source="technology.title", read_only=True)
    demand_title = serializers.CharField(source="demand.title", read_only=True)
    supplier = serializers.CharField(source="technology.organisation", read_only=True)
    demander = serializers.SerializerMethodField()
    score = serializers.SerializerMethodField()
    reasons = serializers.SerializerMethodField()
    responses = ResponseSerializer(many=True, read_only=True)

    class Meta:
        model = Match
        fields = [
            "id", "technology", "technology_title", "supplier", "demand", "demand_title", "demander", "score",
            "reasons", "responses", "created_at", "refreshed_at",
        ]  # fmt: skip

    def get_score(self, match: Match) -> float:
        """Give the estimated chance that the two fit, from their texts."""
        return match.chance

    def get_demander(self, match: Match) -> str:
        """Give the company's name unless it is masked."""
        return demander(match, self.context["request"].user)

    def get_reasons(self, match: Match) -> list[dict[str, Any]]:
        """Give kind, label and detail of each reason, and its weight (-1 to 1); a fact has a verdict (fits, near, not)."""
        return reason_rows(match, self.context["request"].user, self.delays)

    @cached_property
    def delays(self) -> Delays:
        """The rules that facts need, asked once for a list."""
        return launch_delays()


class ShortlistSerializer(serializers.Serializer[Any]):
    """For which side."""

    side = serializers.ChoiceField(choices=Side.choices)
    position = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=10**6)


class DeclineSerializer(ShortlistSerializer):
    """For which side, and why."""

    reason = serializers.ChoiceField(choices=DeclineReason.choices)
    note = serializers.CharField(required=False, allow_blank=True, default="", max_length=2000)


class SavedSearchSerializer(serializers.ModelSerializer[SavedSearch]):
    """A search that the person keeps; `query` is the part of the list's address after the question mark."""

    class Meta:
        model = SavedSearch
        fields = ["id", "kind", "query", "name", "often", "created_at", "checked_at"]
        read_only_fields = ["name", "created_at", "checked_at"]
        validators: list[Any] = []  # the same search again only changes how often it is mailed


class OftenSerializer(serializers.Serializer[Any]):
    """How often the finds are mailed."""

    often = serializers.ChoiceField(choices=Often.choices)
