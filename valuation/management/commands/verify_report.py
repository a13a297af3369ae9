"""verify_report NUMBER …: hash and compute reports again and say whether they are unchanged."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from valuation import report_selectors
from valuation.verification import verify


class Command(BaseCommand):
    """Verify reports by number, or all of them."""

    help = "Hash the stored content and files of reports, compute the figures again, and say whether all is equal."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("numbers", nargs="*", metavar="NUMBER")
        parser.add_argument("--all", action="store_true", help="verify every report")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["numbers"] and not options["all"]:
            raise CommandError("Name a report, or say --all.")
        reports = report_selectors.reports_to_verify(options["numbers"] or None)
        missing = set(options["numbers"]) - {report.number for report in reports}
        changed, otherwise = len(missing), 0
        for number in sorted(missing):
            self.stdout.write(f"{number}: there is no such report")
        for report in reports:
            verdict = verify(report)
            changed += not verdict.equal and not verdict.differs_by_methods
            otherwise += verdict.differs_by_methods
            for check in verdict.checks:
                self.stdout.write(f"{report.number} {check.name}: {'equal' if check.equal else 'NOT EQUAL'}")
            if verdict.made_with != verdict.computed_with:
                self.stdout.write(
                    f"{report.number}: made with methods {verdict.made_with}, computed with {verdict.computed_with}"
                )
        if changed:
            raise CommandError(f"{changed} of {len(reports) + len(missing)} reports are not unchanged.")
        self.stdout.write(f"{len(reports)} reports are unchanged.")
        if otherwise:
            self.stdout.write(f"{otherwise} of them were drawn up with other methods, which compute other figures.")
