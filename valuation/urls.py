"""Addresses of the room: pages, and the part of the API."""

from django.urls import URLPattern, URLResolver, path

from valuation import api, views

app_name = "valuation"
urlpatterns: list[URLPattern | URLResolver] = [
    path("technologies/<int:pk>/price/", views.suggestion, name="suggestion"),
    path("technologies/<int:pk>/price/suggest/", views.suggest, name="suggest"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("technologies/<int:pk>/price/", api.TechnologyPrice.as_view(), name="technology_price"),
]
