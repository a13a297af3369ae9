"""Legal data, contract, signature, permit and registration over the API."""

from django.http import FileResponse, Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError as ApiValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from deals import selectors, services
from deals.api.common import OfDeal
from deals.api.serializers import (
    AcceptContractSerializer,
    ContractSerializer,
    DealReasonSerializer,
    NewSignedCopySerializer,
    PartySerializer,
    PermitSerializer,
    RegistrationSerializer,
    SignedCopySerializer,
)
from deals.views.common import pdf_response
from marketplace.kit.uploads import too_large

PDF = {(200, "application/pdf"): OpenApiTypes.BINARY}


class Parties(OfDeal):
    """The legal data of both sides. PUT writes those of the own side."""

    @extend_schema(responses=PartySerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """List them."""
        return Response(PartySerializer(selectors.parties_of(self.deal(pk)).values(), many=True).data)

    @extend_schema(request=PartySerializer, responses=PartySerializer)
    def put(self, request: Request, pk: int) -> Response:
        """Write the own side's."""
        deal = self.deal(pk)
        party = services.save_party(deal=deal, actor=request.user, **self.read(PartySerializer))
        return Response(PartySerializer(party).data)


class StandingContract(OfDeal):
    """The standing version of the contract."""

    @extend_schema(responses=ContractSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Show it."""
        if selectors.current_contract(self.deal(pk)) is None:
            raise Http404
        return self.answer_contract(pk)


class GenerateContract(OfDeal):
    """Draw up the contract, or a new version of it."""

    @extend_schema(request=None, responses={201: ContractSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Draw it up."""
        services.generate_contract(deal=self.deal(pk), actor=request.user)
        return self.answer_contract(pk, code=status.HTTP_201_CREATED)


class AcceptContract(OfDeal):
    """Accept the contract for the own side: agreed, not signed."""

    @extend_schema(request=AcceptContractSerializer, responses=ContractSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Accept the PDF with this hash."""
        deal = self.deal(pk)
        services.accept_contract(deal=deal, actor=request.user, **self.read(AcceptContractSerializer))
        return self.answer_contract(pk)


class ContractPdf(OfDeal):
    """A version of the contract as a PDF."""

    @extend_schema(responses=PDF)
    def get(self, request: Request, pk: int, version: int) -> FileResponse:
        """Send it."""
        found = selectors.contract_version(self.deal(pk), version)
        if found is None:
            raise Http404
        return pdf_response(found.file, f"{found.deal.code}-v{found.version}.pdf")


class SignedCopies(OfDeal):
    """Record the signed copy (multipart: file, signed_on)."""

    parser_classes = [MultiPartParser]

    @extend_schema(request=NewSignedCopySerializer, responses={201: SignedCopySerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Record it."""
        deal = self.deal(pk)
        sent = request.data  # reads the upload, so that a file over the limit is known by now
        if too_large(request._request) and sent is not None:
            raise ApiValidationError({"file": [_("The file is too large. Make it smaller or split it.")]})
        values = self.read(NewSignedCopySerializer)
        copy = services.upload_signed_copy(
            deal=deal, actor=request.user, upload=values["file"], signed_on=values["signed_on"]
        )
        return Response(SignedCopySerializer(copy).data, status=status.HTTP_201_CREATED)


class ConfirmSignedCopy(OfDeal):
    """Confirm the other side's copy: the contract is signed."""

    @extend_schema(request=None, responses=ContractSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Confirm it."""
        services.confirm_signed_copy(deal=self.deal(pk), actor=request.user)
        return self.answer_contract(pk)


class RefuseSignedCopy(OfDeal):
    """Refuse the other side's copy."""

    @extend_schema(request=DealReasonSerializer, responses=SignedCopySerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Refuse it."""
        deal = self.deal(pk)
        copy = services.refuse_signed_copy(deal=deal, actor=request.user, **self.read(DealReasonSerializer))
        return Response(SignedCopySerializer(copy).data)


class SignedCopyPdf(OfDeal):
    """A signed copy."""

    @extend_schema(responses=PDF)
    def get(self, request: Request, pk: int, copy: int) -> FileResponse:
        """Send it."""
        deal = self.deal(pk)
        found = selectors.signed_copy(deal, copy)
        if found is None:
            raise Http404
        return pdf_response(found.file, f"{deal.code}-signed.pdf")


class Permits(OfDeal):
    """Record the permit of a restricted technology."""

    @extend_schema(request=PermitSerializer, responses={201: PermitSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Record it."""
        deal = self.deal(pk)
        permit = services.record_permit(deal=deal, actor=request.user, **self.read(PermitSerializer))
        return Response(PermitSerializer(permit).data, status=status.HTTP_201_CREATED)


class Registrations(OfDeal):
    """Record a certificate of registration."""

    @extend_schema(request=RegistrationSerializer, responses={201: RegistrationSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Record it."""
        deal = self.deal(pk)
        row = services.record_registration(deal=deal, actor=request.user, **self.read(RegistrationSerializer))
        return Response(RegistrationSerializer(row).data, status=status.HTTP_201_CREATED)
