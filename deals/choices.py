"""Closed lists of a deal and its terms. Forms and payment follow articles 5 and 6 of Law 07/2017/QH14 and article 4
of Decree 76/2018/ND-CP; objects and methods are those of the listing.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Side(models.TextChoices):
    """The two banks of the bridge."""

    LICENSOR = "licensor", _("Supplier")
    LICENSEE = "licensee", _("Buyer")


class Turn(models.TextChoices):
    """Who must act next."""

    LICENSOR = "licensor", _("Supplier")
    LICENSEE = "licensee", _("Buyer")
    BOTH = "both", _("Both sides")
    NOBODY = "nobody", _("Nobody")


class TermsRight(models.TextChoices):
    """What the buyer gets (article 7)."""

    ASSIGNMENT = "assignment", _("Assignment of ownership")
    LICENCE = "licence", _("Licence to use")


class Exclusivity(models.TextChoices):
    """How many may use it beside the licensee."""

    EXCLUSIVE = "exclusive", _("Exclusive")
    NON_EXCLUSIVE = "non_exclusive", _("Non-exclusive")


class TransferForm(models.TextChoices):
    """In what form technology is transferred (article 5)."""

    INDEPENDENT = "INDEPENDENT", _("Independent technology transfer")
    IN_INVESTMENT_PROJECT = "IN_INVESTMENT_PROJECT", _("Part of an investment project")
    CAPITAL_CONTRIBUTION = "CAPITAL_CONTRIBUTION", _("Capital contribution in technology")
    FRANCHISE = "FRANCHISE", _("Franchise")
    IP_TRANSFER = "IP_TRANSFER", _("Transfer of intellectual property rights")
    MACHINERY_SALE = "MACHINERY_SALE", _("Sale of machinery and equipment")
    OTHER_BY_LAW = "OTHER_BY_LAW", _("Another form provided by law")


class RoyaltyBase(models.TextChoices):
    """Of what a running royalty is a percentage (Decree 76/2018/ND-CP, article 4)."""

    NET_SELLING_PRICE = "net_selling_price", _("Net selling price")
    NET_REVENUE = "net_revenue", _("Net revenue")
    PRETAX_PROFIT = "pretax_profit", _("Profit before tax")


class Frequency(models.TextChoices):
    """How often the licensee files a royalty statement."""

    QUARTERLY = "quarterly", _("Every quarter")
    HALF_YEARLY = "half_yearly", _("Every half-year")
    YEARLY = "yearly", _("Every year")


class DisputeBody(models.TextChoices):
    """Who settles a dispute."""

    COURT = "court", _("Competent court of Viet Nam")
    VIAC = "viac", _("Vietnam International Arbitration Centre (VIAC)")
    OTHER_ARBITRATION = "other_arbitration", _("Another arbitration institution")


class MilestoneKind(models.TextChoices):
    """What a dated sum is."""

    INSTALMENT = "instalment", _("Instalment of the lump sum")
    MILESTONE = "milestone", _("Milestone payment")


class Flow(models.TextChoices):
    """Across which border the technology goes."""

    DOMESTIC = "domestic", _("Within Viet Nam")
    INBOUND = "inbound", _("From abroad into Viet Nam")
    OUTBOUND = "outbound", _("From Viet Nam abroad")


class CertificateKind(models.TextChoices):
    """What a certificate of registration certifies."""

    NEW = "new", _("First registration")
    AMENDED = "amended", _("Amendment")
