"""Run published worked cases through the product's own functions.

    python -m benchmarks.valuation_cases FILE [--json OUT]

Prints one line per case and, last, one line of JSON. A case passes when every printed figure is met within the
case's tolerance. A trap passes when the product agrees with the true figure and not with the false one; a trap
that is met fails the run. A method nobody here knows is "unknown", never passed. Exit 1 on a failure or a met trap.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.case_inputs import Assumed, MissingInput, figures, parse
from benchmarks.valuation_dispatch import HANDLERS, INVARIANTS
from valuation.methods.types import MethodError

# Figures that say how well a simulation did, not what the answer is.
DIAGNOSTIC = {"lsm_se", "z_vs_published", "their_expression"}


def stated(case: Mapping[str, Any], side: str) -> dict[str, Any]:
    """Figures a side of the case gives; a null is no figure."""
    return {key: value for key, value in (case.get(side) or {}).items() if value is not None}


def tolerance_of(case: Mapping[str, Any], key: str) -> float:
    given = case.get("tolerance")
    if isinstance(given, Mapping):
        given = given.get(key)
    found = 1e-6 if given is None else float(parse(given))
    if not 0 <= found < math.inf:
        raise ValueError(f"no tolerance: {given!r}")
    return found


def distance(found: Any, wanted: Any) -> float:
    """Largest absolute difference; infinite when shapes differ or something is not a number."""
    try:
        a, b = np.asarray(found, dtype=np.float64), np.asarray(parse(wanted), dtype=np.float64)
    except (TypeError, ValueError):
        return 0.0 if found == wanted else math.inf
    if a.shape != b.shape and a.size != 1 and b.size != 1:
        return math.inf
    if a.size == 0 or not np.isfinite(a).all() or not np.isfinite(b).all():
        return math.inf
    return float(np.max(np.abs(a - b)))


def agrees(case: Mapping[str, Any], key: str, found: Mapping[str, Any], wanted: Any) -> bool:
    """Whether the product's figure meets ``wanted``; a Monte Carlo figure within three joint standard errors."""
    if key not in found:
        return False
    gap = distance(found[key], wanted)
    if key == "american_lsm" and "lsm_se" in found:
        printed = (case.get("published") or {}).get("lsm_se") or 0.0
        return gap <= max(3 * math.hypot(float(parse(printed)), float(found["lsm_se"])), tolerance_of(case, key))
    size = float(np.max(np.abs(np.asarray(parse(wanted), dtype=np.float64)))) if math.isfinite(gap) else 0.0
    return gap <= tolerance_of(case, key) + 1e-12 * size


def possible(case: Mapping[str, Any], answers: Mapping[str, Any]) -> bool:
    """Whether ``answers`` can be an answer of the method at all (a probability above one, a factor below it, …)."""
    check = INVARIANTS.get(case["method"])
    if check is None or not answers:
        return True
    try:
        return bool(check({key: parse(value) for key, value in (case.get("inputs") or {}).items()}, figures(answers)))
    except (KeyError, TypeError, ValueError):
        return True


