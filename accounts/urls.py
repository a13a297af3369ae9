"""Addresses of the room: pages, and the part of the API."""

from django.urls import URLPattern, URLResolver, path

from accounts import api, seat_api, seat_views, views

app_name = "accounts"
urlpatterns: list[URLPattern | URLResolver] = [
    path("my/organisations/", seat_views.my_organisations, name="my_organisations"),
    path("my/organisations/register/", views.register_organisation, name="register_organisation"),
    path("my/organisations/<int:pk>/", views.organisation, name="organisation"),
    path("my/organisations/<int:pk>/edit/", views.edit_organisation, name="edit_organisation"),
    path("my/organisations/<int:pk>/members/add/", seat_views.add_member, name="add_member"),
    path("my/organisations/<int:pk>/members/<int:seat>/end/", seat_views.end_membership, name="end_membership"),
    path(
        "my/organisations/<int:pk>/invitations/<int:invitation>/withdraw/",
        seat_views.withdraw_invitation,
        name="withdraw_invitation",
    ),
    path("my/invitations/<int:pk>/accept/", seat_views.accept_invitation, name="accept_invitation"),
    path("my/invitations/<int:pk>/decline/", seat_views.decline_invitation, name="decline_invitation"),
    path("my/organisations/<int:pk>/request-verification/", views.request_verification, name="request_verification"),
    path("my/organisations/<int:pk>/verify/", views.verify_organisation, name="verify_organisation"),
    path("my/organisations/<int:pk>/refuse/", views.refuse_verification, name="refuse_verification"),
    path("my/organisations/<int:pk>/revoke/", views.revoke_verification, name="revoke_verification"),
    path("operator/organisations/", views.organisation_queue, name="organisation_queue"),
    path("operator/exchanges/<int:pk>/people/", seat_views.exchange_people, name="exchange_people"),
    path("operator/exchanges/<int:pk>/members/add/", seat_views.add_exchange_member, name="add_exchange_member"),
    path("operator/exchanges/<int:pk>/members/<int:seat>/end/", seat_views.end_exchange_seat, name="end_exchange_seat"),
    path(
        "operator/exchanges/<int:pk>/invitations/<int:invitation>/withdraw/",
        seat_views.withdraw_exchange_invitation,
        name="withdraw_exchange_invitation",
    ),
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
    path("organisations/<int:pk>/members/", seat_api.Members.as_view(), name="members"),
    path("organisations/<int:pk>/members/<int:seat>/end/", seat_api.EndMembership.as_view(), name="end_membership"),
    path("organisations/<int:pk>/invitations/", seat_api.Invitations.as_view(), name="invitations"),
    path(
        "organisations/<int:pk>/invitations/<int:invitation>/withdraw/",
        seat_api.Withdraw.as_view(),
        name="withdraw_invitation",
    ),
    path("exchanges/<int:pk>/members/", seat_api.ExchangeMembers.as_view(), name="exchange_members"),
    path("exchanges/<int:pk>/members/<int:seat>/end/", seat_api.EndExchangeSeat.as_view(), name="end_exchange_seat"),
    path("exchanges/<int:pk>/invitations/", seat_api.ExchangeInvitations.as_view(), name="exchange_invitations"),
    path(
        "exchanges/<int:pk>/invitations/<int:invitation>/withdraw/",
        seat_api.ExchangeWithdraw.as_view(),
        name="withdraw_exchange_invitation",
    ),
    path("me/invitations/", seat_api.MyInvitations.as_view(), name="my_invitations"),
    path("me/invitations/<int:pk>/accept/", seat_api.Accept.as_view(), name="accept_invitation"),
    path("me/invitations/<int:pk>/decline/", seat_api.Decline.as_view(), name="decline_invitation"),
    path(
        "organisations/<int:pk>/request-verification/", api.RequestVerification.as_view(), name="request_verification"
    ),
    path("organisations/<int:pk>/verify/", api.Verify.as_view(), name="verify_organisation"),
    path("organisations/<int:pk>/refuse/", api.Refuse.as_view(), name="refuse_verification"),
    path("organisations/<int:pk>/revoke/", api.Revoke.as_view(), name="revoke_verification"),
    path("exchanges/", api.Exchanges.as_view(), name="exchanges"),
]
