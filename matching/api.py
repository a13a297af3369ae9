"""Matches over the API."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from matching import selectors, services
from matching.choices import Answer
from matching.serializers import DeclineSerializer, MatchSerializer, ShortlistSerializer

LONGEST_ID = 18  # digits: what a 64-bit number holds


def _is_id(value: str) -> bool:
    return value.isdecimal() and len(value) <= LONGEST_ID


@extend_schema(parameters=[OpenApiParameter("demand", int), OpenApiParameter("technology", int)])
class Matches(generics.ListAPIView[Any]):
    """The matches that the person may see, best first by their texts; narrowed by `demand` or `technology` (an id).

    Those of a demand of the own organisation come as in its list: what is put forward first, then by what was answered.
    """

    serializer_class = MatchSerializer
    filter_backends: list[Any] = []

    def get_queryset(self) -> Any:
        """Narrow to the viewer and to what is asked."""
        if getattr(self, "swagger_fake_view", False):
            return selectors.in_ids([])
        found = selectors.visible_matches(self.request.user)
        for name in ("demand", "technology"):
            value = self.request.GET.get(name, "")
            if value:
                found = found.filter(**{f"{name}_id": int(value)}) if _is_id(value) else found.none()
        asked = self.request.GET.get("demand", "")
        if _is_id(asked) and selectors.is_own_demand(self.request.user, int(asked)):
            found = found.order_by(*selectors.FRONT_FIRST)
        return found


class MatchDetail(APIView):
    """One match."""

    @extend_schema(responses=MatchSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Show it."""
        found = get_object_or_404(selectors.visible_matches(request.user), pk=pk)
        return Response(MatchSerializer(found, context={"request": request}).data)


class _Answering(APIView):
    def _answer(self, request: Request, pk: int, answer: str, form: Any) -> Response:
        found = get_object_or_404(selectors.visible_matches(request.user), pk=pk)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        services.answer_match(
            match=found,
            actor=request.user,
            side=data["side"],
            answer=answer,
            reason=data.get("reason", ""),
            note=data.get("note", ""),
            position_shown=data.get("position"),
        )
        found = get_object_or_404(selectors.visible_matches(request.user), pk=pk)
        return Response(MatchSerializer(found, context={"request": request}).data)


class Shortlist(_Answering):
    """Shortlist a match."""

    @extend_schema(request=ShortlistSerializer, responses=MatchSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Shortlist for one side."""
        return self._answer(request, pk, Answer.SHORTLIST, ShortlistSerializer(data=request.data))


class Decline(_Answering):
    """Decline a match."""

    @extend_schema(request=DeclineSerializer, responses=MatchSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Decline for one side, with a reason."""
        return self._answer(request, pk, Answer.DECLINE, DeclineSerializer(data=request.data))