def judge_trap(case: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[str, str]:
    """The false answer is the printed one, unless the other breaks an invariant of the method: then that one is."""
    printed, other = stated(case, "published"), stated(case, "recomputed")
    if not printed and not other:
        return "fail", "the trap prints no figure to refuse"
    false, true = (printed, other) if possible(case, other) else (other, printed)
    split = [
        key
        for key in false
        if key in true and key not in DIAGNOSTIC and distance(false[key], true[key]) > tolerance_of(case, key)
    ]
    met = [key for key in (split or false) if key in found and agrees(case, key, found, false[key])]
    if met:
        return "trap met", f"{', '.join(met)} agrees with the false figure"
    wrong = [key for key in true if key not in DIAGNOSTIC and key in found and not agrees(case, key, found, true[key])]
    missing = [key for key in (split or false) if key not in found]
    if wrong or missing:
        return "fail", f"disagrees with the true figure: {', '.join(wrong + missing)}"
    return "pass", f"trap refused: {', '.join(split or false)}"


def judge(case: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[str, str]:
    if not possible(case, found):
        return "fail", "the answer breaks an invariant of the method"
    if case.get("is_trap"):
        return judge_trap(case, found)
    printed, other = stated(case, "published"), stated(case, "recomputed")
    wanted = {key: value for key, value in printed.items() if key not in DIAGNOSTIC}
    wanted |= {
        key: value for key, value in other.items() if key in found and key not in printed | dict.fromkeys(DIAGNOSTIC)
    }
    if not wanted:
        return "fail", "the case prints no figure to meet"
    bad = []
    for key, value in wanted.items():
        if key not in found:
            bad.append(f"{key}: not produced")
        elif not agrees(case, key, found, value):
            bad.append(f"{key}: {show(found[key])} against {show(value)} +- {tolerance_of(case, key):g}")
    return ("fail", "; ".join(bad)) if bad else ("pass", ", ".join(wanted))


def show(value: Any) -> str:
    if isinstance(value, float | np.floating):
        return f"{float(value):.6g}"
    if isinstance(value, list | tuple | np.ndarray):
        return "[" + ", ".join(show(item) for item in value) + "]"
    return str(value)


def run_case(case: Any) -> dict[str, Any]:
    """Give a row with `status` pass, fail, trap met or unknown. A case of any shape fails by itself."""
    if not isinstance(case, Mapping):
        return {"id": None, "method": None, "trap": False, "status": "fail", "detail": f"not a case: {case!r:.60}"}
    method = case.get("method")
    row: dict[str, Any] = {"id": case.get("id"), "method": method, "trap": bool(case.get("is_trap"))}
    handler = HANDLERS.get(method) if isinstance(method, str) else None
    if handler is None:
        return row | {"status": "unknown", "detail": f"no function for method {method!r}"}
    given, printed, true = (case.get(part) or {} for part in ("inputs", "published", "recomputed"))
    if not all(isinstance(part, Mapping) for part in (given, printed, true)):
        return row | {"status": "fail", "detail": "inputs, published and recomputed must be objects"}
    inputs = {key: parse(value) for key, value in given.items()}
    asked = set(printed) | set(true)
    assumed: Assumed = {}
    try:
        found = figures(handler(inputs, asked, assumed))
    except (MethodError, MissingInput) as error:
        if case.get("is_trap") and all(value is None for value in true.values()):
            return row | {"status": "pass", "detail": f"trap refused: {error}"}
        return row | {"status": "fail", "detail": f"refused: {error}"}
    except Exception as error:  # noqa: BLE001 -- a case of any shape fails by itself and never ends the run
        words = [f"{name} = {value!r}" for name, value in inputs.items() if isinstance(value, str)]
        what = f"not a number: {', '.join(words)}" if words else f"{type(error).__name__}: {error}"
        return row | {"status": "fail", "detail": what}
    try:
        status, detail = judge(case, found)
    except Exception as error:  # noqa: BLE001 -- a figure or tolerance that cannot be read fails this case only
        return row | {"status": "fail", "detail": f"the printed figures cannot be read: {error}"}
    row |= {"status": status, "detail": detail, "found": {k: v for k, v in found.items() if k in asked}}
    return row | ({"assumed": assumed} if assumed else {})


def load(path: Path) -> list[Any]:
    """Cases of a file: a list, or an object with "cases". ValueError when it is neither; OSError when it is not there."""
    content = json.loads(path.read_text(encoding="utf-8"))
    cases = content.get("cases") if isinstance(content, Mapping) else content
    if not isinstance(cases, list) or not cases:
        raise ValueError('no cases: wanted a list, or an object with a list "cases"')
    return cases


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--json", type=Path, help="also write the full result here")
    options = parser.parse_args(arguments)
    try:
        cases = load(options.file)
    except (OSError, ValueError) as error:
        print(f"{options.file} cannot be read: {error}", file=sys.stderr)
        return 2
    rows = []
    for case in cases:
        row = run_case(case)
        rows.append(row)
        print(f"{row['status']:<8} {row['id'] or '-'!s:<10} {row['method']}: {row['detail']}", flush=True)
    counts = Counter(row["status"] for row in rows)
    summary = {
        "cases": len(rows),
        "passed": counts["pass"],
        "failed": counts["fail"],
        "traps": sum(row["trap"] for row in rows),
        "traps_met": counts["trap met"],
        "unknown": counts["unknown"],
        "all_passed": counts["pass"] == len(rows),
        "results": {str(row["id"]): row["status"] for row in rows},
        "assumed_inputs": {str(row["id"]): row["assumed"] for row in rows if row.get("assumed")},
    }
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps({**summary, "rows": rows}, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(json.dumps(summary, ensure_ascii=False))
    return 1 if counts["fail"] or counts["trap met"] else 0


if __name__ == "__main__":
    sys.exit(main())
