"""Closed deals and calibration over the API: what the pages show, no more."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import permissions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rules.selectors import number
from valuation import closed_selectors as selectors
from valuation.models import DealGroup


class BandSerializer(serializers.Serializer[Any]):
    """Edges of the bands that hold the quarter, the middle and three quarters; VND, or percent of the base."""

    low = serializers.FloatField()
    middle_from = serializers.FloatField()
    middle_to = serializers.FloatField()
    high = serializers.FloatField()


class DealGroupSerializer(serializers.ModelSerializer[DealGroup]):
    """At least k closed deals, published together once. No deal is counted in two groups."""

    period_end = serializers.DateField(source="release.period_end")
    measures = serializers.DictField(child=BandSerializer())

    class Meta:
        model = DealGroup
        fields = [
            "period_end", "level", "field", "right", "exclusivity", "count_from", "count_to", "first_year", "last_year",
            "measures", "is_sample",
        ]  # fmt: skip
        read_only_fields = fields


class ClosedDealsSerializer(serializers.Serializer[Any]):
    """Every published group, the newest release first. `k`: least number of deals, suppliers and buyers of a group."""

    k = serializers.IntegerField()
    groups = DealGroupSerializer(many=True)


class HitShareSerializer(serializers.Serializer[Any]):
    """A share with its 95 % Wilson interval."""

    hits = serializers.IntegerField()
    count = serializers.IntegerField()
    share = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class CalibrationSerializer(serializers.Serializer[Any]):
    """How often closed prices lay inside P10 to P90 of the range that stood when the contract was signed."""

    total = HitShareSerializer()
    below = serializers.IntegerField()
    above = serializers.IntegerField()
    by_grade = serializers.DictField(child=HitShareSerializer())
    until = serializers.DateField(allow_null=True)
    k = serializers.IntegerField()
    is_sample = serializers.BooleanField()


class ClosedDeals(APIView):
    """The exchange's own closed deals, in groups."""

    permission_classes = [permissions.AllowAny]

    @extend_schema(responses=ClosedDealsSerializer)
    def get(self, request: Request) -> Response:
        """List every published group; there is no filter."""
        shape = {"k": int(number("closed_deals.k")), "groups": selectors.groups()}
        return Response(ClosedDealsSerializer(shape).data)


class CalibrationView(APIView):
    """How often the suggested ranges held."""

    permission_classes = [permissions.AllowAny]

    @extend_schema(responses=CalibrationSerializer)
    def get(self, request: Request) -> Response:
        """Show the shares in all and by grade."""
        found = selectors.calibration(k=number("closed_deals.k"))
        shape = {
            "total": found.total, "below": found.below, "above": found.above, "by_grade": dict(found.by_grade),
            "until": found.until, "k": found.k, "is_sample": found.is_sample,
        }  # fmt: skip
        return Response(CalibrationSerializer(shape).data)
