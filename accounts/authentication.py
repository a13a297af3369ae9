"""Who calls the API."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from knox import auth
from knox.models import AuthToken
from rest_framework.exceptions import AuthenticationFailed


class TokenAuthentication(auth.TokenAuthentication):
    """A token in the header; an expired one is refused and stays where it is, since a GET writes nothing."""

    def authenticate_credentials(self, token: bytes) -> Any:
        """Find the person. Raises AuthenticationFailed, also for what is no text."""
        try:
            return super().authenticate_credentials(token)
        except ValueError as error:
            raise AuthenticationFailed(_("Invalid token.")) from error

    def _cleanup_token(self, auth_token: AuthToken) -> bool:
        return auth_token.expiry is not None and auth_token.expiry <= timezone.now()


class TokenScheme(KnoxTokenScheme):
    """How it stands in the schema."""

    target_class = "accounts.authentication.TokenAuthentication"
