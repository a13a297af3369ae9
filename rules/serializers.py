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
    """A proposed row and what became of it. `together_with` of one that waits: what its approval approves, too; of an
    approved one: what was approved by the same act. `does_not_fit`: why nothing that waits would let it be approved.
    """

    together_with = serializers.SerializerMethodField()
    does_not_fit = serializers.SerializerMethodField()

    proposed_by = serializers.CharField(source="proposed_by.full_name", read_only=True)
    decided_by = serializers.CharField(source="decided_by.full_name", read_only=True, allow_null=True, default=None)

    class Meta:
        model = RuleProposal
        fields = [
            "id", "code", "value", "text", "valid_from", "valid_to", "review_by", "source", "certainty", "note", "state",
            "proposed_by", "proposed_at", "decided_by", "decided_at", "decision_note", "together_with", "does_not_fit",
        ]  # fmt: skip
        read_only_fields = ["id", "code", "state", "proposed_at", "decided_at", "decision_note"]
        extra_kwargs = {"value": {"required": False}, "text": {"required": False}, "note": {"required": False}}
        validators: list[Any] = []

    def get_together_with(self, proposal: RuleProposal) -> list[int]:
        """Give the ids of the others."""
        choice = self.context["choices"].get(proposal.pk)
        others = choice.others if choice is not None else self.context["approved_with"].get(proposal.pk, ())
        return [one.pk for one in others]

    def get_does_not_fit(self, proposal: RuleProposal) -> str:
        """Give the reason in the reader's language, or nothing."""
        choice = self.context["choices"].get(proposal.pk)
        return choice.problem if choice is not None else ""


class ApproveProposalSerializer(serializers.Serializer[Any]):
    """What the approver saw."""

    together_with = serializers.ListField(
        child=serializers.IntegerField(),
        default=list,
        max_length=20,
        help_text="`together_with` of the proposal as it was read. 409 `stale` when others would be approved with it.",
    )


class RejectSerializer(serializers.Serializer[Any]):
    """Why."""

    reason = serializers.CharField(max_length=2000)
