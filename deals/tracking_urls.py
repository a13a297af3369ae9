"""Addresses of tracking: pages, and the part of the API."""

from django.urls import URLPattern, URLResolver, path

from deals.api import tracking as api
from deals.views import tracking as views
from deals.views import tracking_money as money

urlpatterns: list[URLPattern | URLResolver] = [
    path("deals/<int:pk>/tracking/", views.tracking, name="tracking"),
    path("deals/<int:pk>/tracking/file/", views.statement_file, name="statement_file"),
    path("deals/<int:pk>/tracking/shares/", money.share_plan, name="share_plan"),
    path("statements/<int:pk>/", views.statement, name="statement"),
    path("statements/<int:pk>/correct/", views.statement_correct, name="statement_correct"),
    path("statements/<int:pk>/accept/", views.statement_accept, name="statement_accept"),
    path("statements/<int:pk>/question/", views.statement_question, name="statement_question"),
    path("obligations/", views.obligation_list, name="obligation_list"),
    path("obligations/<int:pk>/invoice/", money.obligation_invoice, name="obligation_invoice"),
    path("obligations/<int:pk>/waive/", views.obligation_waive, name="obligation_waive"),
    path("obligations/<int:pk>/report/", views.obligation_report, name="obligation_report"),
    path("invoices/<int:pk>/payment/", money.invoice_payment, name="invoice_payment"),
    path("invoices/<int:pk>/cancel/", money.invoice_cancel, name="invoice_cancel"),
    path("invoices/<int:pk>/forgive/", money.invoice_forgive, name="invoice_forgive"),
    path("payments/<int:pk>/reverse/", money.payment_reverse, name="payment_reverse"),
    path("my/payouts/", money.my_payouts, name="my_payouts"),
    path("payouts/<int:pk>/paid/", money.payout_paid, name="payout_paid"),
    path("payouts/<int:pk>/take-back/", money.payout_take_back, name="payout_take_back"),
]
api_urlpatterns: list[URLPattern | URLResolver] = [
    path("deals/<int:pk>/tracking/", api.Tracking.as_view(), name="tracking"),
    path("deals/<int:pk>/statements/", api.Statements.as_view(), name="deal_statements"),
    path("deals/<int:pk>/statements/preview/", api.Preview.as_view(), name="statement_preview"),
    path("deals/<int:pk>/shares/", api.Shares.as_view(), name="share_plan"),
    path("statements/<int:pk>/", api.Statement.as_view(), name="statement"),
    path("statements/<int:pk>/correct/", api.Correct.as_view(), name="statement_correct"),
    path("statements/<int:pk>/accept/", api.Accept.as_view(), name="statement_accept"),
    path("statements/<int:pk>/question/", api.Question.as_view(), name="statement_question"),
    path("obligations/", api.Obligations.as_view(), name="obligation_list"),
    path("obligations/<int:pk>/invoice/", api.IssueInvoice.as_view(), name="obligation_invoice"),
    path("obligations/<int:pk>/waive/", api.Waive.as_view(), name="obligation_waive"),
    path("obligations/<int:pk>/report/", api.Report.as_view(), name="obligation_report"),
    path("invoices/<int:pk>/payments/", api.Payments.as_view(), name="invoice_payment"),
    path("invoices/<int:pk>/cancel/", api.CancelInvoice.as_view(), name="invoice_cancel"),
    path("invoices/<int:pk>/forgive/", api.ForgiveRest.as_view(), name="invoice_forgive"),
    path("payments/<int:pk>/reverse/", api.ReversePayment.as_view(), name="payment_reverse"),
    path("payouts/", api.Payouts.as_view(), name="my_payouts"),
    path("payouts/<int:pk>/paid/", api.PayoutPaid.as_view(), name="payout_paid"),
    path("payouts/<int:pk>/take-back/", api.TakeBackPayout.as_view(), name="payout_take_back"),
]
