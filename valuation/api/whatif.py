"""What if, and a buyer's own maximum, over the API. Nothing is stored."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import Throttled
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from listings.models import Technology
from marketplace.kit.errors import Conflict, require
from valuation import policies, selectors, whatif
from valuation.disclosure import reader_of
from valuation.methods.reconcile import round_significant
from valuation.notice import notice
from valuation.throttle import TOO_MANY, may_compute


class WhatIfSerializer(serializers.Serializer[Any]):
    """The range with the levers moved; `is_rough` when something of the owner's answers is left out, named by `left_out`."""

    low = serializers.FloatField(allow_null=True)
    mid = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    no_price = serializers.ListField(child=serializers.CharField())
    change = serializers.FloatField(allow_null=True, help_text="Of the middle, as a fraction.")
    is_rough = serializers.BooleanField(help_text="Without a change it need not be the suggested range.")
    left_out = serializers.ChoiceField(
        choices=[str(one) for one in whatif.LeftOut],
        help_text="deals: only those that the owner keeps to himself; answers: all, and sales are an example.",
    )
    levers = serializers.DictField(
        child=serializers.FloatField(), help_text="Where each lever stands without a change."
    )
    notice = serializers.CharField()


class FiguresSerializer(serializers.Serializer[Any]):
    """A buyer's own figures: extra profit a full year before tax in VND, what he spends first, his return, years."""

    profit_low = serializers.FloatField(min_value=0, max_value=1e17, required=False)
    profit_mode = serializers.FloatField(min_value=0, max_value=1e17)
    profit_high = serializers.FloatField(min_value=0, max_value=1e17, required=False)
    start_cost = serializers.FloatField(min_value=0, max_value=1e17, required=False)
    rate = serializers.FloatField(min_value=0.01, max_value=1, required=False, help_text="Yearly, as a fraction.")
    years = serializers.FloatField(min_value=1, max_value=30, required=False)


class MaximumSerializer(serializers.Serializer[Any]):
    """The most a buyer can pay as a lump sum today, in VND: P10, P50, P90."""

    low = serializers.FloatField()
    mid = serializers.FloatField()
    high = serializers.FloatField()
    notice = serializers.CharField()


def _start(request: Request, pk: int) -> tuple[Technology, whatif.Start]:
    technology = get_object_or_404(
        selectors.visible_technologies(request.user).select_related("organisation").prefetch_related("ip_rights"), pk=pk
    )
    interview = selectors.interview_of(technology)
    reader = reader_of(request.user, technology, interview)
    start = whatif.start_for(technology, selectors.current_suggestion(technology), interview, reader)
    if start is None:
        raise Conflict(_("No sales are known to start from."))
    return technology, start


class WhatIf(APIView):
    """The range with some inputs moved."""

    permission_classes = [AllowAny]

    @extend_schema(
        parameters=[OpenApiParameter(name, float, description=unit) for name, (unit, _l, _m) in whatif.LEVERS.items()],
        responses=WhatIfSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        """Move levers by name (VND, fractions 0-1, years) and give the range."""
        _technology, start = _start(request, pk)
        moved, errors = {}, {}
        for name, (_unit, least, most) in whatif.LEVERS.items():
            if name in request.query_params:
                field = serializers.FloatField(min_value=least, max_value=most)
                try:
                    moved[name] = field.run_validation(request.query_params[name])
                except serializers.ValidationError as error:
                    errors[name] = error.detail
        if errors:
            raise serializers.ValidationError(errors)
        if whatif.costs_a_computation(start, moved) and not may_compute(request):
            raise Throttled(detail=TOO_MANY)
        try:
            outcome = whatif.explore(start, moved)
        except whatif.MethodError:
            problem = _("These figures do not go together; move one of them back.")
            raise serializers.ValidationError({"non_field_errors": [problem]}) from None
        price = outcome.after.price
        return Response({
            "low": price.low if price else None, "mid": price.mid if price else None,
            "high": price.high if price else None, "no_price": [reason.value for reason in outcome.after.no_price],
            "change": outcome.change, "is_rough": start.is_rough,
            "left_out": start.left_out, "levers": whatif.middles(start.inputs),
            "notice": notice(),
        })  # fmt: skip


class MyMaximum(APIView):
    """The most that the asking buyer can pay, from his own figures."""

    permission_classes = [IsAuthenticated]

    @extend_schema(request=FiguresSerializer, responses=MaximumSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Work it out; nothing is stored, and nobody else sees it."""
        technology, start = _start(request, pk)
        require(policies.can_ask_own_maximum(request.user, technology))
        form = FiguresSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        mode = given["profit_mode"]
        profit = (given.get("profit_low", mode), mode, given.get("profit_high", mode))
        if list(profit) != sorted(profit):
            raise serializers.ValidationError({"profit_low": [_("The figures must rise from low to high.")]})
        optional = {name: given.get(name) for name in ("start_cost", "rate", "years")}
        if not may_compute(request):
            raise Throttled(detail=TOO_MANY)
        try:
            found = whatif.buyers_maximum(start, extra_profit=profit, **optional)
        except whatif.MethodError:
            raise serializers.ValidationError({"non_field_errors": [_("These figures do not go together.")]}) from None
        low, mid, high = (round_significant(found.at(level)) for level in (0.1, 0.5, 0.9))
        response = Response({"low": low, "mid": mid, "high": high, "notice": notice()})
        add_never_cache_headers(response)
        return response
