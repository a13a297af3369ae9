"""Bring technologies or demands of another register into an exchange."""

import contextlib
import csv
import itertools
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from tqdm import tqdm

from accounts import selectors as people
from listings.importer.mapping import Mapping, Record, Refused, load_mapping, recognise
from listings.importer.problems import MappingError, Problem, UnreadableError
from listings.importer.reading import Row, open_rows
from listings.services.imports import Import, Outcome, import_records, refresh_statistics
from marketplace.kit.errors import MarketplaceError

BATCH = 100
SHOWN = 10  # refused rows told on the terminal
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a cell that starts so would be computed by a spreadsheet
STATUSES = ("added", "changed", "unchanged", "refused")


class Report:
    """The refused rows, one line for each problem, in a CSV file when one is wanted."""

    def __init__(self, path: Path | None) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="") if path else None
        self._writer = csv.writer(self._file) if self._file else None
        self.first: list[str] = []
        self._write(["row", "source_id", "field", "message", "value"])

    def add(self, outcome: Outcome) -> None:
        """Note why a record was refused."""
        for problem in outcome.problems:
            self._write([str(outcome.row), outcome.source_id, problem.field, problem.message, problem.value])
            if len(self.first) < SHOWN:
                where = " · ".join(filter(None, [f"row {outcome.row}", outcome.source_id, problem.field]))
                self.first.append(f"{where}: {problem.message} {problem.value}".rstrip())

    def _write(self, cells: list[str]) -> None:
        if self._writer is not None and self._file is not None:
            self._writer.writerow([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in cells])
            self._file.flush()

    def close(self) -> None:
        """Finish the file."""
        if self._file is not None:
            self._file.close()


