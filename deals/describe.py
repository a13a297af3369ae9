"""Terms in words, in the reader's language: for the deal's page, and for what changed between two offers."""

from collections.abc import Sequence
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from deals.choices import MilestoneKind, RoyaltyBase
from deals.models import Milestone, Terms
from listings.choices import ObjectType, TransferMethod
from marketplace.kit import money

Row = tuple[str, str | None]

LONG = (
    "product", "schedule", "place", "licensor_duties", "licensee_duties", "definitions", "warranty", "penalty",
    "liability",
)  # fmt: skip


def _label(name: str) -> str:
    text = str(Terms._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
    return text[:1].upper() + text[1:]


def amount(value: Any) -> str | None:
    """Write an amount in VND whole; nothing for zero."""
    return money.exact(value, money.language_of(get_language())) if value else None


def royalty(terms: Terms) -> str | None:
    """Write the running royalty with its base: never one without the other."""
    if not terms.has_royalty:
        return None
    share = money.percent(terms.royalty_pct, money.language_of(get_language()), 4)
    base = str(RoyaltyBase(terms.royalty_base).label)
    return _("%(share)s of %(base)s") % {"share": share, "base": base[:1].lower() + base[1:]}


def fixed_value(terms: Terms, milestones: Sequence[Milestone]) -> str:
    """Write of what the sum of `deals.legal.contract.contract_value` is made; empty when it is one amount or none."""
    payments = sum(row.amount for row in milestones if row.kind == MilestoneKind.MILESTONE)
    parts = [_("lump sum %(amount)s") % {"amount": amount(terms.lump_sum)}] if terms.lump_sum else []
    if payments:
        parts.append(_("milestone payments %(amount)s") % {"amount": amount(payments)})
    if terms.minimum_annual and terms.term_years:
        words = ngettext(
            "minimum royalty %(amount)s for %(years)d year", "minimum royalty %(amount)s × %(years)d years",
            terms.term_years,
        )  # fmt: skip
        parts.append(words % {"amount": amount(terms.minimum_annual), "years": terms.term_years})
        return " + ".join(parts)
    return " + ".join(parts) if len(parts) > 1 else ""


def due(row: Milestone) -> str:
    """Write when a payment falls due."""
    if row.due_on is not None:
        return date_format(row.due_on, "SHORT_DATE_FORMAT")
    return ngettext(
        "%(months)d month after the effective date", "%(months)d months after the effective date", row.due_months or 0
    ) % {"months": row.due_months or 0}


def _milestones(rows: Sequence[Milestone], kind: str) -> str | None:
    chosen = [row for row in rows if row.kind == kind]
    return "; ".join(f"{row.name}: {amount(row.amount)} ({due(row)})" for row in chosen) or None


def _days_after_effect(count: int) -> str:
    return ngettext(
        "%(days)d day after the contract takes effect", "%(days)d days after the contract takes effect", count
    ) % {"days": count}


def _days_after_period(count: int) -> str:
    return ngettext("%(days)d day after the period ends", "%(days)d days after the period ends", count) % {
        "days": count
    }


def _days_after_statement(count: int) -> str:
    return ngettext("%(days)d day after the statement", "%(days)d days after the statement", count) % {"days": count}


def _years(count: int | None) -> str | None:
    return ngettext("%(years)d year", "%(years)d years", count) % {"years": count} if count else None


def rows_of(terms: Terms, milestones: Sequence[Milestone]) -> list[Row]:
    """Give (label, text or None) for every term, in the order of the form."""
    lump_sum_alone = terms.lump_sum > 0 and not any(row.kind == MilestoneKind.INSTALMENT for row in milestones)
    day = terms.effective_from
    objects = [str(choice.label) for choice in ObjectType if choice in terms.object_types]
    methods = [str(choice.label) for choice in TransferMethod if choice in terms.methods]
    rows: list[Row] = [
        (_label("right"), terms.get_right_display()),
        (_label("exclusivity"), terms.get_exclusivity_display() or None),
        (_label("territory"), terms.territory),
        (_label("field_of_use"), terms.field_of_use),
        (_("Term"), _years(terms.term_years)),
        (_label("effective_from"), date_format(day, "SHORT_DATE_FORMAT") if day else None),
        (_label("sublicence_allowed"), _("Yes") if terms.sublicence_allowed else _("No")),
        (_("Lump sum"), amount(terms.lump_sum)),
        (_("Lump sum due"), _days_after_effect(terms.lump_sum_due_days) if lump_sum_alone else None),
        (_("Instalments"), _milestones(milestones, MilestoneKind.INSTALMENT)),
        (_("Milestone payments"), _milestones(milestones, MilestoneKind.MILESTONE)),
        (_("Running royalty"), royalty(terms)),
        (_("Minimum royalty per year"), amount(terms.minimum_annual)),
        (_label("statement_frequency"), terms.get_statement_frequency_display() or None),
        (_("Royalty statement due"), _days_after_period(terms.statement_due_days) if terms.has_royalty else None),
        (_("Royalty payment due"), _days_after_statement(terms.payment_days) if terms.has_royalty else None),
        (_label("object_types"), "; ".join(objects)),
        (_label("form"), terms.get_form_display()),
        (_label("methods"), "; ".join(methods)),
        *((_label(name), getattr(terms, name) or None) for name in LONG),
        (_label("dispute_body"), terms.get_dispute_body_display()),
        (_label("dispute_detail"), terms.dispute_detail or None),
        (_label("other"), terms.other or None),
        (_label("related_parties"), _("Yes") if terms.related_parties else _("No")),
    ]
    return rows


def known_rows(terms: Terms, milestones: Sequence[Milestone]) -> list[tuple[str, str]]:
    """Give the terms that say something."""
    return [(label, text) for label, text in rows_of(terms, milestones) if text]


def changes(
    before: tuple[Terms, Sequence[Milestone]] | None, after: tuple[Terms, Sequence[Milestone]]
) -> list[dict[str, str | None]]:
    """Give the terms that differ between two offers as label, before, after; nothing for a first offer."""
    if before is None:
        return []
    return [
        {"label": label, "before": was, "after": now}
        for (label, was), (_same, now) in zip(rows_of(*before), rows_of(*after), strict=True)
        if was != now
    ]
