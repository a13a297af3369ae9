"""Runs: one at a time, seen as they go, stopped when asked, taken up when a worker dies. With a real worker."""

from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts.models import Role
from audit.models import Event
from listings.models import Technology
from marketplace.kit.errors import Conflict, NotAllowed
from rules.models import Rule
from tests.factories.accounts import person
from tests.factories.listings import TechnologyFactory
from valuation.lifecycle import RunState
from valuation.models import Report, Run, Suggestion
from valuation.selectors import current_suggestion
from valuation.services import runs as services
from valuation.services import save_answers, suggest_for

S = RunState


def operator_of(technology: Technology) -> Any:
    return person(Role.OPERATOR, exchange=technology.exchange)


def technologies(count: int) -> list[Technology]:
    first = TechnologyFactory(published=True)
    return [first, *TechnologyFactory.create_batch(count - 1, published=True, organisation=first.organisation)]


@pytest.mark.django_db
def test_a_report_is_drawn_up_step_by_step(monkeypatch: Any) -> None:
    technology = TechnologyFactory(published=True, with_right=True)
    run = services.request_report(technology=technology, actor=technology.author)
    assert (run.state, run.percent) == (S.QUEUED, 0)
    seen = []
    step = services._step
    monkeypatch.setattr(
        services, "_step", lambda run, **progress: (seen.append(progress["percent"]), step(run, **progress))
    )
    assert services.perform_run(pk=run.pk)
    run.refresh_from_db()
    assert (run.state, run.percent, run.report, run.suggestion) == (
        S.DONE, 100, Report.objects.get(), Suggestion.objects.get()
    )  # fmt: skip
    assert seen == sorted(seen)
    assert len(seen) >= 7
    tags = Event.objects.filter(subject_type="valuation.run").order_by("seq").values_list("tag", flat=True)
    assert list(tags) == ["run.request", "run.start", "run.complete"]
    assert not services.perform_run(pk=run.pk), "a run that has ended is not done again"


@pytest.mark.django_db
def test_the_same_request_is_one_run_and_the_same_content_one_report() -> None:
    technology = TechnologyFactory(published=True)
    run = services.request_report(technology=technology, actor=technology.author)
    colleague = person(Role.TTO_OFFICER, technology.organisation)
    assert services.request_report(technology=technology, actor=colleague) == run
    services.perform_run(pk=run.pk)
    again = services.request_report(technology=technology, actor=colleague)
    assert again != run
    services.perform_run(pk=again.pk)
    again.refresh_from_db()
    run.refresh_from_db()
    assert again.report == run.report
    assert Report.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("stop_at", [5, 20, 60, 90])
def test_a_cancelled_run_stores_nothing_more(stop_at: int, monkeypatch: Any) -> None:
    technology = TechnologyFactory(published=True)
    run = services.request_report(technology=technology, actor=technology.author)
    step = services._step

    def step_and_cancel(run: Run, **progress: Any) -> None:
        if progress["percent"] == stop_at:
            services.cancel_run(run=run, actor=technology.author)
        step(run, **progress)

    monkeypatch.setattr(services, "_step", step_and_cancel)
    assert not services.perform_run(pk=run.pk)
    run.refresh_from_db()
    assert run.state == S.CANCELLED
    assert run.percent < stop_at
    assert not Report.objects.exists()
    with pytest.raises(Conflict):
        services.cancel_run(run=run, actor=technology.author)


@pytest.mark.django_db
def test_a_run_that_breaks_says_so(monkeypatch: Any) -> None:
    technology = TechnologyFactory(published=True)
    run = services.request_report(technology=technology, actor=technology.author)

    def broken(**_given: Any) -> None:
        raise RuntimeError("no ink")

    monkeypatch.setattr(services, "draw_up_report", broken)
    assert not services.perform_run(pk=run.pk)
    run.refresh_from_db()
    assert run.state == S.FAILED
    assert services.request_report(technology=technology, actor=technology.author) != run


