"""What the views of the API share."""

from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import status
from rest_framework.response import Response
from rest_framework.views import APIView

from deals import selectors
from deals.api.serializers import ContractSerializer, DealSerializer
from deals.models import Deal


class OfDeal(APIView):
    """A part of a deal, or an act on it; for outsiders there is none."""

    def deal(self, pk: int) -> Deal:
        """Give the deal or 404."""
        viewer: Any = self.request.user
        return get_object_or_404(selectors.deal_detail(viewer), pk=pk)

    def read(self, serializer: Any) -> dict[str, Any]:
        """Read what was sent. Raises the API's ValidationError."""
        form = serializer(data=self.request.data)
        form.is_valid(raise_exception=True)
        return dict(form.validated_data)

    def answer(self, pk: int, *, code: int = status.HTTP_200_OK) -> Response:
        """Give the deal as it stands now."""
        return Response(DealSerializer(self.deal(pk), context={"request": self.request}).data, status=code)

    def answer_contract(self, pk: int, *, code: int = status.HTTP_200_OK) -> Response:
        """Give the standing contract of the deal."""
        return Response(ContractSerializer(selectors.current_contract(self.deal(pk))).data, status=code)
