"""Closed lists of tracking: obligations, deductions of a royalty statement, beneficiaries."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ObligationKind(models.TextChoices):
    """What a side owes under a contract in effect."""

    LUMP_SUM = "lump_sum", _("Lump sum")
    INSTALMENT = "instalment", _("Instalment of the lump sum")
    MILESTONE = "milestone", _("Milestone payment")
    STATEMENT = "statement", _("Royalty statement")
    ROYALTY = "royalty", _("Payment of the royalty")
    MINIMUM = "minimum", _("Minimum royalty of the year")
    TOP_UP = "top_up", _("Top-up to the minimum royalty")
    REPORT = "report", _("Annual report")


#: Sums that are known when the contract takes effect; the licensor invoices each.
FIXED_SUMS = (ObligationKind.LUMP_SUM, ObligationKind.INSTALMENT, ObligationKind.MILESTONE)
#: Sums that are owed for the use in a contract year; paid, they count towards its minimum.
OF_YEAR = (ObligationKind.ROYALTY, ObligationKind.TOP_UP)
#: What the licensor invoices.
INVOICED = (*FIXED_SUMS, *OF_YEAR)


class ReminderKind(models.TextChoices):
    """Which reminder of an obligation; each goes out once, `overdue` once for each invoice that asks for the sum."""

    FIRST = "first", _("First reminder")
    SECOND = "second", _("Second reminder")
    UNBILLED = "unbilled", _("Past its day without an invoice")
    OVERDUE = "overdue", _("Overdue")


class DeductionKind(models.TextChoices):
    """What is taken off sales before the royalty is computed (Decree 76/2018/ND-CP, article 4)."""

    VAT = "vat", _("Value added tax")
    EXCISE = "excise", _("Special consumption tax")
    EXPORT_DUTY = "export_duty", _("Export duty")
    BOUGHT_IN_PARTS = "bought_in_parts", _("Bought-in semi-products and parts")
    PACKAGING = "packaging", _("Packaging")
    TRANSPORT = "transport", _("Transport")
    ADVERTISING = "advertising", _("Advertising")
    TRADE_DISCOUNTS = "trade_discounts", _("Trade discounts")
    ALLOWANCES = "allowances", _("Sales allowances")
    RETURNS = "returns", _("Returned goods")
    COSTS = "costs", _("Reasonable costs of making the products with the technology")


class Beneficiary(models.TextChoices):
    """Why somebody gets a part of a payment."""

    INVENTOR = "inventor", _("Inventor")
    INTERMEDIARY = "intermediary", _("Intermediary")
