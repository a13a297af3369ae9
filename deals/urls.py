"""Addresses of the room: pages, and the part of the API."""

from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, path

app_name = "deals"
stub = lambda request, pk=0: HttpResponse()  # noqa: E731
urlpatterns: list[URLPattern | URLResolver] = [
    path("deals/<int:pk>/", stub, name="deal"),
    path("deals/<int:pk>/contract/", stub, name="contract"),
    path("deals/<int:pk>/signature/", stub, name="signature"),
    path("deals/<int:pk>/registration/", stub, name="registration"),
]
api_urlpatterns: list[URLPattern | URLResolver] = []
