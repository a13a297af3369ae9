"""When a contract takes effect, and whether it must be registered: pure functions on facts.

Source: Law 07/2017/QH14 arts 24 and 31 (amended by Law 115/2025/QH15); shares no code with the database.
"""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from deals.choices import Flow


def flow_between(licensor_country: str, licensee_country: str) -> Flow:
    """Give across which border the technology goes. Two foreign parties count as bringing it into Viet Nam."""
    if licensor_country == "VN":
        return Flow.DOMESTIC if licensee_country == "VN" else Flow.OUTBOUND
    return Flow.INBOUND


@dataclass(frozen=True, slots=True)
class LegalFacts:
    """What the law asks by: the class of the technology (`restricted` None: nobody has classified it yet), the duty to
    register, and the state money in it (0-100 %) and in either party.
    """

    restricted: bool | None
    must_register: bool
    state_funding_pct: Decimal
    state_capital: bool

    @property
    def state_money(self) -> bool:
        """Tell whether state money is in the technology or in either party."""
        return self.state_funding_pct > 0 or self.state_capital


def must_register(*, flow: str, state_money: bool, result_certificate: bool) -> bool:
    """Tell whether registration is mandatory (article 31), as long as no permit frees from it.

    From abroad, to abroad, or within the country with state money unless the result of the task has its certificate.
    """
    return flow != Flow.DOMESTIC or (state_money and not result_certificate)


@dataclass(frozen=True)
class Effect:
    """When a signed contract takes effect: `effective_on`, or None while `waits_for` names what is missing."""

    must_register: bool
    waits_for: str  # "", "signature", "permit", "certificate"
    effective_on: datetime.date | None
    file_by: datetime.date | None


def effect_of(
    *,
    must_register: bool,
    restricted: bool | None,
    file_by: datetime.date | None = None,
    signed_on: datetime.date | None = None,
    agreed_on: datetime.date | None = None,
    permit_on: datetime.date | None = None,
    certificate_on: datetime.date | None = None,
) -> Effect:
    """Apply article 24: the latest of every date that counts.

    Registration mandatory: from the certificate. Restricted technology: from the permit, which frees from registration.
    Otherwise, also as long as nobody has classified it, as agreed, without an agreement from signing; never before signing. `file_by`, the last day to file by the day
    of signing, holds while a mandatory registration is open.
    """
    mandatory = must_register and not (restricted and permit_on is not None)
    if signed_on is None:
        return Effect(mandatory, "signature", None, None)
    if not mandatory or certificate_on is not None:
        file_by = None
    if restricted and permit_on is None:
        return Effect(mandatory, "permit", None, None)
    if mandatory and certificate_on is None:
        return Effect(mandatory, "certificate", None, file_by)
    dates = [signed_on, agreed_on, permit_on if restricted else None, certificate_on if mandatory else None]
    return Effect(mandatory, "", max(date for date in dates if date is not None), file_by)
