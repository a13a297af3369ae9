"""Disputes over the API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from deals import selectors, services
from deals.acts import paused_acts
from deals.api.common import OfDeal
from deals.api.serializers import DealReasonSerializer, PlainText
from deals.models import Dispute
from deals.services.disputes import OUTCOMES


class DisputeSerializer(serializers.ModelSerializer):
    """A dispute; `side` is empty where the exchange opened it. `paused` names the acts that wait while it is open."""

    paused = serializers.SerializerMethodField()

    class Meta:
        model = Dispute
        fields = [
            "id", "deal", "side", "opened_at", "reason", "state", "taken_up_at", "outcome", "closed_at", "paused",
        ]  # fmt: skip
        read_only_fields = fields

    def get_paused(self, dispute: Dispute) -> list[str]:
        """Name the acts that wait."""
        return paused_acts(dispute.deal) if dispute.is_open else []


class OutcomeSerializer(serializers.Serializer):
    """How a mediation ended, in a word and in words that both sides read."""

    how = serializers.ChoiceField(choices=OUTCOMES)
    outcome = PlainText(max_length=2000)


class AllDisputes(generics.ListAPIView):
    """The disputes about the deals that the caller may see, the open ones and the newest first."""

    serializer_class = DisputeSerializer
    filter_backends: list[Any] = []

    def get_queryset(self) -> Any:
        """Give what the caller may see."""
        viewer: Any = self.request.user
        return selectors.visible_disputes(viewer)


class DealDisputes(OfDeal):
    """The disputes about a deal. POST opens one."""

    @extend_schema(responses=DisputeSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """List them, newest first."""
        return Response(DisputeSerializer(selectors.disputes_of(self.deal(pk)), many=True).data)

    @extend_schema(request=DealReasonSerializer, responses={201: DisputeSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Open one."""
        deal = self.deal(pk)
        actor: Any = request.user
        dispute = services.open_dispute(deal=deal, actor=actor, **self.read(DealReasonSerializer))
        return Response(DisputeSerializer(dispute).data, status=status.HTTP_201_CREATED)


class TakeUpDispute(OfDeal):
    """Mediate the open dispute."""

    @extend_schema(request=None, responses=DisputeSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Take it up."""
        actor: Any = request.user
        return Response(DisputeSerializer(services.take_up_dispute(deal=self.deal(pk), actor=actor)).data)


class CloseDispute(OfDeal):
    """The outcome of the open dispute."""

    @extend_schema(request=OutcomeSerializer, responses=DisputeSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Record it."""
        deal = self.deal(pk)
        actor: Any = request.user
        return Response(
            DisputeSerializer(services.close_dispute(deal=deal, actor=actor, **self.read(OutcomeSerializer))).data
        )


class WithdrawDispute(OfDeal):
    """Take the open dispute back."""

    @extend_schema(request=DealReasonSerializer, responses=DisputeSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Withdraw it."""
        deal = self.deal(pk)
        actor: Any = request.user
        return Response(
            DisputeSerializer(services.withdraw_dispute(deal=deal, actor=actor, **self.read(DealReasonSerializer))).data
        )
