"""Addresses of the room: pages, and the part of the API."""

from django.urls import URLPattern, URLResolver, path

from insights import api, views

app_name = "insights"
urlpatterns: list[URLPattern | URLResolver] = [
    path("my/", views.dashboard, name="dashboard"),
    path("statistics/", views.statistics, name="statistics"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("waiting/", api.Waiting.as_view(), name="waiting"),
    path("statistics/", api.StatisticsView.as_view(), name="statistics"),
]
