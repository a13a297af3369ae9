"""Who may draw up and read reports, and who may start and stop runs."""

from accounts.models import Exchange, User
from accounts.policies import belongs_to, serves_exchange
from listings.models import Technology
from valuation.models import Run


def can_draw_up(actor: User, technology: Technology) -> bool:
    """Anyone with a seat in the organisation that owns the technology: the report is the owner's to hand on."""
    return belongs_to(actor, technology.organisation_id)


def can_read_reports(actor: User, technology: Technology, *, reached: bool, is_appraised_by: bool) -> bool:
    """The owner's people, the operators of the exchange once the technology `reached` it, and a firm at work on it.

    A report holds the owner's answers. Whoever has a copy from the owner verifies it without reading anything here.
    """
    by_exchange = reached and serves_exchange(actor, technology.exchange_id)
    return can_draw_up(actor, technology) or by_exchange or is_appraised_by


def can_recompute_exchange(actor: User, exchange: Exchange) -> bool:
    """An operator or manager of the exchange has all its ranges computed again."""
    return serves_exchange(actor, exchange.pk)


def can_see_run(actor: User, run: Run, *, visible: bool) -> bool:
    """Who asked for it and the operators of the exchange, while its technology is `visible` to them; the owner's people."""
    asked = run.requested_by_id == actor.pk
    if run.technology is None:
        return asked or serves_exchange(actor, run.exchange_id)
    if belongs_to(actor, run.technology.organisation_id):
        return True
    return visible and (asked or serves_exchange(actor, run.technology.exchange_id))


def can_cancel(actor: User, run: Run) -> bool:
    """Who asked for it; an exchange's run also any of its operators."""
    return run.requested_by_id == actor.pk or (run.exchange_id is not None and serves_exchange(actor, run.exchange_id))
