"""What the linear layer learns from: the pairs that demands' companies were shown, and what became of each.

Nobody's answers can be read off a layer: below the numbers of the dated rules (`match.learn.…`) nothing is learned, and
no company may stand behind more than its share. The reasons of declines stay in the log: they only decide whether a
decline speaks of the pair at all.
"""

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from matching import layer, selectors
from matching.choices import Act, DeclineReason
from matching.facts import Delays, launch_delays, verdicts
from matching.layer import Shown
from matching.models import Feedback, Match
from rules.selectors import numbers

GRADES = {Act.SHORTLIST: 1, Act.INTRODUCTION: 2, Act.CONTRACT: 3}
#: Declines for these say nothing of how the two fit.
NOT_OF_THE_PAIR = {DeclineReason.SOLVED, DeclineReason.NOT_NOW, DeclineReason.PARTNER}
FEWEST = 3  # companies, whatever the rule says: of two each could work out what the other did
CODES = (
    "match.learn.taken", "match.learn.demands", "match.learn.organisations", "match.learn.most_share",
    "match.learn.growth", "match.learn.place_slope",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Terms:
    """The rules in force: the least numbers of pairs taken up, of demands and of companies; the largest part (0-1) of one
    company; by which part (0-1) the answers must have grown since the last layer; how fast places are looked at less."""

    taken: int
    demands: int
    organisations: int
    most_share: float
    growth: float
    place_slope: float


def terms() -> Terms:
    """Give the rules in force today."""
    found = numbers(*CODES)
    taken, demands, organisations = (int(found[code]) for code in CODES[:3])
    most_share, growth, slope = (float(found[code]) for code in CODES[3:])
    return Terms(taken, max(demands, layer.FOLDS), max(organisations, FEWEST), most_share / 100, growth / 100, slope)


@dataclass(frozen=True, slots=True)
class Answers:
    """Rows of demands that tell something, and who stands behind them; `taken_at` says when each pair was taken up."""

    rows: tuple[Shown, ...]
    demands: int
    organisations: int
    most_share: float
    taken_at: tuple[datetime.datetime, ...]

    @property
    def taken(self) -> int:
        """How many pairs were taken up."""
        return len(self.taken_at)

    def lacks(self, by: Terms) -> list[str]:
        """Name the rules that keep these answers from being learned from; empty when there are enough."""
        kept = {
            "match.learn.taken": self.taken >= by.taken,
            "match.learn.demands": self.demands >= by.demands,
            "match.learn.organisations": self.organisations >= by.organisations,
            "match.learn.most_share": self.most_share <= by.most_share,
        }
        return [code for code, is_kept in kept.items() if not is_kept]


def shown_with(match: Match, *, place: int, is_from_list: bool) -> dict[str, Any]:
    """Give what `Feedback.shown` keeps of an act on a match at a place; the rest of the list only if it was gone through."""
    delays = launch_delays()
    own = [(place, match)]
    if is_from_list:
        listed = selectors.seen_of(match.demand_id, pages_up_to=place)
        own += [(at, other) for at, other in listed if other.pk != match.pk]
    return {"version": layer.VERSION, "pairs": [_entry(other, at, delays) for at, other in own]}


def _entry(match: Match, place: int, delays: Delays) -> dict[str, Any]:
    return {
        "technology": match.technology_id,
        "place": place,
        "odds": round(match.odds, 6),
        "shift": round(match.shift, 6),
        "facts": verdicts(match.technology, match.demand, delays),
    }


def collect() -> Answers:
    """Read the log of acts. A pair counts as it was first acted on, or else as it was passed over last.

    Of a pair that was first acted on without a usable `shown`, nothing is known as it was before any answer.
    """
    own: dict[tuple[int, int], Mapping[str, Any] | None] = {}
    passed: dict[tuple[int, int], Mapping[str, Any]] = {}
    became: dict[tuple[int, int], int | None] = {}
    at: dict[tuple[int, int], datetime.datetime] = {}
    companies: dict[int, int] = {}
    for act, organisation_id in selectors.acts_of_demands():
        pair = (act.demand_id, act.technology_id)
        companies[act.demand_id] = organisation_id
        before = became.get(pair)
        became[pair] = _grade(act, before=before)
        if not before:
            at[pair] = act.at
        if act.shown is None or act.shown["version"] != layer.VERSION:
            own.setdefault(pair, None)
            continue
        first, *others = act.shown["pairs"]
        own.setdefault(pair, first)
        passed |= {(act.demand_id, entry["technology"]): entry for entry in others}
    rows = [_row(pair, entry, grade) for pair, entry in own.items() if entry and (grade := became[pair]) is not None]
    rows += [_row(pair, entry, 0) for pair, entry in passed.items() if pair not in became]
    told = [row for group in layer.told(rows) for row in group]
    return _counted(told, companies, at)


def _grade(act: Feedback, *, before: int | None) -> int | None:
    if act.act == Act.DECLINE:
        return None if act.reason in NOT_OF_THE_PAIR else 0
    return max(before or 0, GRADES[Act(act.act)])


def _row(pair: tuple[int, int], entry: Mapping[str, Any], grade: int) -> Shown:
    return Shown(*pair, entry["odds"], entry["shift"], entry["facts"], entry["place"], grade)


def _counted(
    rows: Iterable[Shown], companies: Mapping[int, int], at: Mapping[tuple[int, int], datetime.datetime]
) -> Answers:
    rows = tuple(rows)
    taken = [row for row in rows if row.grade]
    by_company = Counter(companies[row.demand] for row in taken)
    return Answers(
        rows=rows,
        demands=len({row.demand for row in rows}),
        organisations=len(by_company),
        most_share=max(by_company.values(), default=0) / max(len(taken), 1),
        taken_at=tuple(at[row.demand, row.technology] for row in taken),
    )
