"""Read, start and save technologies and demands."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import generics, permissions, status
from rest_framework.exceptions import ValidationError as ApiValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from listings import models, selectors, services
from listings.api.finding import FindingBackend
from listings.filters import DemandFilter, TechnologyFilter
from listings.serializers import (
    DemandDetailSerializer,
    DemandDraftSerializer,
    DemandSerializer,
    NewDemandSerializer,
    NewTechnologySerializer,
    TechnologyDetailSerializer,
    TechnologyDraftSerializer,
    TechnologySerializer,
)
from listings.views.drafting import save
from listings.views.lookup import find
from marketplace.kit.errors import Stale, require

DETAIL: dict[str, Any] = {"technology": TechnologyDetailSerializer, "demand": DemandDetailSerializer}
KEY = OpenApiParameter("Idempotency-Key", UUID, OpenApiParameter.HEADER, description="Sent twice, it starts one draft.")


def shown(kind: str, request: Request, pk: int) -> Any:
    """Give the listing as its viewer sees it after an act."""
    return DETAIL[kind](find(kind, request.user, pk), context={"request": request}).data


def draft_key(request: Request) -> UUID | None:
    """Read the header; raise ValidationError for what is no UUID."""
    text = request.headers.get("Idempotency-Key")
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise ApiValidationError({"Idempotency-Key": ["Not a UUID."]}) from None


class Listings(generics.ListAPIView):
    """Published listings, newest first unless `q` or `sort` say otherwise; POST starts a draft."""

    kind: ClassVar[str]
    draft_serializer: ClassVar[Any]
    filter_backends: ClassVar[Any] = [FindingBackend]
    permission_classes = [permissions.IsAuthenticatedOrReadOnly]

    def post(self, request: Request) -> Response:
        """Start a draft with any part of it."""
        form = self.draft_serializer(data=request.data, context={"request": request})
        form.is_valid(raise_exception=True)
        changes = form.changes()
        values = changes.pop("values")
        create: Any = services.create_technology if self.kind == "technology" else services.create_demand
        listing = create(actor=request.user, draft_key=draft_key(request), **values, **changes)
        return Response(shown(self.kind, request, listing.pk), status=status.HTTP_201_CREATED)


class Listing(generics.RetrieveAPIView):
    """One listing; PATCH saves any part of a draft."""

    kind: ClassVar[str]
    draft_serializer: ClassVar[Any]
    permission_classes = [permissions.IsAuthenticatedOrReadOnly]

    def get_object(self) -> Any:
        """Give it, or 404."""
        return find(self.kind, self.request.user, self.kwargs["pk"])

    def patch(self, request: Request, pk: int) -> Response:
        """Save any part of a draft; 409 with code `stale` and the stored `version` when someone saved meanwhile."""
        listing = self.get_object()
        form = self.draft_serializer(data=request.data, partial=True, context={"request": request})
        form.is_valid(raise_exception=True)
        try:
            save(listing=listing, actor=request.user, version=form.validated_data["version"], **form.changes())
        except Stale as error:
            error.detail["version"] = find(self.kind, request.user, pk).version
            raise
        return Response(shown(self.kind, request, pk))


@extend_schema_view(
    post=extend_schema(
        request=NewTechnologySerializer, responses={201: TechnologyDetailSerializer}, parameters=[KEY]
    )
)  # fmt: skip
class Technologies(Listings):
    """Published technologies, newest first; POST starts a draft."""

    kind = "technology"
    serializer_class = TechnologySerializer
    filterset_class = TechnologyFilter
    draft_serializer = NewTechnologySerializer

    def get_queryset(self) -> Any:
        """Give what the public may find."""
        return selectors.published_technologies()


@extend_schema_view(patch=extend_schema(request=TechnologyDraftSerializer, responses=TechnologyDetailSerializer))
class Technology(Listing):
    """One technology."""

    kind = "technology"
    serializer_class = TechnologyDetailSerializer
    draft_serializer = TechnologyDraftSerializer


@extend_schema_view(
    post=extend_schema(request=NewDemandSerializer, responses={201: DemandDetailSerializer}, parameters=[KEY])
)
class Demands(Listings):
    """Published demands, newest first; POST starts a draft."""

    kind = "demand"
    serializer_class = DemandSerializer
    filterset_class = DemandFilter
    draft_serializer = NewDemandSerializer

    def get_queryset(self) -> Any:
        """Give what the public may find."""
        return selectors.published_demands()


@extend_schema_view(patch=extend_schema(request=DemandDraftSerializer, responses=DemandDetailSerializer))
class Demand(Listing):
    """One demand."""

    kind = "demand"
    serializer_class = DemandDetailSerializer
    draft_serializer = DemandDraftSerializer


class Mine(generics.ListAPIView):
    """What the person works on, in every state, last saved first."""

    filter_backends: ClassVar[Any] = []


class MyTechnologies(Mine):
    """The technologies that the person works on."""

    serializer_class = TechnologySerializer

    def get_queryset(self) -> Any:
        """Give them."""
        user: Any = self.request.user
        return selectors.my_technologies(user)


class MyDemands(Mine):
    """The demands of the person's companies."""

    serializer_class = DemandSerializer

    def get_queryset(self) -> Any:
        """Give them."""
        user: Any = self.request.user
        return selectors.my_demands(user)


class Imported(generics.ListAPIView):
    """Imported drafts that the exchange stands in for, oldest first; for operators."""

    model: ClassVar[Any]
    filter_backends: ClassVar[Any] = []

    def get_queryset(self) -> Any:
        """Give them."""
        user: Any = self.request.user
        require(user.is_operator)
        return selectors.imported_drafts(self.model, user)


class ImportedTechnologies(Imported):
    """Imported technologies whose organisation has nobody here yet, oldest first; for operators of the exchange."""

    model = models.Technology
    serializer_class = TechnologySerializer


class ImportedDemands(Imported):
    """Imported demands whose organisation has nobody here yet, oldest first; for operators of the exchange."""

    model = models.Demand
    serializer_class = DemandSerializer
