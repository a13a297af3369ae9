"""Closed lists. Objects, methods and rights follow articles 4, 6 and 7 of the Technology Transfer Law."""

from collections.abc import Iterable

from django.db import models
from django.utils.translation import gettext_lazy as _


class Language(models.TextChoices):
    """The language a listing is written in."""

    VI = "vi", _("Vietnamese")
    EN = "en", _("English")


class LegalClass(models.TextChoices):
    """Class of the technology under articles 9-11 of the Technology Transfer Law."""

    UNKNOWN = "unknown", _("Not classified yet")
    NONE = "none", _("Not restricted for transfer")
    ENCOURAGED = "encouraged", _("Encouraged")
    RESTRICTED = "restricted", _("Restricted")
    BANNED = "banned", _("Banned")


class ObjectType(models.TextChoices):
    """What technology is transferred (article 4, with the additions in force from 1 April 2026)."""

    KNOWHOW = "KNOWHOW", _("Technical know-how")
    PLAN_PROCESS = "PLAN_PROCESS", _("Plans, processes, drawings, formulas")
    SOFTWARE = "SOFTWARE", _("Software")
    DATA = "DATA", _("Data")
    MODEL = "MODEL", _("Models")
    ALGORITHM = "ALGORITHM", _("Algorithms")
    RATIONALIZATION = "RATIONALIZATION", _("Rationalisation and innovation solutions")
    MACHINERY_WITH = "MACHINERY_WITH", _("Machinery together with one of these")


class TransferMethod(models.TextChoices):
    """How technology is transferred (article 6)."""

    DOCUMENTS = "DOCUMENTS", _("Technology documents")
    TRAINING = "TRAINING", _("Training")
    EXPERT_ADVICE = "EXPERT_ADVICE", _("Expert advice and assistance")
    MACHINERY_WITH = "MACHINERY_WITH", _("Machinery with the above")
    OTHER_AGREED = "OTHER_AGREED", _("Another agreed method")


class Right(models.TextChoices):
    """What rights are on offer (article 7)."""

    ASSIGNMENT = "assignment", _("Assignment of ownership")
    EXCLUSIVE = "exclusive_licence", _("Exclusive licence")
    NON_EXCLUSIVE = "nonexclusive_licence", _("Non-exclusive licence")
    TRIAL = "trial", _("Trial")


class IPKind(models.TextChoices):
    """Kinds of intellectual property."""

    PATENT = "patent", _("Patent")
    UTILITY_SOLUTION = "utility_solution", _("Utility solution")
    INDUSTRIAL_DESIGN = "industrial_design", _("Industrial design")
    TRADE_MARK = "trade_mark", _("Trade mark")
    PLANT_VARIETY = "plant_variety", _("Plant variety")
    SOFTWARE_COPYRIGHT = "software_copyright", _("Software copyright")
    TRADE_SECRET = "trade_secret", _("Trade secret")


class IPStatus(models.TextChoices):
    """Legal status of an IP right."""

    PENDING = "pending", _("Pending")
    GRANTED = "granted", _("Granted")
    LAPSED = "lapsed", _("Lapsed")


class Tier(models.TextChoices):
    """Who may open a document."""

    PUBLIC = "public", _("Public")
    REGISTERED = "registered", _("Anyone signed in")
    NDA = "nda", _("Under an NDA")


class Cooperation(models.TextChoices):
    """How a company would work with the supplier."""

    BUY = "buy", _("Buy the technology")
    LICENCE = "licence", _("Take a licence")
    JOINT_DEVELOPMENT = "joint_development", _("Develop together")
    SERVICE = "service", _("Commission a service")
    TRIAL = "trial", _("Try before buying")


def labels(choices: type[models.TextChoices], values: Iterable[str]) -> list[str]:
    """Give the labels of stored values; one that the list no longer knows is shown as stored."""
    known = dict(choices.choices)
    return [str(known.get(value, value)) for value in values]


#: What each readiness level means, in a few words.
TRL_MEANINGS = {
    1: _("basic principle observed"),
    2: _("concept formulated"),
    3: _("concept proved in experiments"),
    4: _("validated in the laboratory"),
    5: _("validated in a relevant setting"),
    6: _("demonstrated in a relevant setting"),
    7: _("prototype shown in its place of use"),
    8: _("complete and qualified"),
    9: _("proven in regular use"),
}
