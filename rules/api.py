"""Dated rows and proposals over the API."""

import datetime
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import permissions, status
from rest_framework.exceptions import ValidationError as ApiValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rules import policies, selectors, services
from rules.models import RuleProposal
from rules.serializers import ApproveProposalSerializer, ProposalSerializer, RejectSerializer, RuleSerializer


def _day(request: Request) -> datetime.date:
    """Read `?on=`. Raises the API's ValidationError."""
    text = request.query_params.get("on", "")
    try:
        return datetime.date.fromisoformat(text) if text else timezone.localdate()
    except ValueError as error:
        raise ApiValidationError({"on": [_("Write the day as YYYY-MM-DD.")]}) from error


class Rules(APIView):
    """The dated rows in force on a day."""

    permission_classes = [permissions.AllowAny]

    @extend_schema(
        parameters=[OpenApiParameter("on", datetime.date, description="The day; today when none is named.")],
        responses=RuleSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List every row in force, by code."""
        day = _day(request)
        return Response(RuleSerializer(selectors.in_force(day), many=True, context={"day": day}).data)


class RuleHistory(APIView):
    """The rows of one code."""

    permission_classes = [permissions.AllowAny]

    @extend_schema(operation_id="rules_history", responses=RuleSerializer(many=True))
    def get(self, request: Request, code: str) -> Response:
        """List every row of the code, the newest first."""
        rows = list(selectors.history(code))
        if not rows:
            raise Http404
        return Response(RuleSerializer(rows, many=True, context={"day": timezone.localdate()}).data)


class OfStaff(APIView):
    """What only people of the exchanges find."""

    def actor(self) -> Any:
        """Give the actor or 404."""
        actor: Any = self.request.user
        if not policies.can_propose(actor):
            raise Http404
        return actor

    def proposal(self, pk: int) -> RuleProposal:
        """Give a proposal or 404."""
        self.actor()
        return get_object_or_404(selectors.proposals(), pk=pk)

    def answer(self, pk: int, *, code: int = status.HTTP_200_OK) -> Response:
        """Give the proposal as it stands."""
        return Response(self.shape(list(selectors.proposals().filter(pk=pk)))[0], status=code)

    def shape(self, rows: list[RuleProposal]) -> list[dict[str, Any]]:
        """Give proposals with what is or was approved together with each."""
        waiting = list(selectors.open_proposals())
        context = {"choices": selectors.choices(waiting), "approved_with": selectors.approved_with(rows)}
        return list(ProposalSerializer(rows, many=True, context=context).data)


class Proposals(OfStaff):
    """Proposed rows."""

    @extend_schema(responses=ProposalSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List the newest hundred."""
        self.actor()
        return Response(self.shape(list(selectors.proposals()[:100])))


class ProposalsOfRule(OfStaff):
    """Proposals for a code."""

    @extend_schema(request=ProposalSerializer, responses={201: ProposalSerializer})
    def post(self, request: Request, code: str) -> Response:
        """Propose a new row."""
        actor = self.actor()
        if not selectors.history(code).exists():
            raise Http404
        form = ProposalSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = services.propose_rule(code=code, actor=actor, **form.validated_data)
        return self.answer(made.pk, code=status.HTTP_201_CREATED)


class ApproveProposal(OfStaff):
    """Approval by a second person."""

    @extend_schema(request=ApproveProposalSerializer, responses=ProposalSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Put the row into force from its day, and with it those that it fits only together with, which the body names."""
        proposal = self.proposal(pk)
        form = ApproveProposalSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        services.approve_rule(proposal=proposal, actor=self.actor(), **form.validated_data)
        return self.answer(pk)


class RejectProposal(OfStaff):
    """Rejection by a second person."""

    @extend_schema(request=RejectSerializer, responses=ProposalSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Reject it with a reason."""
        proposal = self.proposal(pk)
        form = RejectSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        services.reject_rule(proposal=proposal, actor=self.actor(), reason=form.validated_data["reason"])
        return self.answer(pk)


class WithdrawProposal(OfStaff):
    """Withdrawal by the proposer."""

    @extend_schema(request=None, responses=ProposalSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Take it back."""
        services.withdraw_rule(proposal=self.proposal(pk), actor=self.actor())
        return self.answer(pk)
