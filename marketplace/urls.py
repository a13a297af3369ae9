"""Addresses: Vietnamese pages at /…, English ones at /en/…, the API at /api/v1/."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib.auth.decorators import login_not_required
from django.contrib.sitemaps import views as sitemaps
from django.urls import include, path

from marketplace import views
from marketplace.gallery import gallery
from marketplace.sitemaps import SITEMAPS

handler400 = "marketplace.kit.errors.bad_request"
handler403 = "marketplace.kit.errors.permission_denied"
handler404 = "marketplace.kit.errors.page_not_found"
handler500 = "marketplace.kit.errors.server_error"

maps = {"sitemaps": SITEMAPS}
urlpatterns = [
    path("api/v1/", include("marketplace.api_urls")),
    path("health/", views.health, name="health"),
    path("robots.txt", views.robots, name="robots"),
    path("sitemap.xml", login_not_required(sitemaps.index), {**maps, "sitemap_url_name": "sitemap_of"}, name="sitemap"),
    path("sitemap-<section>.xml", login_not_required(sitemaps.sitemap), maps, name="sitemap_of"),
    *i18n_patterns(
        path("", views.home, name="home"),
        path("how-it-works/", views.how_it_works, name="how_it_works"),
        path("developers/", views.api_docs, name="api_docs"),
        *([path("gallery/", gallery, name="gallery")] if settings.GALLERY else []),
        path("account/", include("allauth.urls")),
        path("", include("accounts.urls")),
        path("", include("listings.urls")),
        path("", include("valuation.urls")),
        path("", include("rules.urls")),
        path("", include("matching.urls")),
        path("", include("ledger.urls")),
        path("", include("deals.urls")),
        path("", include("insights.urls")),
        prefix_default_language=False,
    ),
]
