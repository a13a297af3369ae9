"""Draw up the report on a suggested range: files in both languages, kept with their hashes."""

import hashlib
from collections.abc import Callable
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from django.utils.translation import override

from accounts.models import User
from audit.services import record
from listings.models import Technology
from valuation import appraisal_selectors, report_selectors
from valuation.models import Report, ReportFile, Suggestion
from valuation.reporting.content import canonical, content_of, hash_of
from valuation.reporting.document import document
from valuation.reporting.pdf import render_pdf
from valuation.reporting.workbook import workbook

Checkpoint = Callable[[int], None]
Drawn = dict[str, bytes]


def report_content(suggestion: Suggestion, technology: Technology) -> dict[str, Any]:
    """Gather what the report of a suggestion would say today."""
    return content_of(
        suggestion,
        technology,
        stale=report_selectors.stale_defaults(),
        certificates=list(appraisal_selectors.shown_certificates(technology)),
    )


def draw_files(
    content: dict[str, Any], *, number: str, content_hash: str, made_at: Any, checkpoint: Checkpoint
) -> Drawn:
    """Make the four files of a report by kind; `checkpoint` is told the percent done before each and may raise."""
    drawn: Drawn = {}
    said = {"number": number, "content_hash": content_hash, "made_at": made_at}
    for percent, language in ((30, "vi"), (60, "en")):
        with override(language):
            checkpoint(percent)
            drawn[f"pdf-{language}"] = render_pdf(document(content, **said), at=made_at)
            checkpoint(percent + 15)
            drawn[f"xlsx-{language}"] = workbook(content, **said)
    checkpoint(90)
    return drawn


def draw_up_report(
    *, suggestion: Suggestion, actor: User, checkpoint: Checkpoint = lambda _percent: None
) -> Report:  # fmt: skip
    """Draw up the report of a suggestion, or give the stored one when nothing that it says has changed.

    The caller has asked who may. Runs outside a transaction until the files are made; what is stored is stored whole.
    """
    technology = report_selectors.technology_for_report(suggestion.technology_id)
    content = report_content(suggestion, technology)
    content_hash = hash_of(content)
    stored = Report.objects.filter(suggestion=suggestion, content_hash=content_hash).first()
    if stored is not None:
        return stored
    made_at = timezone.now()
    number = f"GY-{suggestion.pk:06d}-{content_hash[:6].upper()}"
    drawn = draw_files(content, number=number, content_hash=content_hash, made_at=made_at, checkpoint=checkpoint)
    report = Report(
        suggestion=suggestion, number=number, content=canonical(content), content_hash=content_hash,
        requested_by=actor, made_at=made_at,
    )  # fmt: skip
    return _store(report, drawn, checkpoint)


@transaction.atomic
def log_report_opened(*, file: ReportFile, actor: User) -> None:
    """Note who opened a report: it holds the owner's answers."""
    record(tag="report.open", subject=file.report, actor=actor, data={"kind": file.kind, "sha256": file.sha256})


def _store(report: Report, drawn: Drawn, checkpoint: Checkpoint) -> Report:
    """Store a report with its files in one transaction; of two that draw up the same, one row stays."""
    files: list[ReportFile] = []
    try:
        with transaction.atomic():
            locked = Suggestion.objects.select_for_update(of=("self",)).get(pk=report.suggestion_id)
            stored = Report.objects.filter(suggestion=locked, content_hash=report.content_hash).first()
            if stored is not None:
                return stored
            checkpoint(95)
            report.save()
            for kind, content in drawn.items():
                row = ReportFile(
                    report=report, kind=kind, size=len(content), sha256=hashlib.sha256(content).hexdigest()
                )  # fmt: skip
                row.file.save("report", ContentFile(content), save=False)
                files.append(row)
                row.save()
            data = {
                "number": report.number, "content_hash": report.content_hash, "suggestion": report.suggestion_id,
                "files": {row.kind: row.sha256 for row in files},
            }  # fmt: skip
            record(tag="report.draw_up", subject=report, actor=report.requested_by, data=data)
    except Exception:
        for row in files:
            row.file.delete(save=False)
        raise
    return report
