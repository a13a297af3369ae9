"""Closed lists of the ledger."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AccountKind(models.TextChoices):
    """What an account tells about its owner. The balance is signed from the owner's side."""

    RECEIVABLE = "receivable", _("Invoiced and not yet received")
    PAYABLE = "payable", _("Owed and not yet paid")
    ROYALTY_INCOME = "royalty_income", _("Received under contracts")
    PAID_OUT = "paid_out", _("Paid under contracts")
    TAX_WITHHELD = "tax_withheld", _("Tax withheld at source")
    INVENTOR_PAYABLE = "inventor_payable", _("Inventor's share, due")
    INVENTOR_PAID = "inventor_paid", _("Inventor's share, received")
    INTERMEDIARY = "intermediary", _("Intermediary's share, due")
    INTERMEDIARY_PAID = "intermediary_paid", _("Intermediary's share, received")
    ESCROW_MIRROR = "escrow_mirror", _("Escrow at a bank (mirror)")
    BANK = "bank", _("Bank")
