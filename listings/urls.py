"""Addresses of the room: pages, and the part of the API."""

from django.urls import URLPattern, URLResolver, path

from listings.acts import acts_of
from listings.views import acting, documents, drafting, finding, mine, organisations, public, review, rights

app_name = "listings"


def pages_of(kind: str, plural: str) -> list[URLPattern | URLResolver]:
    """Give the addresses that technologies and demands share."""
    which = {"kind": kind}
    acts = [
        path(f"{plural}/<int:pk>/{name.replace('_', '-')}/", acting.act, {**which, "name": name}, name=f"{kind}_{name}")
        for name in acts_of(kind)
        if name != "submit"
    ]
    return [
        path(f"{plural}/", finding.listing_list, which, name=f"{kind}_list"),
        path(f"{plural}.csv", finding.download, which, name=f"{kind}_csv"),
        path(f"{plural}.atom", finding.feed, which, name=f"{kind}_feed"),
        path(f"{plural}/new/", drafting.start, which, name=f"{kind}_new"),
        path(f"{plural}/<int:pk>/edit/check/", drafting.check, which, name=f"{kind}_check"),
        path(f"{plural}/<int:pk>/edit/<slug:slug>/", drafting.edit, which, name=f"{kind}_edit"),
        path(f"{plural}/<int:pk>/submit/", acting.submit, which, name=f"{kind}_submit"),
        path(f"{plural}/<int:pk>/manage/", mine.manage, which, name=f"{kind}_manage"),
        path(f"{plural}/<int:pk>/review/", review.page, which, name=f"{kind}_review"),
        path(f"my/{plural}/", mine.my_list, which, name=f"my_{plural}"),
        *acts,
    ]


urlpatterns: list[URLPattern | URLResolver] = [
    *pages_of("technology", "technologies"),
    *pages_of("demand", "demands"),
    path("technologies/<int:pk>/", public.technology, name="technology"),
    path("demands/<int:pk>/", public.demand, name="demand"),
    path("technologies/<int:pk>/edit/rights/<int:number>/", rights.edit_right, name="technology_right"),
    path("technologies/<int:pk>/edit/rights/<int:number>/remove/", rights.remove_right, name="technology_right_remove"),
    path("organisations/", organisations.organisation_list, name="organisations"),
    path("organisations/<int:pk>/", organisations.organisation, name="organisation"),
    path("documents/<int:pk>/", documents.download, name="document"),
    path("documents/<int:pk>/remove/", documents.remove, name="document_remove"),
    path("my/listings/", mine.my_listings, name="my_listings"),
    path("my/approvals/", mine.owner_queue, name="owner_queue"),
    path("review/", review.queue, name="review_queue"),
]
api_urlpatterns: list[URLPattern | URLResolver] = []
