"""Closed lists."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Side(models.TextChoices):
    """The two banks of the bridge."""

    SUPPLY = "supply", _("Supply")
    DEMAND = "demand", _("Demand")


class Answer(models.TextChoices):
    """What a side says to a match."""

    SHORTLIST = "shortlist", _("Shortlisted")
    DECLINE = "decline", _("Declined")


class Act(models.TextChoices):
    """What is learned from: answers, and what became of a match."""

    SHORTLIST = "shortlist", _("Shortlisted")
    DECLINE = "decline", _("Declined")
    INTRODUCTION = "introduction", _("Introduced")
    CONTRACT = "contract", _("Contract")


class Often(models.TextChoices):
    """How often the finds of a saved search are mailed."""

    WEEKLY = "weekly", _("Weekly")
    AT_ONCE = "at_once", _("At once")
    NEVER = "never", _("Not by mail")


class DeclineReason(models.TextChoices):
    """Why a side declines."""

    OTHER_PROBLEM = "other_problem", _("It solves another problem")
    NOT_MATURE = "not_mature", _("Not mature enough")
    TOO_EXPENSIVE = "too_expensive", _("Too expensive for us")
    RIGHTS = "rights", _("The rights do not suit us")
    CONDITIONS = "conditions", _("It cannot work under our conditions")
    SOLVED = "solved", _("We have solved this already")
    NOT_NOW = "not_now", _("Not now")
    PARTNER = "partner", _("We do not want to work with this partner")
    OTHER = "other", _("Another reason")


class Verdict(models.TextChoices):
    """How a fact fits: shown, never a silent filter."""

    FITS = "fits", _("fits")
    NEAR = "near", _("near")
    NOT = "not", _("does not fit")
