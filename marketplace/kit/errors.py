"""One family of errors and one place that answers them.

Three questions, three answers: not visible 404, not permitted 403, not now 409.
"""

import logging
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, SuspiciousOperation, ValidationError
from django.db import DataError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from psycopg import errors as postgres
from rest_framework import status
from rest_framework.exceptions import NotFound
from rest_framework.exceptions import ValidationError as ApiValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from marketplace.kit.way_back import came_from

logger = logging.getLogger(__name__)

WAITED_IN_VAIN = (
    postgres.LockNotAvailable, postgres.QueryCanceled, postgres.DeadlockDetected, postgres.SerializationFailure,
)  # fmt: skip


class MarketplaceError(Exception):
    """A refusal with a message for people, in their language."""

    status = 400
    code = "invalid"

    def __init__(self, message: str = "", **detail: Any) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail


class NotAllowed(MarketplaceError):
    """The actor may never do this here: 403."""

    status = 403
    code = "not_allowed"


class Conflict(MarketplaceError):
    """The act is known and permitted, but not in the present state: 409."""

    status = 409
    code = "conflict"


class Stale(Conflict):
    """Someone else saved first: 409. What was typed must be shown again beside what is stored now."""

    code = "stale"


def require(permitted: bool, message: str = "") -> None:
    """Raise NotAllowed unless `permitted`."""
    if not permitted:
        raise NotAllowed(message or _("You do not have permission to do this."))


def wants_json(request: HttpRequest) -> bool:
    """Tell whether the answer should be JSON: the API lives under /api/."""
    return request.path.startswith("/api/")


def is_busy(error: Exception) -> bool:
    """Tell whether the database gave up waiting for somebody else: a lock or statement timed out, or a deadlock."""
    return isinstance(error, OperationalError) and isinstance(error.__cause__, WAITED_IN_VAIN)


def error_page(request: HttpRequest, code: int, message: str = "", *, template: str = "") -> HttpResponse:
    """Render templates/errors/<code>.html, or the one named, or JSON for the API."""
    if wants_json(request):
        return JsonResponse({"detail": message or _("The request could not be served.")}, status=code)
    context = {"message": message, "code": code, "back": came_from(request) if code == status.HTTP_409_CONFLICT else ""}
    return render(request, f"errors/{template or code}.html", context, status=code)


class ErrorMiddleware:
    """Turn the kit's errors, and what the database refuses, into pages that say how to go on."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.META.get("QUERY_STRING", "") or "%00" in request.META.get("QUERY_STRING", ""):
            return error_page(request, 400, _("The address contains a character that is not allowed."))
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exc: Exception) -> HttpResponse | None:
        if isinstance(exc, MarketplaceError):
            return error_page(request, exc.status, exc.message)
        if isinstance(exc, ValidationError):
            return error_page(request, 400, " ".join(exc.messages))
        if isinstance(exc, DataError):
            logger.warning("The database refused a value at %s: %s", request.path, exc)
            return error_page(request, 400, _("A value was too long or out of range."))
        if is_busy(exc):
            logger.warning("A lock or statement timed out, or a deadlock was broken, at %s: %s", request.path, exc)
            return error_page(request, 409, _("Someone else is working on this right now. Please try again."))
        return None


def api_exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Answer for the API: {"detail": …, "code": …} or {"field": [messages]}."""
    if isinstance(exc, MarketplaceError):
        return Response({"detail": exc.message, "code": exc.code, **exc.detail}, status=exc.status)
    if isinstance(exc, ValidationError):
        payload: dict[str, Any] = (
            dict(exc.message_dict) if hasattr(exc, "error_dict") else {NON_FIELD_ERRORS: exc.messages}
        )
        if NON_FIELD_ERRORS in payload:
            payload["non_field_errors"] = payload.pop(NON_FIELD_ERRORS)
        exc = ApiValidationError(payload)
    if isinstance(exc, DataError):
        return Response({"detail": _("A value was too long or out of range.")}, status=status.HTTP_400_BAD_REQUEST)
    if is_busy(exc):
        detail = _("Someone else is working on this right now. Please try again.")
        return Response({"detail": detail, "code": "busy"}, status=status.HTTP_409_CONFLICT)
    if isinstance(exc, Http404):
        exc = NotFound()  # Django's own words name the model, in English
    return exception_handler(exc, context)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that the form grew old, and keep the way back."""
    return error_page(
        request,
        403,
        _("This form was open for too long or cookies are blocked. Go back and send it again."),
        template="form_expired",
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: what came in could not be read."""
    if isinstance(exception, SuspiciousOperation) and "DATA_UPLOAD" in str(exception):
        return error_page(request, 400, _("What was sent is too large."))
    return error_page(request, 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: the actor may not."""
    return error_page(request, 403, str(exception) if isinstance(exception, PermissionDenied) else "")


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: there is nothing here that the viewer may see."""
    assert isinstance(exception, Http404) or exception
    return error_page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault; the log knows."""
    return error_page(request, 500)
