"""Addresses of the room: pages, and the part of the API."""

from django.urls import URLPattern, URLResolver, path

from accounts import api, views

app_name = "accounts"
urlpatterns: list[URLPattern | URLResolver] = [
    path("my/organisations/", views.my_organisations, name="my_organisations"),
    path("my/organisations/register/", views.register_organisation, name="register_organisation"),
    path("my/organisations/<int:pk>/", views.organisation, name="organisation"),
    path("my/organisations/<int:pk>/edit/", views.edit_organisation, name="edit_organisation"),
    path("my/organisations/<int:pk>/members/add/", views.add_member, name="add_member"),
    path("my/organisations/<int:pk>/members/<int:seat>/end/", views.end_membership, name="end_membership"),
    path("my/organisations/<int:pk>/request-verification/", views.request_verification, name="request_verification"),
    path("my/organisations/<int:pk>/verify/", views.verify_organisation, name="verify_organisation"),
    path("my/organisations/<int:pk>/refuse/", views.refuse_verification, name="refuse_verification"),
    path("my/organisations/<int:pk>/revoke/", views.revoke_verification, name="revoke_verification"),
    path("operator/organisations/", views.organisation_queue, name="organisation_queue"),
    path("my/profile/", views.profile, name="profile"),
    path("my/notifications/", views.notifications, name="notifications"),
    path("my/notifications/read/", views.mark_read, name="mark_read"),
    path("my/tokens/", views.tokens, name="tokens"),
    path("my/tokens/<str:key>/revoke/", views.revoke_token, name="revoke_token"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("me/", api.Me.as_view(), name="me"),
    path("tokens/revoke/", api.RevokeToken.as_view(), name="token_revoke"),
    path("organisations/", api.Organisations.as_view(), name="organisations"),
    path("organisations/<int:pk>/", api.OrganisationDetail.as_view(), name="organisation"),
    path("organisations/<int:pk>/members/", api.Members.as_view(), name="members"),
    path("organisations/<int:pk>/members/<int:seat>/end/", api.EndMembership.as_view(), name="end_membership"),
    path(
        "organisations/<int:pk>/request-verification/", api.RequestVerification.as_view(), name="request_verification"
    ),
    path("organisations/<int:pk>/verify/", api.Verify.as_view(), name="verify_organisation"),
    path("organisations/<int:pk>/refuse/", api.Refuse.as_view(), name="refuse_verification"),
    path("organisations/<int:pk>/revoke/", api.Revoke.as_view(), name="revoke_verification"),
    path("exchanges/", api.Exchanges.as_view(), name="exchanges"),
]
