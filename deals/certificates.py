"""Whether a deal needs a valuation certificate before it is signed, which one it has, and where others do not fit.

Law on Technology Transfer, article 27.3: with state capital the price follows the law on prices. By that law a
certificate serves its own purpose and asset within its validity. What of this stops a signature is a dated rule:
`appraisal.state_capital.required` (0: nothing does), `appraisal.state_capital.purpose` (another purpose, or a deal with
somebody else), `appraisal.state_capital.scope` (another right, or a shorter term than the contract's).
"""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from deals.choices import TermsRight
from deals.models import Deal
from deals.models.terms import Terms
from deals.selectors import accepted_offer
from rules.models import Rule
from rules.selectors import in_force
from valuation.appraisal_selectors import (
    appraisals_of,
    certificates_for,
    certificates_of,
    conflicts,
    rule_for_state_money,
)
from valuation.lifecycle import OPEN_APPRAISAL
from valuation.models import Appraisal, Certificate, Granted

PURPOSE, SCOPE = "appraisal.state_capital.purpose", "appraisal.state_capital.scope"


@dataclass(frozen=True, slots=True)
class Misfit:
    """One thing in which a certificate does not fit a deal, in the reader's language; whether it stops the signature, and
    whether it would not on another day.
    """

    text: str
    stops: bool
    of_the_day: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """A certificate of one of the two sides and where it does not fit the deal."""

    certificate: Certificate
    misfits: list[Misfit]

    @property
    def counts(self) -> bool:
        """Tell whether the signature may rest on it."""
        return not any(one.stops for one in self.misfits)


@dataclass(frozen=True, slots=True)
class Scope:
    """What the agreed terms grant, in the words of a commission; empty before terms are agreed."""

    right: str = ""
    term_years: int | None = None


def required_by(deal: Deal, *, on: datetime.date) -> Rule | None:
    """Give the rule by which a deal signed on a day needs a certificate, or None.

    By the state money of which listing and organisations tell, and by that of which the standing contract does: none
    goes away because it is no longer told of.
    """
    stated, funding = deal.stated_facts, deal.technology.state_funding_pct or Decimal(0)
    capital = deal.licensor.has_state_capital or deal.licensee.has_state_capital
    if stated is not None:
        funding, capital = max(funding, stated.state_funding_pct), capital or stated.state_capital
    return rule_for_state_money(funding_pct=funding, capital=capital, on=on)


def purpose_for(deal: Deal) -> str:
    """Give the purpose to commission an appraisal for: with state money the one that the signature needs."""
    needed = required_by(deal, on=timezone.localdate())
    return Appraisal.Purpose.NEGOTIATION if needed is None else Appraisal.Purpose.STATE


def agreed_terms(deal: Deal) -> Terms | None:
    """Give the terms that both sides accepted, or None."""
    offer = accepted_offer(deal)
    return None if offer is None else offer.terms


def scope_of(deal: Deal) -> Scope:
    """Give which right the agreed terms grant and for how long."""
    terms = agreed_terms(deal)
    if terms is None:
        return Scope()
    right = Granted.ASSIGNMENT if terms.right == TermsRight.ASSIGNMENT else terms.exclusivity
    return Scope(str(right), terms.term_years)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a deal that is signed on a day needs by `clause` (None: nothing), and how the certificates of its sides fit it."""

    deal: Deal
    clause: Rule | None = None
    scope: Scope = Scope()
    stops: frozenset[str] = frozenset()
    rows: tuple[Judged, ...] = ()

    @property
    def standing(self) -> Certificate | None:
        """Give the certificate on which the signature may rest; None when there is none."""
        return next((row.certificate for row in self.rows if row.counts), None)

    @property
    def waits(self) -> bool:
        """Tell whether the deal cannot be signed for want of a certificate."""
        return self.clause is not None and self.standing is None

    @property
    def held_once(self) -> bool:
        """Tell whether the signature might rest on a certificate, had it been given on another day."""
        return any(all(one.of_the_day for one in row.misfits if one.stops) for row in self.rows)

    def doubts(self, viewer: User) -> list[Judged]:
        """Give where certificates do not fit, as far as the viewer may read them: of the one that counts, or else of all."""
        counting = [row for row in self.rows if row.counts][:1]
        found = [row for row in counting or self.rows if row.misfits]
        seen = set(appraisals_of(viewer, self.deal.technology).values_list("pk", flat=True)) if found else set()
        return [row for row in found if row.certificate.appraisal_id in seen]

    def is_seen(self, certificate: Certificate, viewer: User) -> bool:
        """Tell whether the viewer may read a certificate, or only that there is one."""
        return certificates_for(viewer, self.deal.technology).filter(pk=certificate.pk).exists()

    def needed(self) -> list[str]:
        """Say, in the reader's language, what a certificate must be for the signature to rest on it."""
        texts = [_("issued for one of the two sides, by a verified firm without an interest in either")]
        texts.append(_("valid on the day of signing"))
        if PURPOSE in self.stops:
            texts.append(_("for the purpose “%(purpose)s”") % {"purpose": Appraisal.Purpose.STATE.label})
        if SCOPE in self.stops and self.scope.right:
            words = _("for the right that the contract grants, and for no other: %(right)s")
            texts.append(words % {"right": _granted(self.scope)})
        return texts


