"""Shapes of the API."""

from typing import Any

from rest_framework import serializers

from rules.models import Rule, RuleProposal


class RuleSerializer(serializers.ModelSerializer[Rule]):
    """A dated row. `stale`: its review was due and it still counts."""

    stale = serializers.SerializerMethodField()

    class Meta:
        model = Rule
        fields = [
            "code", "value", "text", "unit", "valid_from", "valid_to", "source", "certainty", "note", "review_by", "stale"
        ]  # fmt: skip
        read_only_fields = fields

    def get_stale(self, rule: Rule) -> bool:
        """Tell whether the review was due before the day asked for."""
        return rule.review_by is not None and rule.review_by < self.context["day"]


class ProposalSerializer(serializers.ModelSerializer[RuleProposal]):
    """A proposed row and what became of it."""

    proposed_by = serializers.CharField(source="proposed_by.full_name", read_only=True)
    decided_by = serializers.CharField(source="decided_by.full_name", read_only=True, allow_null=True, default=None)

    class Meta:
        model = RuleProposal
        fields = [
            "id", "code", "value", "text", "valid_from", "valid_to", "review_by", "source", "certainty", "note", "state",
            "proposed_by", "proposed_at", "decided_by", "decided_at", "decision_note",
        ]  # fmt: skip
        read_only_fields = ["id", "code", "state", "proposed_at", "decided_at", "decision_note"]
        extra_kwargs = {"value": {"required": False}, "text": {"required": False}, "note": {"required": False}}
        validators: list[Any] = []


class RejectSerializer(serializers.Serializer[Any]):
    """Why."""

    reason = serializers.CharField(max_length=2000)
