"""Documents over the API."""

from typing import Any, ClassVar

from django.conf import settings
from django.http import FileResponse, Http404
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import permissions, status
from rest_framework.exceptions import ValidationError as ApiValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from listings import selectors, services
from listings.serializers import ActReasonSerializer, DocumentSerializer, DocumentUploadSerializer
from listings.views.documents import destroyable, send
from listings.views.lookup import find
from marketplace.kit.readonly import writes_on_get
from marketplace.kit.uploads import too_large


class Documents(APIView):
    """The documents of a technology."""

    parser_classes: ClassVar[Any] = [MultiPartParser]

    @extend_schema(request=DocumentUploadSerializer, responses={201: DocumentSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Keep a file with a technology (multipart: title, tier, file)."""
        technology = find("technology", request.user, pk)
        form = DocumentUploadSerializer(data=request.data)
        if too_large(request._request):
            limit = filesizeformat(settings.UPLOAD_MAX_BYTES)
            raise ApiValidationError(
                {"file": [_("The file is larger than %(limit)s. Make it smaller or split it.") % {"limit": limit}]}
            )
        form.is_valid(raise_exception=True)
        values = form.validated_data
        actor: Any = request.user
        document = services.add_document(
            technology=technology, actor=actor, title=values["title"], tier=values["tier"], upload=values["file"]
        )  # fmt: skip
        data = DocumentSerializer(document, context={"request": request}).data
        return Response(data, status=status.HTTP_201_CREATED)


class Document(APIView):
    """One document."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Take it off its technology."""
        document = selectors.document(pk)
        if document is None:
            raise Http404
        find("technology", request.user, document.technology_id)
        actor: Any = request.user
        services.remove_document(document=document, actor=actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Destroy(APIView):
    """The end of the file of a document that was removed."""

    @extend_schema(request=ActReasonSerializer, responses={204: None})
    def post(self, request: Request, pk: int) -> Response:
        """Delete the file for good; its hash and the reason stay in the log."""
        document = destroyable(request.user, pk)
        form = ActReasonSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        actor: Any = request.user
        services.destroy_document(document=document, actor=actor, reason=form.validated_data["reason"])
        return Response(status=status.HTTP_204_NO_CONTENT)


@writes_on_get("who opened a document that is not public is noted in the audit log")
class DocumentContent(APIView):
    """The file itself, for whom its tier lets in; 404 for everyone else."""

    permission_classes: ClassVar[Any] = [permissions.AllowAny]

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: int) -> FileResponse:
        """Send it."""
        return send(request.user, pk)
