"""Addresses of the room: pages, and the part of the API."""

from django.urls import URLPattern, URLResolver, path

from matching import api, views

app_name = "matching"
urlpatterns: list[URLPattern | URLResolver] = [
    path("my/matches/", views.match_list, name="match_list"),
    path("demands/<int:pk>/matches/", views.of_demand, name="of_demand"),
    path("technologies/<int:pk>/matches/", views.of_technology, name="of_technology"),
    path("matches/<int:pk>/", views.match, name="match"),
    path("matches/<int:pk>/shortlist/", views.shortlist, name="shortlist"),
    path("matches/<int:pk>/decline/", views.decline, name="decline"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("matches/", api.Matches.as_view(), name="matches"),
    path("matches/<int:pk>/", api.MatchDetail.as_view(), name="match"),
    path("matches/<int:pk>/shortlist/", api.Shortlist.as_view(), name="shortlist_match"),
    path("matches/<int:pk>/decline/", api.Decline.as_view(), name="decline_match"),
]
