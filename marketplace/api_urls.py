"""The API, version 1. Each room gives its own addresses as `api_urlpatterns`."""

from importlib import import_module

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.views import SpectacularAPIView

ROOMS = ("rules", "accounts", "listings", "valuation", "matching", "ledger", "deals", "insights")

app_name = "api"
urlpatterns: list[URLPattern | URLResolver] = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    *(address for room in ROOMS for address in import_module(f"{room}.urls").api_urlpatterns),
]
