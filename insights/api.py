"""Figures and tasks over the API."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiTypes, extend_schema
from rest_framework import permissions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from insights import selectors
from insights.views import chosen_exchange


class Waiting(APIView):
    """What waits for the signed-in person."""

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """Give the groups of tasks."""
        user: Any = request.user
        return Response([asdict(group) for group in selectors.waiting_for(user)])


class StatisticsView(APIView):
    """Public figures."""

    permission_classes = [permissions.AllowAny]

    @extend_schema(parameters=[OpenApiParameter("exchange", str)], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """Give them, over all exchanges or at one; masked demands count over all exchanges only."""
        return Response(asdict(selectors.statistics(exchange=chosen_exchange(request))))
