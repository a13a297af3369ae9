"""Reports on a suggested range, as they were drawn up. Rows and files are never changed (trigger)."""

import json
import uuid
from functools import cached_property
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from valuation.models.suggestions import Suggestion


def report_path(row: Any, filename: str) -> str:
    """Store under a random name with the kind's ending."""
    return f"valuation/report/{uuid.uuid4().hex}{ReportFile.SUFFIXES[row.kind]}"


class Report(models.Model):
    """What stood behind a suggested range when its report was drawn up.

    `content` is canonical JSON, the same for every language (`valuation.reporting.content`): the technology with its
    rights, all inputs with their sources, parameters, seed, versions, the result, the working at the middle of the
    inputs, what was out of date. `content_hash` is the SHA-256 (hex) of that text and stands in the files. The same
    content is drawn up once.
    """

    suggestion = models.ForeignKey(Suggestion, on_delete=models.PROTECT, related_name="reports")
    number = models.CharField(max_length=40, unique=True)
    content = models.TextField()
    content_hash = models.CharField(max_length=64)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["suggestion", "content_hash"], name="valuation_report_once"),
        ]

    def __str__(self) -> str:
        return self.number

    @cached_property
    def data(self) -> dict[str, Any]:
        """Give the content read."""
        return dict(json.loads(self.content))


class ReportFile(models.Model):
    """A file of a report with the SHA-256 (hex) of its bytes."""

    class Kind(models.TextChoices):
        PDF_VI = "pdf-vi", _("PDF in Vietnamese")
        PDF_EN = "pdf-en", _("PDF in English")
        XLSX_VI = "xlsx-vi", _("Spreadsheet in Vietnamese")
        XLSX_EN = "xlsx-en", _("Spreadsheet in English")

    SUFFIXES = {"pdf-vi": ".pdf", "pdf-en": ".pdf", "xlsx-vi": ".xlsx", "xlsx-en": ".xlsx"}
    MEDIA_TYPES = {
        ".pdf": "application/pdf",
        ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="files")
    kind = models.CharField(max_length=10, choices=Kind)
    file = models.FileField(upload_to=report_path, max_length=200)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["report", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["report", "kind"], name="valuation_reportfile_one_of_each_kind"),
        ]
        indexes = [models.Index(fields=["sha256"], name="valuation_reportfile_hash")]

    def __str__(self) -> str:
        return f"{self.report} {self.kind}"

    @property
    def suffix(self) -> str:
        """Give the ending of the file's name."""
        return self.SUFFIXES[self.kind]

    @property
    def media_type(self) -> str:
        """Give the media type by kind."""
        return self.MEDIA_TYPES[self.suffix]
