"""Verify a report: are its files, its content and its figures what they were when it was drawn up?

An auditor asks this of the page, the API or the command `verify_report`; each gives the same answer.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from valuation.inputs import VERSION
from valuation.models import Report
from valuation.reporting.content import recompute

#: What is computed again, by the methods of today.
COMPUTED: Final = {"result", "working", "range"}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked: `name` (content, file kind, suggestion, result, working, range) and the answer."""

    name: str
    equal: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """All checks of a report. `made_with` and `computed_with` name the version of the methods then and now."""

    checks: tuple[Check, ...]
    made_with: str
    computed_with: str

    @property
    def equal(self) -> bool:
        """Tell whether everything came out equal."""
        return all(check.equal for check in self.checks)

    @property
    def differs_by_methods(self) -> bool:
        """Tell whether nothing differs but what other methods compute: content, files and suggestion are unchanged."""
        unequal = {check.name for check in self.checks if not check.equal}
        return bool(unequal) and unequal <= COMPUTED and self.made_with != self.computed_with


def verify(report: Report) -> Verdict:
    """Hash the stored content and files again and compute the figures again from the stored inputs. Writes nothing."""
    found = [Check("content", hashlib.sha256(report.content.encode()).hexdigest() == report.content_hash)]
    found += [Check(row.kind, _digest(row) == row.sha256) for row in report.files.all()]
    found.append(Check("suggestion", _is_of_its_suggestion(report)))
    found += [Check(name, equal) for name, equal in recompute(report.data).items()]
    made_with = str(report.data["suggestion"]["versions"].get("methods", ""))
    return Verdict(tuple(found), made_with, VERSION)


def _digest(row: Any) -> str:
    digest = hashlib.sha256()
    try:
        with row.file.open("rb") as file:
            for chunk in iter(lambda: file.read(1 << 20), b""):
                digest.update(chunk)
    except FileNotFoundError:
        return ""
    return digest.hexdigest()


def _is_of_its_suggestion(report: Report) -> bool:
    """The report names the figures, seed and hash that its suggestion holds."""
    said, row = report.data["suggestion"], report.suggestion
    named = [None if end is None else f"{end:.0f}" for end in (row.low, row.mid, row.high)]
    return (
        [said["low"], said["mid"], said["high"]] == named
        and (said["seed"], said["paths"], said["input_hash"]) == (row.seed, row.paths, row.input_hash)
        and (said["grade"], said["no_price"]) == (row.grade, row.no_price)
    )
