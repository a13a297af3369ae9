"""Who may commission, do and read appraisals; and when a firm has an interest that forbids it."""

from collections.abc import Iterable

from accounts.models import Organisation, Role, User
from accounts.policies import has_no_stake
from valuation.models import Appraisal

#: Who spends the organisation's money on an appraisal.
CLIENT_ROLES = (Role.TTO_OFFICER, Role.REPRESENTATIVE, Role.SIGNATORY, Role.ADMIN)
FIRM_ROLES = (Role.APPRAISER, Role.SIGNATORY)


def can_commission(actor: User, client: Organisation) -> bool:
    """An officer of the organisation that pays."""
    return actor.has_org_role(client.pk, *CLIENT_ROLES)


def can_consent(actor: User, appraisal: Appraisal) -> bool:
    """An officer of the owner lets a firm that the other side wants see the file."""
    return actor.has_org_role(appraisal.technology.organisation_id, *CLIENT_ROLES)


def can_cancel(actor: User, appraisal: Appraisal) -> bool:
    """An officer of the client, or of the owner, whose papers they are."""
    return can_commission(actor, appraisal.client) or can_consent(actor, appraisal)


def acts_for_firm(actor: User, appraisal: Appraisal) -> bool:
    """An appraiser or signatory of the firm."""
    return actor.has_org_role(appraisal.firm_id, *FIRM_ROLES)


def works(actor: User, appraisal: Appraisal) -> bool:
    """An appraiser or signatory of the firm, while it is verified: who reads the file and does the work."""
    return acts_for_firm(actor, appraisal) and appraisal.firm.is_verified


def certifies(actor: User, appraisal: Appraisal) -> bool:
    """An appraiser or signatory of the firm, while it is verified, without a seat on either side."""
    return works(actor, appraisal) and all(has_no_stake(actor, one.pk) for one in sides(appraisal))


def can_show(actor: User, appraisal: Appraisal) -> bool:
    """An officer of the owner decides whether everyone may see the certified value."""
    return can_consent(actor, appraisal)


def sides(appraisal: Appraisal) -> list[Organisation]:
    """Give the organisations whose price it is: the owner, the client, the other side; each once."""
    found = [appraisal.technology.organisation, appraisal.client, appraisal.counterparty]
    return list({one.pk: one for one in found if one is not None}.values())


def related(one: Organisation, other: Organisation) -> bool:
    """The same organisation, or branches of one enterprise (the first ten digits of the tax code)."""
    if one.pk == other.pk:
        return True
    return bool(one.tax_code) and one.tax_code[:10] == other.tax_code[:10]


def related_to_any(firm: Organisation, others: Iterable[Organisation]) -> bool:
    """The firm is, or belongs with, one of the organisations."""
    return any(related(firm, other) for other in others)
