"""Addresses of reports, runs and appraisals: pages, and the part of the API."""

from django.urls import URLPattern, URLResolver, path

from valuation.api import appraisals as api_appraisals
from valuation.api import reports as api_reports
from valuation.views import appraisals, reports, runs

urlpatterns: list[URLPattern | URLResolver] = [
    path("technologies/<int:pk>/price/reports/", reports.report_list, name="report_list"),
    path("technologies/<int:pk>/price/reports/new/", reports.draw_up, name="draw_up"),
    path("technologies/<int:pk>/price/appraisals/new/", appraisals.commission, name="commission"),
    path("reports/verify/", reports.verify_report, name="verify_report"),
    path("reports/<str:number>/", reports.report, name="report"),
    path("reports/<str:number>/files/<slug:kind>/", reports.report_file, name="report_file"),
    path("computations/<int:pk>/", runs.run, name="run"),
    path("computations/<int:pk>/cancel/", runs.cancel, name="cancel_run"),
    path("exchanges/<slug:code>/recompute-prices/", runs.recompute, name="recompute"),
    path("appraisals/", appraisals.appraisal_list, name="appraisal_list"),
    path("appraisals/<int:pk>/", appraisals.appraisal, name="appraisal"),
    path("appraisals/<int:pk>/consent/", appraisals.consent, name="appraisal_consent"),
    path("appraisals/<int:pk>/accept/", appraisals.accept, name="appraisal_accept"),
    path("appraisals/<int:pk>/decline/", appraisals.decline, name="appraisal_decline"),
    path("appraisals/<int:pk>/cancel/", appraisals.cancel, name="appraisal_cancel"),
    path("appraisals/<int:pk>/certify/", appraisals.certify, name="appraisal_certify"),
    path("appraisals/<int:pk>/show/", appraisals.show, name="appraisal_show"),
    path("appraisals/<int:pk>/certificate/", appraisals.certificate_file, name="certificate_file"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("technologies/<int:pk>/reports/", api_reports.TechnologyReports.as_view(), name="technology_reports"),
    path("reports/<str:number>/", api_reports.OneReport.as_view(), name="valuation_report"),
    path("reports/<str:number>/verify/", api_reports.ReportVerdict.as_view(), name="valuation_report_verify"),
    path("reports/<str:number>/files/<slug:kind>/", api_reports.OneReportFile.as_view(), name="valuation_report_file"),
    path("computations/<int:pk>/", api_reports.OneRun.as_view(), name="valuation_run"),
    path("computations/<int:pk>/cancel/", api_reports.CancelRun.as_view(), name="valuation_run_cancel"),
    path("appraisals/", api_appraisals.Appraisals.as_view(), name="appraisals"),
    path("technologies/<int:pk>/appraisals/", api_appraisals.Commission.as_view(), name="appraisal_commission"),
    path("appraisals/<int:pk>/", api_appraisals.OneAppraisal.as_view(), name="appraisal"),
    path("appraisals/<int:pk>/consent/", api_appraisals.Consent.as_view(), name="appraisal_consent"),
    path("appraisals/<int:pk>/accept/", api_appraisals.Accept.as_view(), name="appraisal_accept"),
    path("appraisals/<int:pk>/decline/", api_appraisals.Decline.as_view(), name="appraisal_decline"),
    path("appraisals/<int:pk>/cancel/", api_appraisals.Cancel.as_view(), name="appraisal_cancel"),
    path("appraisals/<int:pk>/certificate/", api_appraisals.CertificateOf.as_view(), name="appraisal_certificate"),
    path("appraisals/<int:pk>/show/", api_appraisals.Show.as_view(), name="appraisal_show"),
]
