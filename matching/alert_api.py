"""Saved searches over the API."""

from typing import Any

from django.http import QueryDict
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from matching import selectors, services
from matching.models import SavedSearch
from matching.serializers import OftenSerializer, SavedSearchSerializer


def person_of(request: Request) -> User:
    """Give the signed-in person; the addresses here are for nobody else."""
    assert isinstance(request.user, User)
    return request.user


class SavedSearches(generics.ListAPIView[Any]):
    """The searches that the person keeps, newest first; POST keeps one."""

    serializer_class = SavedSearchSerializer
    filter_backends: list[Any] = []

    def get_queryset(self) -> Any:
        """Narrow to the person's own."""
        if getattr(self, "swagger_fake_view", False):
            return SavedSearch.objects.none()
        return selectors.searches_of(person_of(self.request))

    @extend_schema(responses={201: SavedSearchSerializer})
    def post(self, request: Request) -> Response:
        """Keep a search; the same again only changes how often it is mailed."""
        form = SavedSearchSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        data = form.validated_data
        search = services.save_search(
            kind=data["kind"], query=QueryDict(data.get("query", "")), often=data.get("often", "weekly"),
            actor=person_of(request),
        )  # fmt: skip
        return Response(SavedSearchSerializer(search).data, status=201)


class SavedSearchDetail(APIView):
    """One saved search."""

    @extend_schema(request=OftenSerializer, responses=SavedSearchSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        """Change how often its finds are mailed."""
        search = get_object_or_404(selectors.searches_of(person_of(request)), pk=pk)
        form = OftenSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        search = services.change_search(search=search, often=form.validated_data["often"], actor=person_of(request))
        return Response(SavedSearchSerializer(search).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Forget it."""
        search = get_object_or_404(selectors.searches_of(person_of(request)), pk=pk)
        services.delete_search(search=search, actor=person_of(request))
        return Response(status=204)