@pytest.mark.django_db
def test_who_may_ask_and_stop() -> None:
    technology = TechnologyFactory(published=True)
    owner, stranger = technology.author, person(Role.TTO_OFFICER)
    for request, about in (
        (services.request_report, {"technology": technology}), (services.request_range, {"technology": technology}),
        (services.request_exchange, {"exchange": technology.exchange}),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            request(actor=stranger, **about)
    run = services.request_report(technology=technology, actor=owner)
    for other in (stranger, person(Role.TTO_OFFICER, technology.organisation), operator_of(technology)):
        with pytest.raises(NotAllowed):
            services.cancel_run(run=run, actor=other)
    assert services.cancel_run(run=run, actor=owner).state == S.CANCELLED


@pytest.mark.django_db
def test_the_page_polls_and_goes_to_the_result(client: Client) -> None:
    technology = TechnologyFactory(published=True)
    run = services.request_report(technology=technology, actor=technology.author)
    client.force_login(technology.author)
    here = f"/en/computations/{run.pk}/"
    page = client.get(here).content.decode()
    assert f'hx-get="{here}"' in page
    assert f"{here}cancel/" in page
    asking = {"path": here, "headers": {"HX-Request": "true"}}
    assert "<html" not in client.get(**asking).content.decode()
    services.perform_run(pk=run.pk)
    number = Report.objects.get().number
    assert client.get(**asking).headers["HX-Redirect"] == f"/en/reports/{number}/"
    assert client.get(here).headers["Location"] == f"/en/reports/{number}/"
    client.force_login(person())
    assert client.get(here).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_real_worker_computes_an_exchange_and_reports(real_worker: Any) -> None:
    found = technologies(3)
    run = services.request_exchange(exchange=found[0].exchange, actor=operator_of(found[0]))
    report = services.request_report(technology=found[0], actor=found[0].author)
    real_worker.wait_for(lambda: Run.objects.filter(state=S.DONE).count() == 2)
    run.refresh_from_db()
    assert (run.percent, run.done, run.out_of, run.failures) == (100, 3, 3, 0)
    assert set(Suggestion.objects.values_list("technology", flat=True)) == {one.pk for one in found}
    report.refresh_from_db()
    assert report.report is not None
    assert report.report.files.count() == 4


@pytest.mark.django_db
def test_an_exchange_is_computed_with_one_set_of_rules(monkeypatch: Any) -> None:
    found = technologies(2)
    run = services.request_exchange(exchange=found[0].exchange, actor=operator_of(found[0]))
    compute, seen = services.suggest_for, []

    def changed_in_the_middle(*, pk: int) -> Any:
        made = compute(pk=pk)
        seen.append(pk)
        if len(seen) == 1:
            Rule.objects.filter(code="valuation.risk_free").update(value=5)
        return made

    monkeypatch.setattr(services, "suggest_for", changed_in_the_middle)
    assert services.perform_run(pk=run.pk)
    assert seen == [one.pk for one in found] * 2
    run.refresh_from_db()
    assert (run.state, run.done, run.out_of, run.percent) == (S.DONE, 2, 2, 100)
    rests = [current_suggestion(one).inputs["rows"] for one in found]  # type: ignore[union-attr]
    assert [row["values"] for rows in rests for row in rows if row["name"] == "risk_free"] == [[0.05], [0.05]]
    assert Suggestion.objects.count() == 3


def hold(technology: Technology) -> None:
    """Keep a technology's row in this transaction, so that a worker waits where it stores the range."""
    Technology.objects.select_for_update(of=("self",)).get(pk=technology.pk)


def waits_for_the_row() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_a_real_worker_notices_a_cancelled_run_between_two_technologies(real_worker: Any) -> None:
    found = technologies(4)
    operator = operator_of(found[0])
    run = Run.objects.create(kind=Run.Kind.EXCHANGE, exchange=found[0].exchange, requested_by=operator)
    with transaction.atomic():
        hold(found[1])
        services.perform_task.delay(run.pk)
        real_worker.wait_for(waits_for_the_row)
        other = connection.copy()
        try:
            with other.cursor() as cursor:  # a second connection, as the web process has one
                cursor.execute("UPDATE valuation_run SET state = 'cancelled' WHERE id = %s", [run.pk])
        finally:
            other.close()
    real_worker.wait_for(lambda: Suggestion.objects.filter(technology=found[1]).exists())
    run.refresh_from_db()
    assert (run.state, run.done) == (S.CANCELLED, 1)
    assert not Suggestion.objects.filter(technology__in=found[2:]).exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.faults
def test_a_killed_workers_run_is_taken_up_where_it_stopped(real_worker: Any) -> None:
    found = technologies(4)
    run = Run.objects.create(kind=Run.Kind.EXCHANGE, exchange=found[0].exchange, requested_by=operator_of(found[0]))
    with transaction.atomic():
        hold(found[2])
        services.perform_task.delay(run.pk)
        real_worker.wait_for(waits_for_the_row)
        real_worker.kill()
    run.refresh_from_db()
    assert (run.state, run.done) == (S.RUNNING, 2)
    stored = set(Suggestion.objects.values_list("pk", flat=True))
    real_worker.start()
    assert services.resume_runs() == 1
    real_worker.wait_for(lambda: Run.objects.filter(pk=run.pk, state=S.DONE).exists())
    run.refresh_from_db()
    assert (run.percent, run.done, run.out_of) == (100, 4, 4)
    assert stored < set(Suggestion.objects.values_list("pk", flat=True))
    assert Suggestion.objects.count() == 4


@pytest.mark.django_db
def test_what_was_computed_already_is_served_from_the_store() -> None:
    technology = TechnologyFactory(published=True)
    suggestion = suggest_for(pk=technology.pk)
    run = services.request_range(technology=technology, actor=technology.author)
    services.perform_run(pk=run.pk)
    run.refresh_from_db()
    assert run.suggestion == suggestion
    assert Suggestion.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["range", "report"])
def test_who_asks_while_a_run_ends_gets_what_he_has_changed(kind: str, monkeypatch: Any) -> None:
    technology = TechnologyFactory(published=True)
    owner = technology.author
    request = services.request_range if kind == "range" else services.request_report
    run = request(technology=technology, actor=owner)
    end, seen = services._end, []

    def answered_meanwhile(pk: int, transition: str, **changes: Any) -> bool:
        if not seen:
            tax = {"tax": {"value": ["10"], "origin": "owner"}}
            save_answers(technology=technology, actor=owner, version=0, answers=tax)
            if kind == "report":
                suggest_for(pk=technology.pk)
            assert request(technology=technology, actor=owner) == run
        seen.append(changes["suggestion"])
        return bool(end(pk, transition, **changes))

    monkeypatch.setattr(services, "_end", answered_meanwhile)
    assert services.perform_run(pk=run.pk)
    run.refresh_from_db()
    assert (len(seen), run.state) == (2, S.DONE)
    assert run.suggestion == seen[1] == Suggestion.objects.latest("pk")
    assert run.suggestion.inputs["answers"]["tax"]["value"] == ["10"]
    assert kind == "range" or run.report.suggestion == run.suggestion
