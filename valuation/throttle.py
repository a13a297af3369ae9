"""How often one reader, or one address, may have a range computed while he waits: one count for pages and API."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.throttling import UserRateThrottle

TOO_MANY = _("Too many computations in one minute. Wait a moment, then try again.")


class WhatIfThrottle(UserRateThrottle):
    """`what_if` of the throttle rates in settings."""

    scope = "what_if"


def may_compute(request: Any) -> bool:
    """Count one computation, and tell whether it is still within what the reader may ask for."""
    return bool(WhatIfThrottle().allow_request(request, may_compute))  # type: ignore[arg-type]
