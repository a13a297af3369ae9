"""Addresses of the room: pages, and the part of the API."""

from typing import Any

from django.urls import URLPattern, URLResolver, path

from listings.acts import acts_of
from listings.api import acts, drafts
from listings.api import documents as api_documents
from listings.views import acting, documents, drafting, finding, mine, organisations, public, review, rights

app_name = "listings"


def pages_of(kind: str, plural: str) -> list[URLPattern | URLResolver]:
    """Give the addresses that technologies and demands share."""
    which = {"kind": kind}
    buttons = [
        path(f"{plural}/<int:pk>/{name.replace('_', '-')}/", acting.act, {**which, "name": name}, name=f"{kind}_{name}")
        for name in acts_of(kind)
        if name != "submit"
    ]
    return [
        path(f"{plural}/", finding.listing_list, which, name=f"{kind}_list"),
        path(f"{plural}/suggest/", finding.suggestions, which, name=f"{kind}_suggest"),
        path(f"{plural}.csv", finding.download, which, name=f"{kind}_csv"),
        path(f"{plural}.atom", finding.feed, which, name=f"{kind}_feed"),
        path(f"{plural}/imported/", review.imported, which, name=f"{kind}_imported"),
        path(f"{plural}/new/", drafting.start, which, name=f"{kind}_new"),
        path(f"{plural}/<int:pk>/edit/check/", drafting.check, which, name=f"{kind}_check"),
        path(f"{plural}/<int:pk>/edit/<slug:slug>/", drafting.edit, which, name=f"{kind}_edit"),
        path(f"{plural}/<int:pk>/submit/", acting.submit, which, name=f"{kind}_submit"),
        path(f"{plural}/<int:pk>/manage/", mine.manage, which, name=f"{kind}_manage"),
        path(f"{plural}/<int:pk>/review/", review.page, which, name=f"{kind}_review"),
        path(f"my/{plural}/", mine.my_list, which, name=f"my_{plural}"),
        *buttons,
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
    path("documents/<int:pk>/destroy/", documents.destroy, name="document_destroy"),
    path("my/listings/", mine.my_listings, name="my_listings"),
    path("my/approvals/", mine.owner_queue, name="owner_queue"),
    path("review/", review.queue, name="review_queue"),
]


def api_of(kind: str, plural: str, many: Any, one: Any, mine: Any, imported: Any) -> list[URLPattern | URLResolver]:
    """Give the part of the API that technologies and demands share."""
    return [
        path(f"{plural}/", many.as_view(), name=plural),
        path(f"{plural}/<int:pk>/", one.as_view(), name=kind),
        path(f"{plural}/imported/", imported.as_view(), name=f"{kind}_imported"),
        path(f"my/{plural}/", mine.as_view(), name=f"my_{plural}"),
        path(f"{plural}/<int:pk>/reviews/", acts.Reviews.as_view(kind=kind), name=f"{kind}_reviews"),
        *(
            path(f"{plural}/<int:pk>/{name.replace('_', '-')}/", view, name=f"{kind}_{name}")
            for name, view in acts.act_views(kind).items()
        ),
    ]


api_urlpatterns: list[URLPattern | URLResolver] = [
    *api_of(
        "technology",
        "technologies",
        drafts.Technologies,
        drafts.Technology,
        drafts.MyTechnologies,
        drafts.ImportedTechnologies,
    ),
    *api_of("demand", "demands", drafts.Demands, drafts.Demand, drafts.MyDemands, drafts.ImportedDemands),
    path("technologies/<int:pk>/documents/", api_documents.Documents.as_view(), name="technology_documents"),
    path("documents/<int:pk>/", api_documents.Document.as_view(), name="document"),
    path("documents/<int:pk>/destroy/", api_documents.Destroy.as_view(), name="document_destroy"),
    path("documents/<int:pk>/content/", api_documents.DocumentContent.as_view(), name="document_content"),
    path("review-queue/", acts.Queue.as_view(), name="review_queue"),
]
