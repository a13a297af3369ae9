"""Addresses of the room: pages, and the part of the API."""

from django.urls import URLPattern, URLResolver, path

from valuation import paper_urls
from valuation.api import closed_deals as api_closed_deals
from valuation.api import interview as api_interview
from valuation.api import suggestions as api_suggestions
from valuation.api import whatif as api_whatif
from valuation.views import closed_deals, interview, rule, suggestions, whatif

app_name = "valuation"
urlpatterns: list[URLPattern | URLResolver] = [
    path("closed-deals/", closed_deals.closed_deals, name="closed_deals"),
    path("calibration/", closed_deals.calibration, name="calibration"),
    path("technologies/<int:pk>/price/", suggestions.suggestion, name="suggestion"),
    path("technologies/<int:pk>/price/suggest/", suggestions.suggest, name="suggest"),
    path("price-rule/", rule.rule, name="rule"),
    path("technologies/<int:pk>/price/what-if/", whatif.what_if, name="what_if"),
    path("technologies/<int:pk>/price/my-maximum/", whatif.my_maximum, name="my_maximum"),
    path("technologies/<int:pk>/price/interview/", interview.overview, name="interview"),
    path("technologies/<int:pk>/price/interview/<slug:slug>/", interview.step, name="interview_step"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("closed-deals/", api_closed_deals.ClosedDeals.as_view(), name="closed_deals"),
    path("calibration/", api_closed_deals.CalibrationView.as_view(), name="calibration"),
    path("technologies/<int:pk>/price/", api_suggestions.TechnologyPrice.as_view(), name="technology_price"),
    path("technologies/<int:pk>/price/interview/", api_interview.PriceInterview.as_view(), name="technology_interview"),
    path("technologies/<int:pk>/price/what-if/", api_whatif.WhatIf.as_view(), name="technology_what_if"),
    path("technologies/<int:pk>/price/my-maximum/", api_whatif.MyMaximum.as_view(), name="technology_my_maximum"),
]
urlpatterns += paper_urls.urlpatterns
api_urlpatterns += paper_urls.api_urlpatterns
