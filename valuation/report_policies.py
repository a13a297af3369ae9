"""Who may draw up and read reports, and who may start and stop runs."""

from accounts.models import Exchange, User
from accounts.policies import belongs_to, serves_exchange
from listings.models import Technology
from valuation.models import Run


def can_draw_up(actor: User, technology: Technology) -> bool:
    """Anyone with a seat in the organisation that owns the technology: the report is the owner's to hand on."""
    return belongs_to(actor, technology.organisation_id)


def can_read_reports(actor: User, technology: Technology, *, is_appraised_by: bool) -> bool:
    """The owner's people, the operators of the exchange, and a firm while it appraises the technology.

    A report holds the owner's answers. Whoever has a copy from the owner verifies it without reading anything here.
    """
    return can_draw_up(actor, technology) or serves_exchange(actor, technology.exchange_id) or is_appraised_by


def can_recompute_exchange(actor: User, exchange: Exchange) -> bool:
    """An operator or manager of the exchange has all its ranges computed again."""
    return serves_exchange(actor, exchange.pk)


def can_see_run(actor: User, run: Run) -> bool:
    """Who asked for it, the owner's people, and the operators of the exchange."""
    if run.requested_by_id == actor.pk:
        return True
    if run.technology is not None:
        return belongs_to(actor, run.technology.organisation_id) or serves_exchange(actor, run.technology.exchange_id)
    return serves_exchange(actor, run.exchange_id)


def can_cancel(actor: User, run: Run) -> bool:
    """Who asked for it; an exchange's run also any of its operators."""
    return run.requested_by_id == actor.pk or (run.exchange_id is not None and serves_exchange(actor, run.exchange_id))
