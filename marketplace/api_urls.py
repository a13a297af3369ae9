"""The API, version 1. Each room gives its own addresses as `api_urlpatterns`."""

from importlib import import_module

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.utils import extend_schema, extend_schema_view
from drf_spectacular.views import SpectacularAPIView
from knox.views import LogoutView

ROOMS = ("rules", "accounts", "listings", "valuation", "matching", "ledger", "deals", "insights")

revoke_token = extend_schema_view(post=extend_schema(request=None, responses={204: None}))(LogoutView).as_view()

app_name = "api"
urlpatterns: list[URLPattern | URLResolver] = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("tokens/revoke/", revoke_token, name="token_revoke"),
    *(address for room in ROOMS for address in import_module(f"{room}.urls").api_urlpatterns),
]
