"""Addresses of the room: pages, and the part of the API."""

from django.urls import URLPattern, URLResolver, path

from valuation.api import suggestions as api_suggestions
from valuation.views import suggestions

app_name = "valuation"
urlpatterns: list[URLPattern | URLResolver] = [
    path("technologies/<int:pk>/price/", suggestions.suggestion, name="suggestion"),
    path("technologies/<int:pk>/price/suggest/", suggestions.suggest, name="suggest"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("technologies/<int:pk>/price/", api_suggestions.TechnologyPrice.as_view(), name="technology_price"),
]
