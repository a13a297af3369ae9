"""Reads of reports and runs."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet

from listings.models import Technology
from rules import selectors as rule_selectors
from valuation.lifecycle import LIVE_RUN
from valuation.models import Report, ReportFile, Run


def technology_for_report(pk: int) -> Technology:
    """Give a technology with all that its report says. Raises Technology.DoesNotExist."""
    return (
        Technology.objects.select_related("organisation", "exchange", "main_field")
        .prefetch_related("ip_rights__owners")
        .get(pk=pk)
    )


def technology_with_reports(pk: int) -> Technology | None:
    """Give a technology with its owner and exchange, or None. Who may read its reports is asked by the caller."""
    return Technology.objects.select_related("organisation", "exchange").filter(pk=pk).first()


def stale_defaults() -> list[dict[str, Any]]:
    """Give the defaults of a suggestion whose review is overdue today."""
    rows = rule_selectors.stale("valuation.", "tax.", "ip.")
    return [{"name": row.code, "source": row.source, "since": row.review_by} for row in rows]


def reports_of(technology: Technology) -> QuerySet[Report]:
    """Give the reports of a technology, the newest first, with their files."""
    return (
        Report.objects.filter(suggestion__technology=technology)
        .select_related("suggestion", "requested_by")
        .prefetch_related("files")
        .order_by("-pk")
    )


def report_by_number(number: str) -> Report | None:
    """Give a report, or None."""
    return (
        Report.objects.filter(number__iexact=number.strip())
        .select_related("suggestion__technology__organisation", "suggestion__technology__exchange", "requested_by")
        .prefetch_related("files")
        .first()
    )


def report_of_file(sha256: str) -> Report | None:
    """Give the report that a file with this hash belongs to, or None."""
    file = ReportFile.objects.filter(sha256=sha256).select_related("report").order_by("pk").first()
    return None if file is None else report_by_number(file.report.number)


def reports_to_verify(numbers: Sequence[str] | None) -> list[Report]:
    """Give reports by number, or all, oldest first."""
    wanted = Q() if numbers is None else Q(number__in=numbers)
    return list(Report.objects.filter(wanted).select_related("suggestion").prefetch_related("files").order_by("pk"))


def run(pk: int) -> Run | None:
    """Give a run with what its page shows, or None."""
    rows = Run.objects.select_related("technology__organisation", "exchange", "requested_by", "report", "suggestion")
    return rows.filter(pk=pk).first()


def live_run(*, kind: str, technology: Technology | None = None) -> Run | None:
    """Give the run of a kind that waits or runs for a technology, or None."""
    return Run.objects.filter(kind=kind, technology=technology, state__in=LIVE_RUN).order_by("-pk").first()


def live_runs() -> QuerySet[Run]:
    """Give all runs that wait or run, oldest first."""
    return Run.objects.filter(state__in=LIVE_RUN).order_by("pk")
