"""Royalty statements: filed, corrected, questioned, accepted."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services import settle
from audit.services import record
from deals import reasons, tracking_policies
from deals.choices import Side
from deals.models import Contract, Deduction, Obligation, RoyaltyStatement
from deals.royalty import Declared, Royalty, StatementInvalid, as_record, compute, from_record
from deals.services.common import check, need_reason, tell
from deals.services.tracking import lock_contract, meet_obligation, short_date
from deals.services.tracking_invoices import issue_royalty_invoice, royalty_key, withdraw_royalty_invoice
from deals.services.tracking_years import settle_minimum
from deals.tracking_choices import ObligationKind
from deals.tracking_lifecycle import OPEN, STATEMENT, ObligationState, StatementState
from marketplace.kit.errors import Conflict, require
from marketplace.kit.lifecycle import move

ZERO = Decimal(0)
MESSAGES = {
    "negative": gettext_noop("Enter an amount of 0 or more."),
    "broken": gettext_noop("Enter a whole amount in đồng."),
    "unknown": gettext_noop("This deduction does not belong to the base of this contract."),
    "exceeds_sales": gettext_noop("The deductions exceed the invoiced sales."),
}


@dataclass(frozen=True)
class Figures:
    """What the licensee declares: units sold, invoiced sales in VND, deductions by kind in VND, a note."""

    units: Decimal
    gross_sales: Decimal
    deductions: Mapping[str, Decimal]
    note: str = ""


def standing_statements(contract: Contract, year: int) -> list[RoyaltyStatement]:
    """Give the statements of a contract year that were not superseded, by period."""
    return list(
        RoyaltyStatement.objects.filter(contract=contract, obligation__contract_year=year)
        .exclude(state=StatementState.SUPERSEDED)
        .select_related("obligation")
        .order_by("period_start", "pk")
    )


def _earlier_royalties(contract: Contract, obligation: Obligation) -> Decimal:
    total = (
        RoyaltyStatement.objects.filter(
            contract=contract,
            obligation__contract_year=obligation.contract_year,
            period_start__lt=obligation.period_start,
        )
        .exclude(state=StatementState.SUPERSEDED)
        .aggregate(total=Sum("royalty"))["total"]
    )
    return total or ZERO


def charged_top_up(contract: Contract, year: int | None) -> Decimal:
    """Give the top-up that was charged for a contract year because its last statement did not come."""
    rows = Obligation.objects.filter(contract=contract, kind=ObligationKind.TOP_UP, contract_year=year)
    return rows.exclude(state=ObligationState.WAIVED).aggregate(total=Sum("amount"))["total"] or ZERO


def _others_in_year(contract: Contract, obligation: Obligation) -> dict[str, Decimal | None]:
    """Sum royalties and amounts of the standing statements of the year for other periods."""
    return (
        RoyaltyStatement.objects.filter(contract=contract, obligation__contract_year=obligation.contract_year)
        .exclude(obligation=obligation)
        .exclude(state=StatementState.SUPERSEDED)
        .aggregate(royalties=Sum("royalty"), amounts=Sum("amount"))
    )


def _minimum_of(contract: Contract, obligation: Obligation) -> Decimal:
    """Give the minimum of the contract year in which a period lies: none when the supplier has waived it."""
    waived = Obligation.objects.filter(
        contract=contract, kind=ObligationKind.MINIMUM, contract_year=obligation.contract_year,
        state=ObligationState.WAIVED,
    )  # fmt: skip
    return ZERO if waived.exists() else contract.terms.minimum_annual


def find_period(contract: Contract, start: datetime.date, end: datetime.date) -> Obligation:
    """Give the obligation to declare a period. Raises ValidationError naming what is wrong with the dates."""
    if end < start:
        raise ValidationError({"period_end": [_("The last day lies before the first day.")]})
    wanted = Obligation.objects.filter(contract=contract, kind=ObligationKind.STATEMENT)
    found = wanted.filter(period_start=start, period_end=end).first()
    if found is None:
        standing = (
            RoyaltyStatement.objects.filter(contract=contract, period_start__lte=end, period_end__gte=start)
            .exclude(state=StatementState.SUPERSEDED)
            .order_by("period_start", "pk")
            .first()
        )
        if standing is not None:
            dates = {"start": short_date(standing.period_start), "end": short_date(standing.period_end)}
            message = _("This overlaps the statement for %(start)s to %(end)s.") % dates
            raise ValidationError({"period_start": [message]})
        following = wanted.filter(state__in=OPEN).order_by("period_start", "pk").first()
        if following is None:
            raise ValidationError({"period_start": [_("This contract has no open period to declare.")]})
        assert following.period_start is not None
        assert following.period_end is not None
        dates = {"start": short_date(following.period_start), "end": short_date(following.period_end)}
        message = _("This is not a period of the contract. The next one runs from %(start)s to %(end)s.") % dates
        raise ValidationError({"period_start": [message]})
    if end >= timezone.localdate():
        message = _("The period runs until %(date)s. File the statement after it.") % {"date": short_date(end)}
        raise ValidationError({"period_end": [message]})
    return found


def declared_of(contract: Contract, obligation: Obligation, figures: Figures) -> Declared:
    """Join what is declared with what the contract says and what was declared earlier in the year."""
    terms = contract.terms
    charged = charged_top_up(contract, obligation.contract_year)
    others = _others_in_year(contract, obligation) if charged else {}
    return Declared(
        base=terms.royalty_base,
        gross_sales=figures.gross_sales,
        deductions={kind: value for kind, value in figures.deductions.items() if value},
        rate_pct=terms.royalty_pct,
        minimum_annual=_minimum_of(contract, obligation) if obligation.closes_year or charged else terms.minimum_annual,
        earlier_in_year=_earlier_royalties(contract, obligation),
        closes_year=obligation.closes_year,
        charged=charged,
        other_royalties=others.get("royalties") or ZERO,
        other_amounts=others.get("amounts") or ZERO,
    )


def _computed(contract: Contract, obligation: Obligation, figures: Figures) -> tuple[Declared, Royalty]:
    if figures.units < 0:
        raise ValidationError({"units": [_("Enter a number of 0 or more.")]})
    declared = declared_of(contract, obligation, figures)
    try:
        return declared, compute(declared)
    except StatementInvalid as invalid:
        raise ValidationError({name: [_(MESSAGES[code])] for name, code in invalid.problems.items()}) from invalid


def preview_statement(
    *, contract: Contract, period_start: datetime.date, period_end: datetime.date, figures: Figures, actor: User
) -> Royalty:
    """Compute what a statement would come to, and store nothing. The same errors as filing it."""
    require(tracking_policies.can_file(actor, contract.deal))
    obligation = find_period(contract, period_start, period_end)
    return _computed(contract, obligation, figures)[1]


def _store(
    contract: Contract, obligation: Obligation, figures: Figures, actor: User, replaces: RoyaltyStatement | None
) -> RoyaltyStatement:
    declared, result = _computed(contract, obligation, figures)
    assert obligation.period_start is not None
    assert obligation.period_end is not None
    statement = RoyaltyStatement(
        contract=contract,
        obligation=obligation,
        version=replaces.version + 1 if replaces else 1,
        replaces=replaces,
        period_start=obligation.period_start,
        period_end=obligation.period_end,
        units=figures.units,
        gross_sales=figures.gross_sales,
        royalty_base=declared.base,
        rate_pct=declared.rate_pct,
        minimum_annual=declared.minimum_annual,
        earlier_in_year=declared.earlier_in_year,
        base_amount=result.base_amount,
        royalty=result.royalty,
        top_up=result.top_up,
        credit=result.credit,
        amount=result.amount,
        computation=as_record(declared, result),
        note=figures.note.strip(),
        filed_on=timezone.localdate(),
        filed_by=actor,
    )
    check(statement, exclude=["contract", "obligation", "replaces", "computation"])
    statement.save()
    Deduction.objects.bulk_create(
        Deduction(statement=statement, kind=kind, amount=value) for kind, value in declared.deductions.items()
    )
    data = {"period_start": statement.period_start, "version": statement.version, "amount": result.amount}
    record(tag="statement.correct" if replaces else "statement.file", subject=statement, actor=actor, data=data)
    tell(
        contract.deal, Side.LICENSOR, kind="statement.filed", actor=actor, page="tracking", awaits=statement,
        text=lambda: (
            _("A royalty statement under contract %(number)s waits for your answer.") % {"number": contract.number}
        ),
    )  # fmt: skip
    return statement


@transaction.atomic
def file_statement(
    *, contract: Contract, period_start: datetime.date, period_end: datetime.date, figures: Figures, actor: User
) -> RoyaltyStatement:
    """File what was sold in a period; the royalty is computed and stored with every step.

    Raises ValidationError for wrong dates or figures, and Conflict when the period was declared before or an earlier
    period of the same contract year was not.
    """
    contract = lock_contract(contract.pk)
    require(tracking_policies.can_file(actor, contract.deal))
    obligation = find_period(contract, period_start, period_end)
    if RoyaltyStatement.objects.filter(obligation=obligation).exists():
        raise Conflict(_("A statement for this period was filed before. Correct it instead."))
    if obligation.state == ObligationState.WAIVED:
        raise Conflict(_("The supplier has waived the statement for this period."))
    gap = (
        Obligation.objects.filter(
            contract=contract, kind=ObligationKind.STATEMENT, contract_year=obligation.contract_year,
            period_start__lt=period_start,
        )
        .filter(state__in=OPEN)
        .order_by("period_start", "pk")
        .first()
    )  # fmt: skip
    if gap is not None:
        assert gap.period_start is not None
        dates = {"start": short_date(gap.period_start)}
        raise Conflict(_("First file the statement for the period from %(start)s.") % dates)
    statement = _store(contract, obligation, figures, actor, replaces=None)
    meet_obligation(obligation, on=statement.filed_on, actor=actor, data={"statement": statement.pk})
    return statement


def lock_statement(statement: RoyaltyStatement) -> RoyaltyStatement:
    """Lock the contract of a statement, and give the statement as stored."""
    contract = lock_contract(statement.contract_id)
    statement = (
        RoyaltyStatement.objects.select_for_update(of=("self",)).select_related("obligation").get(pk=statement.pk)
    )
    statement.contract = contract
    return statement


def _changes_nothing(statement: RoyaltyStatement, figures: Figures) -> bool:
    """Tell whether a correction would declare the same and come to the same.

    What was not accepted yet may be filed again as it is where the rest of the year, on which it rests, has changed.
    """
    declared, result = _computed(statement.contract, statement.obligation, figures)
    before = from_record(statement.computation)
    return (
        (figures.units, declared.gross_sales, declared.deductions)
        == (statement.units, before.gross_sales, before.deductions)
        and (result.royalty, result.top_up, result.credit)
        == (statement.royalty, statement.top_up, statement.credit)
        and (statement.state == StatementState.ACCEPTED or declared == before)
    )  # fmt: skip


@transaction.atomic
def correct_statement(*, statement: RoyaltyStatement, figures: Figures, actor: User) -> RoyaltyStatement:
    """File a new version of a statement; the old one stays on record as superseded.

    An unpaid invoice of the old version is cancelled; the day of payment stays (see `issue_royalty_invoice`). Conflict
    for figures that change nothing, once money was received for it, and when the year's last statement was accepted
    with a top-up that the change would make wrong. A last statement that still waits is questioned, so that its top-up
    is computed anew.
    """
    statement = lock_statement(statement)
    contract = statement.contract
    require(tracking_policies.can_file(actor, contract.deal))
    if not STATEMENT.can(statement.state, "supersede"):
        raise Conflict(_("A later version of this statement stands. Correct that one."))
    if _changes_nothing(statement, figures):
        raise Conflict(_("These are the figures that you declared. A correction changes at least one of them."))
    withdraw_royalty_invoice(statement=statement, actor=actor)
    move(statement, "supersede", actor=actor)
    settle(statement)
    corrected = _store(contract, statement.obligation, figures, actor, replaces=statement)
    settle_minimum(contract, statement.obligation.contract_year, on=corrected.filed_on, actor=actor)
    if corrected.royalty != statement.royalty:
        recheck_statements(
            contract, statement.obligation, lowered=corrected.royalty < statement.royalty,
            accepted=_("Another statement of the year was accepted, and it rests on this one. Correct that one first, then this one."),
            question=reasons.YEAR_CHANGED,
        )  # fmt: skip
    return corrected


def _rests_on_others(row: RoyaltyStatement, *, lowered: bool) -> bool:
    """Tell whether a change elsewhere in the year makes a statement wrong.

    The last one was reckoned with the year's minimum. Once a top-up was charged, each was reckoned against what the
    others had asked: where one of those comes down, the others ask for too much.
    """
    if row.obligation.closes_year and row.minimum_annual:
        return True
    return lowered and Decimal(row.computation.get("charged", "0")) > 0


def _forgiven(statement: RoyaltyStatement) -> bool:
    """Tell whether what an accepted statement comes to was given up, so that nobody asks for it any more."""
    return Obligation.objects.filter(
        contract=statement.contract_id, key=royalty_key(statement),
        state__in=[ObligationState.WAIVED, ObligationState.FORGIVEN],
    ).exists()  # fmt: skip


def recheck_statements(
    contract: Contract, obligation: Obligation, *, accepted: str, question: str, lowered: bool = False
) -> None:
    """Ask anew for the statements of a year that wait and rest on what has changed, which is `obligation`.

    `question`: one of `deals.reasons`, which the buyer reads in the own language.

    `lowered`: a royalty came down. In the caller's transaction. Conflict with the words `accepted` once such a
    statement was accepted; with the minimum goes also the top-up of one whose payment was forgiven.
    """
    assert obligation.contract_year is not None
    standing = standing_statements(contract, obligation.contract_year)
    for row in standing:
        if row.obligation_id == obligation.pk or not _rests_on_others(row, lowered=lowered):
            continue
        if obligation.kind == ObligationKind.MINIMUM and row.state == StatementState.ACCEPTED and _forgiven(row):
            continue
        if row.state == StatementState.ACCEPTED and (row.top_up or obligation.kind == ObligationKind.STATEMENT):
            raise Conflict(accepted)
        if row.state == StatementState.FILED:
            move(row, "question", actor=None, answer=question, answered_at=timezone.now())
            settle(row)
            tell(
                contract.deal, Side.LICENSEE, kind="statement.questioned", actor=None, page="tracking", awaits=row,
                text=lambda: (
                    _("A royalty statement under contract %(number)s must be filed again.")
                    % {"number": contract.number}
                ),
            )  # fmt: skip


@transaction.atomic
def question_statement(*, statement: RoyaltyStatement, question: str, actor: User) -> RoyaltyStatement:
    """Ask the licensee about a statement, with the question."""
    statement = lock_statement(statement)
    contract = statement.contract
    require(tracking_policies.can_answer(actor, contract.deal))
    question = need_reason(question)
    move(
        statement, "question", actor=actor, data={"question": question}, answer=question, answered_by=actor,
        answered_at=timezone.now(),
    )  # fmt: skip
    settle(statement)
    tell(
        contract.deal, Side.LICENSEE, kind="statement.questioned", actor=actor, page="tracking", awaits=statement,
        text=lambda: (
            _("The supplier has a question about your royalty statement under contract %(number)s.")
            % {"number": contract.number}
        ),
    )  # fmt: skip
    return statement


def _declared_figures(statement: RoyaltyStatement) -> Figures:
    """Give what a statement declares, as figures to declare."""
    deductions = from_record(statement.computation).deductions
    return Figures(units=statement.units, gross_sales=statement.gross_sales, deductions=deductions, note=statement.note)


def why_not_to_accept(statement: RoyaltyStatement) -> str:
    """Say why a statement has to be filed again before it may be accepted; nothing when it may.

    Something on which it rests has changed: an earlier statement of the year, the minimum, or, where it was the system
    that asked for it anew, anything by which it comes to another amount now.
    """
    contract = statement.contract
    closes = statement.obligation.closes_year and statement.minimum_annual
    if closes and _earlier_royalties(contract, statement.obligation) != statement.earlier_in_year:
        return _("An earlier statement of the year has changed. Ask the buyer to file this one again.")
    if closes and not _minimum_of(contract, statement.obligation):
        return _("The minimum of the year was waived. Ask the buyer to file this statement again.")
    if statement.state == StatementState.QUESTIONED and statement.answered_by_id is None:
        result = _computed(contract, statement.obligation, _declared_figures(statement))[1]
        if (result.royalty, result.top_up, result.credit) != (statement.royalty, statement.top_up, statement.credit):
            return _("Another statement of the year has changed. Ask the buyer to file this one again.")
    return ""


@transaction.atomic
def accept_statement(*, statement: RoyaltyStatement, actor: User) -> RoyaltyStatement:
    """Accept a statement; an invoice for its amount is issued, unless nothing is to be paid.

    Conflict when it has to be filed again first; see `why_not_to_accept`.
    """
    statement = lock_statement(statement)
    contract = statement.contract
    require(tracking_policies.can_answer(actor, contract.deal))
    obstacle = why_not_to_accept(statement) if STATEMENT.can(statement.state, "accept") else ""
    if obstacle:
        raise Conflict(obstacle)
    move(statement, "accept", actor=actor, answered_by=actor, answered_at=timezone.now())
    settle(statement)
    if statement.amount:
        issue_royalty_invoice(statement=statement, actor=actor)
    tell(
        contract.deal, Side.LICENSEE, kind="statement.accepted", actor=actor, page="tracking",
        text=lambda: _("Your royalty statement under contract %(number)s was accepted.") % {"number": contract.number},
    )  # fmt: skip
    return statement