class Command(BaseCommand):
    """`manage.py import_listings FILE --kind technology --exchange CODE`. Safe to repeat, and to stop at any moment."""

    help = "Import technologies or demands from a JSONL or CSV file (also gzipped). See docs/operations.md."

    def add_arguments(self, parser: CommandParser) -> None:
        """Name the file and how to read it."""
        parser.add_argument("file", type=Path, help="JSONL or CSV in UTF-8, plain or gzipped")
        parser.add_argument("--kind", required=True, choices=["technology", "demand"])
        parser.add_argument("--exchange", required=True, metavar="CODE", help="exchange that takes the records in")
        parser.add_argument("--mapping", help="name of a mapping of data/mappings, or a file; default: by the columns")
        parser.add_argument(
            "--organisation", metavar="ID|TAX CODE|US:CODE",
            help="organisation of all records; default: the one that each record names",
        )  # fmt: skip
        parser.add_argument(
            "--as", dest="email", metavar="EMAIL",
            help="operator or manager of the exchange in whose name the import is logged; default: the system",
        )  # fmt: skip
        shown = parser.add_mutually_exclusive_group()
        shown.add_argument("--publish", action="store_true", default=True, help="publish the records (default)")
        shown.add_argument("--draft", action="store_false", dest="publish", help="leave the records as drafts")
        parser.add_argument("--report", type=Path, help="CSV file for the rows that were refused, and why")
        parser.add_argument("--limit", type=int, help="read so many rows at most")
        parser.add_argument("--dry-run", action="store_true", help="check and count only; store nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, store, count. Ends with 1 when the file, the mapping or the person cannot be used."""
        try:
            report = Report(options["report"])
        except OSError as error:
            raise CommandError(str(error)) from error
        self.counts: Counter[str] = Counter()
        started = time.monotonic()
        broken = ""
        try:
            with open_rows(options["file"]) as (rows, done), _bar(options["file"]) as bar:
                try:
                    for outcomes in self._import(rows, options):
                        self.counts.update(outcome.status for outcome in outcomes)
                        for outcome in outcomes:
                            report.add(outcome)
                        bar.update(done() - bar.n)
                        bar.set_postfix({status: self.counts[status] for status in STATUSES})
                except UnreadableError as error:
                    broken = str(error)
        except (UnreadableError, MappingError) as error:
            raise CommandError(str(error)) from error
        except MarketplaceError as error:
            raise CommandError(error.message) from error
        finally:
            report.close()
        if self.counts["added"] + self.counts["changed"] > BATCH and not options["dry_run"]:
            refresh_statistics()
        self._tell(report, options, time.monotonic() - started)
        if broken:
            raise CommandError(broken)
        if not self.counts:
            raise CommandError("The file holds no records.")
        if self.counts["refused"] == self.counts.total():
            raise CommandError("Every record was refused.")

    def _import(self, rows: Iterator[Row], options: dict[str, Any]) -> Iterator[list[Outcome]]:
        """Store the rows batch by batch; give what became of each. What was read before a break in the file is kept."""
        today = timezone.localdate()
        rows = itertools.islice(rows, options["limit"])
        unread: list[Refused] = []
        first = None
        for row in rows:
            if row.problem is None:
                first = row
                break
            unread.append(Refused(row.number, "", (row.problem,)))
        yield [Outcome(one.row, "", "refused", one.problems) for one in unread]
        if first is None:
            return
        mapping = load_mapping(options["mapping"]) if options["mapping"] else recognise(first.columns, options["kind"])
        if mapping.kind != options["kind"]:
            raise MappingError(f"The mapping {mapping.name} is for --kind {mapping.kind}.")
        mapping.check_columns(first.columns)
        run = self._run(mapping, options)
        batch: list[Record | Refused] = []
        broken: UnreadableError | None = None
        seen: dict[str, tuple[int, str]] = {}
        records = (mapping.record(row, today=today) for row in itertools.chain([first], rows))
        while True:
            try:
                one = next(records, None)
            except UnreadableError as error:
                one, broken = None, error
            if one is not None:
                repeated = _repeated(one, seen)
                if repeated is not None:
                    yield [repeated]
                else:
                    batch.append(one)
            if batch and (one is None or len(batch) == BATCH):
                yield self._store(run, batch, dry=options["dry_run"])
                batch = []
            if broken is not None:
                raise broken
            if one is None:
                return

    def _store(self, run: Import, batch: list[Record | Refused], *, dry: bool) -> list[Outcome]:
        with contextlib.ExitStack() as stack:
            if dry:
                stack.enter_context(transaction.atomic())
            outcomes = import_records(run=run, records=batch)
            if dry:
                transaction.set_rollback(True)
        return outcomes

    def _run(self, mapping: Mapping, options: dict[str, Any]) -> Import:
        """Find the exchange, the person and the organisation. Raises CommandError."""
        try:
            exchange = people.exchange_by_code(options["exchange"])
        except ObjectDoesNotExist as error:
            known = ", ".join(one.code for one in people.exchanges())
            raise CommandError(f"There is no exchange {options['exchange']}; there are: {known}.") from error
        actor = None
        if options["email"]:
            actor = people.person_by_email(options["email"])
            if actor is None:
                raise CommandError(f"There is nobody with the e-mail {options['email']}.")
        author = actor or people.operators_of(exchange.pk).order_by("pk").first()
        if author is None:
            raise CommandError(f"The exchange {exchange.code} has no operator yet.")
        organisation = None
        if options["organisation"]:
            organisation = people.organisation_by_key(options["organisation"])
            if organisation is None:
                key = options["organisation"]
                raise CommandError(
                    f"No organisation has the id {key} or is verified with that tax code (abroad: US:CODE)."
                )
        self.stdout.write(f"{mapping.source} → {exchange.code}, mapping {mapping.name}, in the name of {author.email}")
        return Import(
            kind=mapping.kind, exchange=exchange, source=mapping.source, author=author, actor=actor,
            publish=options["publish"], organisation=organisation,
        )  # fmt: skip

    def _tell(self, report: Report, options: dict[str, Any], seconds: float) -> None:
        for line in report.first:
            self.stderr.write(line)
        total = self.counts.total()
        if self.counts["refused"] > len(report.first) and report.first:
            self.stderr.write("… more in the report" if options["report"] else "… --report FILE keeps them all")
        said = ", ".join(f"{self.counts[status]} {status}" for status in STATUSES)
        dry = " (dry run: nothing stored)" if options["dry_run"] else ""
        self.stdout.write(f"{total} records: {said}; {seconds:.1f} s, {total / max(seconds, 1e-9):.0f} records/s{dry}")


def _repeated(one: Record | Refused, seen: dict[str, tuple[int, str]]) -> Outcome | None:
    """Of rows with the same id the first counts: the same again changes nothing, another one is refused."""
    if isinstance(one, Refused):
        return None
    before = seen.setdefault(one.source_id, (one.row, one.fingerprint))
    if before[0] == one.row:
        return None
    if before[1] == one.fingerprint:
        return Outcome(one.row, one.source_id, "unchanged")
    message = _("Row %(row)d has the same id and different content.") % {"row": before[0]}
    return Outcome(one.row, one.source_id, "refused", (Problem.of("id", message, one.source_id),))


def _bar(path: Path) -> Any:
    return tqdm(
        total=path.stat().st_size, unit="B", unit_scale=True, desc=path.name, disable=not sys.stderr.isatty(),
        leave=False,
    )  # fmt: skip