def judge(deal: Deal, *, on: datetime.date) -> Judgement:
    """Judge the certificates that either side commissioned for the technology, for a signature of a day, up to the first
    that counts.
    """
    clause = required_by(deal, on=on)
    if clause is None:
        return Judgement(deal)
    scope = scope_of(deal)
    stops = frozenset(row.code for row in in_force(on).filter(code__in=[PURPOSE, SCOPE]) if row.value)
    found = certificates_of(deal.technology, clients=[deal.licensor_id, deal.licensee_id])
    rows: list[Judged] = []
    for row in found:  # nothing is asked about the rest once one counts
        rows.append(Judged(row, _misfits(deal, row, on=on, scope=scope, stops=stops)))
        if rows[-1].counts:
            break
    return Judgement(deal, clause, scope, stops, tuple(rows))


def under_way(deal: Deal, viewer: User) -> QuerySet[Appraisal]:
    """Give the open commissions of the two sides for the technology that the viewer may read, the newest first."""
    sides = [deal.licensor_id, deal.licensee_id]
    return appraisals_of(viewer, deal.technology).filter(client__in=sides, state__in=OPEN_APPRAISAL)


def _granted(scope: Scope) -> str:
    right = str(Granted(scope.right).label)
    if scope.term_years is None:
        return right
    years = ngettext("%(n)d year", "%(n)d years", scope.term_years) % {"n": scope.term_years}
    return f"{right}, {years}"


def _misfits(
    deal: Deal, certificate: Certificate, *, on: datetime.date, scope: Scope, stops: frozenset[str]
) -> list[Misfit]:  # fmt: skip
    """Compare the firm's verification, validity, purpose, deal, right, term and the firm's interests with the deal."""
    appraisal, found = certificate.appraisal, []
    if not appraisal.firm.is_verified:
        found.append(Misfit(_("The firm is not verified by the exchange now."), stops=True))
    if certificate.issued_on > on:
        day = date_format(certificate.issued_on, "SHORT_DATE_FORMAT")
        found.append(
            Misfit(_("It was issued on %(day)s, after the day of signing.") % {"day": day}, stops=True, of_the_day=True)
        )
    if certificate.valid_until < on:
        day = date_format(certificate.valid_until, "SHORT_DATE_FORMAT")
        found.append(Misfit(_("It was valid until %(day)s.") % {"day": day}, stops=True, of_the_day=True))
    if certificate.named_purpose != Appraisal.Purpose.STATE:
        words = _("It was issued for another purpose: %(purpose)s.")
        purpose = certificate.get_named_purpose_display()
        found.append(Misfit(words % {"purpose": purpose}, stops=PURPOSE in stops))
    sides = {deal.licensor_id, deal.licensee_id}
    if appraisal.counterparty_id is not None and appraisal.counterparty_id not in sides:
        found.append(Misfit(_("It was commissioned for a deal with somebody else."), stops=PURPOSE in stops))
    found += _scope_misfits(certificate, scope, stops=SCOPE in stops)
    if any(one.stops for one in found):
        return found
    if appraisal.counterparty_id not in sides:  # nobody asked yet whether the firm has an interest in the other side
        other = deal.licensee if appraisal.client_id == deal.licensor_id else deal.licensor
        found += [
            Misfit(text, stops=True)
            for text in conflicts(
                firm=appraisal.firm, technology=deal.technology, client=appraisal.client, counterparty=other
            )
        ]
    return found


def _scope_misfits(certificate: Certificate, scope: Scope, *, stops: bool) -> list[Misfit]:
    found = []
    named, term = certificate.named_right, certificate.named_term
    if scope.right and named and named != scope.right:
        words = _("It appraises another right (%(named)s) than the contract grants (%(granted)s).")
        granted = str(Granted(scope.right).label)
        found.append(Misfit(words % {"named": certificate.get_named_right_display(), "granted": granted}, stops=stops))
    if scope.term_years and term and term < scope.term_years:
        words = _("It appraises %(named)d years; the contract runs %(granted)d.")
        found.append(Misfit(words % {"named": term, "granted": scope.term_years}, stops=stops))
    if scope.right and not named:
        found.append(
            Misfit(_("It does not say here which right it appraises: read it before you rely on it."), stops=False)
        )
    return found
