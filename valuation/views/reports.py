"""Reports: the list of a technology, one report, its files, and the public page that verifies."""

import hashlib
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from listings.models import Technology
from listings.selectors import is_visible
from marketplace.kit.readonly import writes_on_get
from marketplace.kit.uploads import too_large
from valuation import appraisal_selectors, report_policies, report_selectors, selectors
from valuation.forms.papers import VerifyFileForm, VerifyForm
from valuation.models import Report, ReportFile, Run
from valuation.notice import notice
from valuation.services import reports as report_services
from valuation.services import runs as run_services
from valuation.verification import Verdict, verify

REMEMBERED = 600  # seconds


def technology_or_404(viewer: Any, pk: int) -> Technology:
    """Give a technology whose reports the viewer may read; for everyone else there are none."""
    technology = report_selectors.technology_with_reports(pk)
    if technology is None or not may_read(viewer, technology):
        raise Http404
    return technology


def may_read(viewer: Any, technology: Technology) -> bool:
    """Ask the policy, with what the firm at work may read."""
    if not isinstance(viewer, User):
        return False
    at_work = appraisal_selectors.is_appraised_by(viewer, technology)
    reached = is_visible(viewer, technology)
    return report_policies.can_read_reports(viewer, technology, reached=reached, is_appraised_by=at_work)


def report_or_404(viewer: Any, number: str) -> Report:
    """Give a report that the viewer may read."""
    report = report_selectors.report_by_number(number)
    if report is None or not may_read(viewer, report.suggestion.technology):
        raise Http404
    return report


def crumbs(technology: Technology) -> list[tuple[Any, str]]:
    """Give the way to a technology's price."""
    return [
        (technology.title, technology.get_absolute_url()),
        (_("Suggested range"), reverse("valuation:suggestion", args=[technology.pk])),
    ]


@require_GET
def report_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the reports of a technology, and a way to have the present range's drawn up."""
    technology = technology_or_404(request.user, pk)
    found = selectors.current_suggestion(technology)
    reports = list(report_selectors.reports_of(technology))
    context = {
        "listing": technology,
        "crumbs": crumbs(technology),
        "reports": [{"report": report, "is_current": report.suggestion_id == getattr(found, "pk", None)} for report in reports],
        "suggestion": found,
        "run": report_selectors.live_run(kind=Run.Kind.REPORT, technology=technology),
        "may_draw_up": report_policies.can_draw_up(request.user, technology),
        "notice": notice(),
    }  # fmt: skip
    return render(request, "valuation/report_list.html", context)


@require_POST
def draw_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the report drawn up; go to the page of the run."""
    technology = get_object_or_404(selectors.visible_technologies(request.user), pk=pk)
    run = run_services.request_report(technology=technology, actor=request.user)
    return redirect("valuation:run", run.pk)


@require_GET
def report(request: HttpRequest, number: str) -> HttpResponse:
    """Show a report: its figures, its files with their hashes."""
    found = report_or_404(request.user, number)
    technology = found.suggestion.technology
    context = {
        "report": found,
        "listing": technology,
        "crumbs": [*crumbs(technology), (_("Reports"), reverse("valuation:report_list", args=[technology.pk]))],
        "files": [
            {"file": row, "href": reverse("valuation:report_file", args=[found.number, row.kind])}
            for row in found.files.all()
        ],
        "stale": found.data["stale"],
        "certificates": found.data["certificates"],
        "notice": notice(),
    }
    return render(request, "valuation/report.html", context)


@writes_on_get("who opened a report is noted in the audit log")
@require_GET
def report_file(request: HttpRequest, number: str, kind: str) -> FileResponse:
    """Send a file of a report."""
    return send_file(request.user, number, kind)


def send_file(viewer: Any, number: str, kind: str) -> FileResponse:
    """Give a file as an attachment and note the opening; 404 to whom the report is closed."""
    found = report_or_404(viewer, number)
    file: ReportFile | None = next((row for row in found.files.all() if row.kind == kind), None)
    if file is None:
        raise Http404
    try:
        content = file.file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    report_services.log_report_opened(file=file, actor=viewer)
    name = f"{found.number}-{kind.split('-')[1]}{file.suffix}"
    response = FileResponse(content, as_attachment=True, filename=name, content_type=file.media_type)
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def verdict_of(found: Report) -> Verdict:
    """Verify a report; the answer is remembered for ten minutes, for it costs a simulation."""
    key = f"valuation.verdict:{found.pk}"
    verdict: Verdict | None = cache.get(key)
    if verdict is None:
        verdict = verify(found)
        cache.set(key, verdict, REMEMBERED)
    return verdict


def checks_in_words(verdict: Verdict | None) -> list[dict[str, Any]]:
    """Give the checks in words."""
    labels = {
        "content": _("Content of the report (its hash, computed again)"),
        "pdf-vi": _("PDF in Vietnamese (bytes)"), "pdf-en": _("PDF in English (bytes)"),
        "xlsx-vi": _("Spreadsheet in Vietnamese (bytes)"), "xlsx-en": _("Spreadsheet in English (bytes)"),
        "suggestion": _("The suggested range in the register"),
        "result": _("All simulated figures, computed again from the stored inputs"),
        "working": _("The calculation at the middle of the inputs, computed again"),
        "range": _("The range named"),
    }  # fmt: skip
    return [{"label": labels[check.name], "equal": check.equal} for check in (verdict.checks if verdict else ())]


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def verify_report(request: HttpRequest) -> HttpResponse:
    """Say whether a report, by its number or by a copy of a file, is what was drawn up. Shows nothing of its content."""
    file_form = VerifyFileForm()
    found: Report | None = None
    asked, matched = False, ""
    form = VerifyForm(request.GET or None)
    status = 200
    if request.method == "POST":
        file_form = VerifyFileForm(request.POST, request.FILES)
        if too_large(request):
            file_form.errors.pop("file", None)
            file_form.add_error("file", _("The file is too large. Make it smaller or split it."))
        if file_form.is_valid():
            asked = True
            digest = hashlib.sha256(file_form.cleaned_data["file"].read()).hexdigest()
            found = report_selectors.report_of_file(digest)
            matched = digest
        else:
            status = 400
    elif form.is_bound and form.is_valid() and form.cleaned_data["number"]:
        asked = True
        found = report_selectors.report_by_number(form.cleaned_data["number"])
    verdict = verdict_of(found) if found is not None else None
    context = {
        "form": form,
        "file_form": file_form,
        "asked": asked,
        "found": found,
        "matched": matched,
        "verdict": verdict,
        "checks": checks_in_words(verdict),
        "files": list(found.files.all()) if found is not None else [],
    }
    return render(request, "valuation/verify_report.html", context, status=status)
