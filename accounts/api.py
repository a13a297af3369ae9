"""People and organisations over the API."""

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from knox.models import AuthToken
from rest_framework import generics, permissions, status
from rest_framework.exceptions import ValidationError as ApiValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import policies, selectors, services
from accounts.models import Organisation
from accounts.serializers import (
    EditOrganisationSerializer,
    ExchangeSerializer,
    MeSerializer,
    NoteSerializer,
    OrganisationSerializer,
    ReasonSerializer,
)
from marketplace.kit.errors import Conflict


class Me(generics.RetrieveAPIView[Any]):
    """The signed-in person and the seats."""

    serializer_class = MeSerializer

    def get_object(self) -> Any:
        """Give the person."""
        return self.request.user


class RevokeToken(APIView):
    """The token of the request works no longer."""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """End it. Whoever came without a token gets 409."""
        if not isinstance(request.auth, AuthToken):
            raise Conflict(_("This request carries no token."))
        actor: Any = request.user
        services.revoke_token(user=actor, key=request.auth.token_key)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Exchanges(generics.ListAPIView[Any]):
    """The exchanges."""

    permission_classes = [permissions.AllowAny]
    serializer_class = ExchangeSerializer
    filter_backends: list[Any] = []

    def get_queryset(self) -> Any:
        """Give all."""
        return selectors.exchanges()


class Organisations(generics.ListAPIView[Any]):
    """Verified organisations, and to a person also the own ones. POST registers one."""

    permission_classes = [permissions.IsAuthenticatedOrReadOnly]
    serializer_class = OrganisationSerializer
    filter_backends: list[Any] = []

    def get_queryset(self) -> Any:
        """Give what the viewer may see."""
        return selectors.visible_organisations(self.request.user)

    @extend_schema(request=OrganisationSerializer, responses={201: OrganisationSerializer})
    def post(self, request: Request) -> Response:
        """Register an organisation."""
        form = OrganisationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = services.create_organisation(actor=request.user, **form.validated_data)
        return Response(OrganisationSerializer(made).data, status=status.HTTP_201_CREATED)


class OwnOrganisation(APIView):
    """An act on an organisation that concerns the person; others get 404."""

    def organisation(self, pk: int) -> Organisation:
        """Give it or 404."""
        actor: Any = self.request.user
        found = get_object_or_404(selectors.visible_organisations(actor), pk=pk)
        if not (policies.belongs_to(actor, pk) or policies.serves_exchange(actor, found.exchange_id)):
            raise Http404
        return found


class OrganisationDetail(OwnOrganisation):
    """One organisation."""

    permission_classes = [permissions.IsAuthenticatedOrReadOnly]

    @extend_schema(responses=OrganisationSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Show it to whoever may see it."""
        found = get_object_or_404(selectors.visible_organisations(request.user), pk=pk)
        return Response(OrganisationSerializer(found).data)

    @extend_schema(request=EditOrganisationSerializer, responses=OrganisationSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Change the details, on top of `version`."""
        found = self.organisation(pk)
        form = EditOrganisationSerializer(found, data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        details = dict(form.validated_data)
        if "version" not in details:
            raise ApiValidationError({"version": [_("Send the version that you changed.")]})
        version = details.pop("version")
        saved = services.edit_organisation(organisation=found, actor=request.user, version=version, **details)
        return Response(OrganisationSerializer(saved).data)


class RequestVerification(OwnOrganisation):
    """Ask for verification."""

    @extend_schema(request=None, responses=OrganisationSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Ask."""
        done = services.request_verification(organisation=self.organisation(pk), actor=request.user)
        return Response(OrganisationSerializer(done).data)


class Verify(OwnOrganisation):
    """Confirm who the organisation is."""

    @extend_schema(request=NoteSerializer, responses=OrganisationSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Verify."""
        form = NoteSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        done = services.verify_organisation(
            organisation=self.organisation(pk), actor=request.user, **form.validated_data
        )
        return Response(OrganisationSerializer(done).data)


class _WithReason(OwnOrganisation):
    service: Any = None

    @extend_schema(request=ReasonSerializer, responses=OrganisationSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Decide, with a reason."""
        found = self.organisation(pk)
        form = ReasonSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        done = type(self).service(organisation=found, actor=request.user, **form.validated_data)
        return Response(OrganisationSerializer(done).data)


class Refuse(_WithReason):
    """Refuse to verify."""

    service = staticmethod(services.refuse_verification)


class Revoke(_WithReason):
    """Take a verification back."""

    service = staticmethod(services.revoke_verification)
