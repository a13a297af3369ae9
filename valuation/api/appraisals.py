"""Appraisals over the API."""

from typing import Any

from django.http import FileResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError as ApiValidationError
from rest_framework.generics import ListAPIView
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.kit.errors import Conflict
from marketplace.kit.uploads import too_large
from valuation import appraisal_selectors, selectors
from valuation.models import Appraisal
from valuation.paper_serializers import (
    AcceptSerializer,
    AppraisalReasonSerializer,
    AppraisalSerializer,
    CommissionSerializer,
    NewCertificateSerializer,
    ShowSerializer,
)
from valuation.services import appraisals as services
from valuation.views.appraisals import appraisal_or_404, send_certificate

PDF = {(200, "application/pdf"): OpenApiTypes.BINARY}


class Appraisals(ListAPIView):
    """The appraisals that the person may see, the newest first."""

    serializer_class = AppraisalSerializer
    filter_backends: list[Any] = []

    def get_queryset(self) -> Any:
        """Narrow to the viewer."""
        return appraisal_selectors.visible_appraisals(self.request.user)


class OfAppraisal(APIView):
    """An appraisal, or an act on it; for outsiders there is none."""

    def appraisal(self, pk: int) -> Appraisal:
        """Give it or 404."""
        return appraisal_or_404(self.request.user, pk)

    def read(self, serializer: Any) -> dict[str, Any]:
        """Read what was sent. Raises the API's ValidationError."""
        form = serializer(data=self.request.data)
        form.is_valid(raise_exception=True)
        return dict(form.validated_data)

    def answer(self, pk: int, *, code: int = status.HTTP_200_OK) -> Response:
        """Give the appraisal as it stands now."""
        return Response(AppraisalSerializer(self.appraisal(pk)).data, status=code)


class Commission(OfAppraisal):
    """Commission a valuation firm for the owner."""

    @extend_schema(request=CommissionSerializer, responses={201: AppraisalSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Ask the firm."""
        technology = get_object_or_404(selectors.visible_technologies(request.user), pk=pk)
        made = services.commission_appraisal(
            technology=technology, client=technology.organisation, actor=request.user, **self.read(CommissionSerializer)
        )
        return self.answer(made.pk, code=status.HTTP_201_CREATED)


class OneAppraisal(OfAppraisal):
    """An appraisal."""

    @extend_schema(responses=AppraisalSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Show it."""
        return self.answer(pk)


class Consent(OfAppraisal):
    """The owner's consent to a commission of the other side."""

    @extend_schema(request=None, responses=AppraisalSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Consent: the firm is asked."""
        services.consent_to_appraisal(appraisal=self.appraisal(pk), actor=request.user)
        return self.answer(pk)


class Accept(OfAppraisal):
    """The firm accepts."""

    @extend_schema(request=AcceptSerializer, responses=AppraisalSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Accept, declaring to have no interest."""
        found = self.appraisal(pk)
        services.accept_appraisal(appraisal=found, actor=request.user, **self.read(AcceptSerializer))
        return self.answer(pk)


class Decline(OfAppraisal):
    """The firm declines, or the owner refuses consent."""

    @extend_schema(request=AppraisalReasonSerializer, responses=AppraisalSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Decline, with a reason."""
        found = self.appraisal(pk)
        services.decline_appraisal(appraisal=found, actor=request.user, **self.read(AppraisalReasonSerializer))
        return self.answer(pk)


class Cancel(OfAppraisal):
    """The client takes the commission back."""

    @extend_schema(request=AppraisalReasonSerializer, responses=AppraisalSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Take it back, with a reason."""
        found = self.appraisal(pk)
        services.cancel_appraisal(appraisal=found, actor=request.user, **self.read(AppraisalReasonSerializer))
        return self.answer(pk)


class CertificateOf(OfAppraisal):
    """The certificate of an appraisal."""

    parser_classes = [MultiPartParser]

    @extend_schema(responses=PDF)
    def get(self, request: Request, pk: int) -> FileResponse:
        """Send the PDF."""
        return send_certificate(self.appraisal(pk))

    @extend_schema(request=NewCertificateSerializer, responses={201: AppraisalSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Record the certificate."""
        found = self.appraisal(pk)
        if too_large(request._request):
            raise ApiValidationError({"file": [_("The file is too large. Make it smaller or split it.")]})
        values = self.read(NewCertificateSerializer)
        upload = values.pop("file")
        services.certify_appraisal(appraisal=found, actor=request.user, upload=upload, **values)
        return self.answer(pk, code=status.HTTP_201_CREATED)


class Show(OfAppraisal):
    """Who may see the certified value."""

    @extend_schema(request=ShowSerializer, responses=AppraisalSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Show it to everyone, or to the parties only."""
        found = self.appraisal(pk)
        certificate = getattr(found, "certificate", None)
        if certificate is None:
            raise Conflict(_("There is no certificate yet."))
        services.show_certificate(certificate=certificate, actor=request.user, **self.read(ShowSerializer))
        return self.answer(pk)
