"""Commission an appraisal for a side of a deal over the API."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from deals.api.common import OfDeal
from deals.services.appraisals import commission_for_deal
from valuation.paper_serializers import AppraisalSerializer, CommissionSerializer


class DealAppraisals(OfDeal):
    """A commission for the own side of a deal."""

    @extend_schema(request=CommissionSerializer, responses={201: AppraisalSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Ask a firm; the buyer's commission waits for the owner's consent."""
        made = commission_for_deal(deal=self.deal(pk), actor=request.user, **self.read(CommissionSerializer))
        return Response(AppraisalSerializer(made).data, status=status.HTTP_201_CREATED)
