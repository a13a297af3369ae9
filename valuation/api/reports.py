"""Reports and runs over the API."""

from typing import Any

from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.kit.readonly import writes_on_get
from valuation import report_selectors, selectors
from valuation.paper_serializers import ReportSerializer, RunSerializer, VerdictSerializer
from valuation.services import runs as services
from valuation.views.reports import report_or_404, send_file, technology_or_404, verdict_of
from valuation.views.runs import run_or_404

FILE = {(200, "application/octet-stream"): OpenApiTypes.BINARY}


class TechnologyReports(APIView):
    """The reports of a technology."""

    @extend_schema(responses=ReportSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """List them to the owner's people, the exchange and a firm at work, the newest first."""
        technology = technology_or_404(request.user, pk)
        return Response(ReportSerializer(report_selectors.reports_of(technology), many=True).data)

    @extend_schema(request=None, responses={202: RunSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Have the report of the present range drawn up; ask the run how far it is."""
        technology = get_object_or_404(selectors.visible_technologies(request.user), pk=pk)
        run = services.request_report(technology=technology, actor=request.user)
        return Response(RunSerializer(run).data, status=status.HTTP_202_ACCEPTED)


class OneReport(APIView):
    """A report."""

    @extend_schema(responses=ReportSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Show it with its files and hashes."""
        return Response(ReportSerializer(report_or_404(request.user, number)).data)


@writes_on_get("who opened a report is noted in the audit log")
class OneReportFile(APIView):
    """A file of a report."""

    @extend_schema(responses=FILE)
    def get(self, request: Request, number: str, kind: str) -> FileResponse:
        """Send it."""
        return send_file(request.user, number, kind)


class ReportVerdict(APIView):
    """Whether a report is what was drawn up; anyone may ask."""

    permission_classes = [AllowAny]

    @extend_schema(responses=VerdictSerializer)
    def get(self, request: Request, number: str) -> Response:
        """Hash and compute again, and say of each part whether it is equal."""
        found = report_selectors.report_by_number(number)
        if found is None:
            raise Http404
        verdict = verdict_of(found)
        shape: dict[str, Any] = {
            "number": found.number, "equal": verdict.equal, "checks": verdict.checks,
            "differs_by_methods": verdict.differs_by_methods,
            "made_with": verdict.made_with, "computed_with": verdict.computed_with,
        }  # fmt: skip
        return Response(VerdictSerializer(shape).data)


class OneRun(APIView):
    """A computation that takes a while."""

    @extend_schema(responses=RunSerializer)
    def get(self, request: Request, pk: int) -> Response:
        """Say how far it is."""
        return Response(RunSerializer(run_or_404(request.user, pk)).data)


class CancelRun(APIView):
    """Stop a computation."""

    @extend_schema(request=None, responses=RunSerializer)
    def post(self, request: Request, pk: int) -> Response:
        """Stop it."""
        run = services.cancel_run(run=run_or_404(request.user, pk), actor=request.user)
        return Response(RunSerializer(run).data)
