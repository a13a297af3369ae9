"""Addresses of the room: pages, and the part of the API."""

from django.urls import URLPattern, URLResolver, path

from matching import alert_api, alert_views, api, layer_views, views

app_name = "matching"
urlpatterns: list[URLPattern | URLResolver] = [
    path("my/matches/", views.match_list, name="match_list"),
    path("demands/<int:pk>/matches/", views.of_demand, name="of_demand"),
    path("demands/<int:pk>/coauthor/", views.coauthor, name="coauthor"),
    path("technologies/<int:pk>/matches/", views.of_technology, name="of_technology"),
    path("matches/exposure/", views.exposure, name="exposure"),
    path("matches/exposure/learned/", layer_views.learned, name="learned"),
    path("matches/exposure/learned/<int:pk>/withdraw/", layer_views.withdraw, name="withdraw_layer"),
    path("matches/<int:pk>/", views.match, name="match"),
    path("matches/<int:pk>/shortlist/", views.shortlist, name="shortlist"),
    path("matches/<int:pk>/decline/", views.decline, name="decline"),
    path("my/searches/", alert_views.searches, name="searches"),
    path("my/searches/save/", alert_views.save, name="save_search"),
    path("my/searches/<int:pk>/change/", alert_views.change, name="change_search"),
    path("my/searches/<int:pk>/delete/", alert_views.delete, name="delete_search"),
    path("unsubscribe/<str:token>/", alert_views.unsubscribe, name="unsubscribe"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("matches/", api.Matches.as_view(), name="matches"),
    path("matches/<int:pk>/", api.MatchDetail.as_view(), name="match"),
    path("matches/<int:pk>/shortlist/", api.Shortlist.as_view(), name="shortlist_match"),
    path("matches/<int:pk>/decline/", api.Decline.as_view(), name="decline_match"),
    path("my/searches/", alert_api.SavedSearches.as_view(), name="searches"),
    path("my/searches/<int:pk>/", alert_api.SavedSearchDetail.as_view(), name="search"),
]
