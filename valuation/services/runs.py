"""Runs: ask for one, do it in steps that can be stopped, cancel it, take up what a dead worker left.

A run's row is the truth. `perform_run` may be called by any worker, at any time, more than once: an advisory lock
lets one at a time work on a run, a dead worker keeps no lock, and the sweep calls every run that is not ended.
Between two steps the worker writes how far it is, but only while the run is still running: a cancelled run stops there
and stores nothing more.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Exchange, User
from audit.services import record
from listings.models import Technology
from marketplace.kit.errors import Conflict, require
from marketplace.kit.lifecycle import move
from marketplace.kit.single import single
from valuation import policies, report_policies, selectors
from valuation.defaults import Defaults
from valuation.lifecycle import LIVE_RUN, RunState
from valuation.models import Run, Suggestion
from valuation.services.reports import draw_up_report
from valuation.services.suggesting import ATTEMPTS, stands, suggest_for
from valuation.tasks import perform_run as perform_task

logger = logging.getLogger(__name__)


class RunStopped(Exception):
    """The run is no longer running: it was cancelled."""


@transaction.atomic
def request_range(*, technology: Technology, actor: User) -> Run:
    """Have the range of a technology computed, at any state of it; a run that is under way is given instead of a second one."""
    require(policies.can_ask(actor, technology))
    record(tag="technology.ask_price", subject=technology, actor=actor)
    return _request(kind=Run.Kind.RANGE, actor=actor, technology=technology)


def request_report(*, technology: Technology, actor: User) -> Run:
    """Have the report of the present range drawn up; the range is computed first when there is none by these methods."""
    require(report_policies.can_draw_up(actor, technology))
    return _request(kind=Run.Kind.REPORT, actor=actor, technology=technology)


def request_exchange(*, exchange: Exchange, actor: User) -> Run:
    """Have the ranges of all published technologies of an exchange computed, after its defaults changed."""
    require(report_policies.can_recompute_exchange(actor, exchange))
    return _request(kind=Run.Kind.EXCHANGE, actor=actor, exchange=exchange)


@transaction.atomic
def _request(*, kind: str, actor: User, **about: Any) -> Run:
    """Give a new run, or the live one, which then looks again before it ends whether its result still stands."""
    for _attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                run = Run.objects.create(kind=kind, requested_by=actor, **about)
            break
        except IntegrityError:
            live = Run.objects.select_for_update(of=("self",)).filter(kind=kind, state__in=LIVE_RUN, **about).first()
            if live is not None:  # else it ended while its row was waited for
                return live
    else:
        raise Conflict(_("Someone else has just changed this. Look again and decide anew."))
    record(tag="run.request", subject=run, actor=actor, data={"kind": kind, **{k: v.pk for k, v in about.items()}})
    transaction.on_commit(partial(perform_task.delay, run.pk), robust=True)
    return run


@transaction.atomic
def cancel_run(*, run: Run, actor: User) -> Run:
    """Stop a run: its worker notices before its next step. Raises Conflict for one that has ended."""
    run = Run.objects.select_for_update(of=("self",)).get(pk=run.pk)
    require(report_policies.can_cancel(actor, run))
    move(run, "cancel", actor=actor, ended_at=timezone.now())
    return run


def perform_run(*, pk: int) -> bool:
    """Do a run, or go on where a dead worker stopped; tell whether this call brought it to its end."""
    with single(f"valuation.run:{pk}") as held:
        if not held:
            return False
        run = _begin(pk)
        if run is None:
            return False
        try:
            STEPS[Run.Kind(run.kind)](run)
        except RunStopped:
            return False
        except Exception:
            logger.exception("Run %s failed", pk)
            with suppress(RunStopped):
                _end(pk, "fail")
            return False
    return True


def resume_runs() -> int:
    """Hand every run that has not ended to a worker again; give how many. Those being worked on are left alone there."""
    waiting = list(Run.objects.filter(state__in=LIVE_RUN).order_by("pk").values_list("pk", flat=True))
    for pk in waiting:
        perform_task.delay(pk)
    return len(waiting)


@transaction.atomic
def _begin(pk: int) -> Run | None:
    run = Run.objects.select_for_update(of=("self",)).filter(pk=pk, state__in=LIVE_RUN).first()
    if run is not None and run.state == RunState.QUEUED:
        move(run, "start", actor=None)
    return run


@transaction.atomic
def _end(pk: int, transition: str, *, if_: Callable[[], bool] = lambda: True, **changes: Any) -> bool:
    """Complete or fail a run if the condition holds under its lock, and tell; whoever asks meanwhile waits for the lock.

    Raises RunStopped when it was cancelled meanwhile.
    """
    run = Run.objects.select_for_update(of=("self",)).get(pk=pk)
    if run.state != RunState.RUNNING:
        raise RunStopped
    if not if_():
        return False
    move(run, transition, actor=None, ended_at=timezone.now(), **changes)
    return True


def _step(run: Run, **progress: Any) -> None:
    """Write how far the run is. Raises RunStopped when it no longer runs."""
    if not Run.objects.filter(pk=run.pk, state=RunState.RUNNING).update(**progress):
        raise RunStopped


def _range(run: Run) -> None:
    assert run.technology_id is not None
    _step(run, percent=10)
    for _attempt in range(ATTEMPTS):
        suggestion = suggest_for(pk=run.technology_id)
        if suggestion is None:
            break
        if _end(run.pk, "complete", if_=partial(stands, suggestion), percent=100, suggestion=suggestion):
            return
    _end(run.pk, "fail")  # changed faster than it can be computed; who changed it asks again


def _report(run: Run) -> None:
    assert run.technology_id is not None
    for _attempt in range(ATTEMPTS):
        technology = Technology.objects.get(pk=run.technology_id)
        _step(run, percent=5)
        suggestion = selectors.current_suggestion(technology)
        if suggestion is None or not selectors.is_of_these_methods(suggestion):  # else it could not be verified
            suggestion = suggest_for(pk=technology.pk)
        if suggestion is None:
            break
        _step(run, percent=20)
        report = draw_up_report(
            suggestion=suggestion, actor=run.requested_by, checkpoint=lambda percent: _step(run, percent=percent)
        )
        done = {"percent": 100, "suggestion": suggestion, "report": report}
        if _end(run.pk, "complete", if_=partial(_is_newest, suggestion), **done):
            return
    _end(run.pk, "fail")


def _is_newest(suggestion: Suggestion) -> bool:
    """Tell whether a range is still the one that stands; a report is of a range, whatever was answered since."""
    return selectors.current_suggestion(Technology.objects.get(pk=suggestion.technology_id)) == suggestion


def _exchange(run: Run) -> None:
    """Compute every range with one set of rules: whoever changes one meanwhile has those done before computed again."""
    for _attempt in range(ATTEMPTS):
        if not run.resume_after:
            run.rules_hash = _rules_hash()
            _step(run, rules_hash=run.rules_hash)
        _compute_all(run)
        if _end(run.pk, "complete", if_=lambda: run.rules_hash in {"", _rules_hash()}, percent=100):
            return
        run.resume_after = run.done = run.failures = 0
        _step(run, resume_after=0, done=0, failures=0, percent=0)
    _end(run.pk, "fail")


def _rules_hash() -> str:
    return Defaults.on(timezone.localdate()).hash


def _compute_all(run: Run) -> None:
    rows = Technology.objects.published().filter(exchange_id=run.exchange_id).order_by("pk")
    waiting = list(rows.filter(pk__gt=run.resume_after).values_list("pk", flat=True))
    done, failures, out_of = run.done, run.failures, run.done + len(waiting)
    _step(run, out_of=out_of)
    for pk in waiting:
        try:
            suggest_for(pk=pk)
        except Exception:
            logger.exception("No range could be computed for technology %s", pk)
            failures += 1
        done += 1
        _step(run, done=done, failures=failures, resume_after=pk, percent=done * 100 // out_of)


STEPS = {Run.Kind.RANGE: _range, Run.Kind.REPORT: _report, Run.Kind.EXCHANGE: _exchange}
