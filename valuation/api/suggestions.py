"""Suggested ranges over the API."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import Throttled
from rest_framework.permissions import IsAuthenticatedOrReadOnly
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from listings.models import Technology
from valuation import selectors
from valuation.disclosure import costs_a_computation, reader_of
from valuation.notice import notice
from valuation.serializers import PriceSerializer
from valuation.services import runs
from valuation.throttle import TOO_MANY, may_compute


def _price(technology: Technology, request: Request) -> dict[str, Any]:
    found = selectors.current_suggestion(technology)
    reader = reader_of(request.user, technology, selectors.interview_of(technology))
    if found is not None and costs_a_computation(found, reader) and not may_compute(request):
        raise Throttled(detail=TOO_MANY)
    shape = {"state": "pending" if found is None else "ready", "suggestion": found, "notice": notice()}
    return dict(PriceSerializer(shape, context={"reader": reader}).data)


class TechnologyPrice(APIView):
    """The suggested range of a technology."""

    permission_classes = [IsAuthenticatedOrReadOnly]

    @extend_schema(responses=PriceSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Show the range to whoever sees the technology."""
        technology = get_object_or_404(selectors.visible_technologies(request.user), pk=pk)
        return Response(_price(technology, request))

    @extend_schema(request=None, responses={202: PriceSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Have it computed by a run, for who may edit the technology; `Location` names the run, which can be stopped."""
        technology = get_object_or_404(selectors.visible_technologies(request.user), pk=pk)
        run = runs.request_range(technology=technology, actor=request.user)
        headers = {"Location": reverse("api:valuation_run", args=[run.pk])}
        return Response(_price(technology, request), status=status.HTTP_202_ACCEPTED, headers=headers)
