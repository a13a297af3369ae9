"""Signing in again without losing the place."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.translation import gettext as _

from marketplace.kit.way_back import came_from


class SignInMiddleware(LoginRequiredMiddleware):
    """Ask for the sign-in; a form sent after the session ended leads back to its page, for its address takes no GET."""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable[..., Any]) -> HttpResponseRedirect:
        """Redirect to the sign-in page."""
        if request.method in {"GET", "HEAD"}:
            return super().handle_no_permission(request, view_func)
        messages.warning(
            request, _("You were signed out meanwhile, and nothing was saved. Sign in, then send it again.")
        )
        return redirect_to_login(
            came_from(request) or "/", self.get_login_url(view_func), self.get_redirect_field_name(view_func)
        )
