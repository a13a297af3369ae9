"""Help while a need is being written: how complete it is, what to ask next, and what would be found now.

A need is complete by the five elements of its requirement. Of the missing ones, that is asked first whose answer would
move the ranking most. This is tried out: the nearest technologies differ in something of that element, each of the two
ways to answer is added to the need, and the first places before and after are compared.
"""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from itertools import pairwise

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from listings.models import Demand, Technology
from listings.search_text import body_of
from listings.selectors import among, in_order, published_technologies
from search import embedder, engine, text, vectors, vocabulary
from search.embedder import EmbeddingError, Vectors
from search.fusion import good

ENOUGH = 4  # words from which an element says something
SHOWN = 5  # technologies that are shown as found now
NEAREST = 20  # technologies among which the question is tried out
OPTIONS = 2  # ways to answer that are tried out and offered
LEAST = 8  # words before anything is looked for
WAIT = 0.35  # seconds for the vector; if it takes longer, words alone rank, and the next request finds it in the cache
COMMON = 0.6  # what more of the nearest say does not tell them apart

_making = threading.Lock()
_pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="coauthor")


@dataclass(frozen=True, slots=True)
class Element:
    """One of the five elements: its name, and whether the need says it."""

    code: str
    label: str
    is_said: bool


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask next; `options` are words of the nearest technologies; `moved` first places change by the answer."""

    element: str
    text: str
    options: tuple[str, ...]
    moved: float


@dataclass(frozen=True, slots=True)
class Help:
    """What is shown beside the form. `dense`: by meaning, too; `pending`: that follows with the next request."""

    elements: tuple[Element, ...]
    question: Question | None
    found: tuple[tuple[Technology, float], ...]
    has_good_match: bool
    dense: bool
    pending: bool

    @property
    def said(self) -> int:
        """How many elements are said."""
        return sum(element.is_said for element in self.elements)


def question_texts() -> dict[str, str]:
    """Give the question of each element, the most telling first, in the reader's language."""
    return {
        "effect": _("What must it achieve, and by which number will you judge it?"),
        "application": _("Where will it be used, and under which conditions?"),
        "method": _("How should it work, or how must it not?"),
        "material": _("What goes in: which raw material, waste, water or data, in which state?"),
        "product": _("What should come out: a machine, a process, a material or software, and of what size?"),
    }


def elements_of(demand: Demand) -> tuple[Element, ...]:
    """Tell which of the five elements a need says."""
    return tuple(
        Element(
            name,
            str(capfirst(demand._meta.get_field(name).verbose_name)),  # type: ignore[union-attr]
            sum(1 for _word in text.words(getattr(demand, name))) >= ENOUGH,
        )
        for name in Demand.ELEMENTS
    )


def assist(demand: Demand, *, wait: float = WAIT) -> Help:
    """Help with a need as it stands (it need not be saved). Takes `wait` seconds at most for the vector."""
    elements = elements_of(demand)
    body = body_of(demand)
    said = f"{demand.title}. {body}"
    if sum(1 for _word in text.words(said)) < LEAST:
        return Help(elements, None, (), has_good_match=False, dense=False, pending=False)
    space, _means = vectors.serving()
    marked = vocabulary.with_marks(said, demand.language)
    vector, pending = vector_within(marked, language=demand.language, space=space, seconds=wait)
    ranking = engine.rank(
        body,
        title=demand.title,
        kind="technology",
        language=demand.language,
        limit=NEAREST,
        query_vector=vector,
        query_space=space,
        dense=vector is not None,
        floor=0.0,
    )
    own = demand.organisation_id
    rows = in_order(among(published_technologies(), ranking.object_ids), ranking.object_ids)
    nearest = [row for row in rows.prefetch_related("advantages") if row.organisation_id != own]
    shown = {hit.object_id: hit.probability for hit in ranking.hits}
    return Help(
        elements,
        ask_next(demand, nearest, elements),
        tuple((row, shown[row.pk]) for row in nearest[:SHOWN]),
        has_good_match=bool(nearest) and shown[nearest[0].pk] >= good(),
        dense=ranking.dense,
        pending=pending,
    )


def vector_within(said: str, *, language: str, seconds: float, space: str | None = None) -> tuple[Vectors | None, bool]:
    """Give the vector of a text, its marks put back, if it is there within some time, and whether it is being made.

    One is made at a time, outside the request's thread: while another is, nothing is waited for.
    """
    if not _making.acquire(blocking=False):
        return None, True

    def make() -> Vectors | None:
        try:
            return embedder.embed_query(said, language=language, space=space, is_marked=True)
        except EmbeddingError:
            return None
        finally:
            _making.release()

    made: Future[Vectors | None] = _pool.submit(make)
    try:
        return made.result(timeout=seconds), False
    except NotYet:
        return None, True


# --- what to ask next


def ask_next(demand: Demand, nearest: Sequence[Technology], elements: Sequence[Element]) -> Question | None:
    """Give the question of the missing element whose answer would move the first places most; None if all are said."""
    missing = {element.code for element in elements if not element.is_said}
    before = [row.pk for row in nearest]
    best: Question | None = None
    for code, asked in question_texts().items():
        if code not in missing:
            continue
        options = options_for(code, demand, nearest)
        moved = [changed(before, _ranked_with(demand, option, before)) for option in options]
        question = Question(code, asked, options, sum(moved) / len(moved) if moved else 0.0)
        if best is None or question.moved > best.moved:
            best = question
    return best


def changed(before: Sequence[int], after: Sequence[int], *, first: int = SHOWN) -> float:
    """Count how many of the first places another one takes."""
    return float(sum(1 for one, other in zip(before[:first], after[:first], strict=False) if one != other))


def _ranked_with(demand: Demand, answer: str, among_ids: Sequence[int]) -> list[int]:
    ranking = engine.rank(
        f"{body_of(demand)}\n\n{answer}. {answer}.",
        title=demand.title,
        kind="technology",
        language=demand.language,
        limit=len(among_ids) or 1,
        restrict_to=among_ids,
        dense=False,
        floor=0.0,
    )
    return ranking.object_ids


def aspect_of(technology: Technology, element: str) -> str:
    """Give the part of a technology that answers an element."""
    advantages = " ".join(f"{row.claim} {row.metric}" for row in technology.advantages.all())
    return {
        "material": f"{technology.problem} {technology.solution}",
        "method": technology.solution,
        "effect": advantages,
        "product": f"{technology.title}. {technology.summary}",
        "application": technology.applications,
    }[element]


def options_for(element: str, demand: Demand, nearest: Sequence[Technology]) -> tuple[str, ...]:
    """Give words by which the nearest technologies differ in an element and which the need does not say yet.

    The author's own keywords come first; where there are none, neighbouring words. One technology alone differs from
    nothing.
    """
    if len(nearest) < 2:
        return ()
    known = f" {' '.join(_folded(f'{demand.title} {body_of(demand)}'))} "
    counted: Counter[str] = Counter()
    spelled: dict[str, str] = {}
    weight: dict[str, int] = {}
    for technology in nearest:
        if technology.language != demand.language:
            continue
        aspect = aspect_of(technology, element)
        within = f" {' '.join(_folded(aspect))} "
        here = {" ".join(_folded(word)): word for word in technology.keywords}
        here = {folded: word for folded, word in here.items() if folded and f" {folded} " in within}
        weight |= dict.fromkeys(here, 1)
        for folded, said in _neighbours(aspect, technology.language).items():
            here.setdefault(folded, said)
        for folded, said in here.items():
            if f" {folded} " not in known:
                counted[folded] += 1
                spelled.setdefault(folded, said)
    telling = {
        folded: count * (len(nearest) - count) * (4 if folded in weight else 1)
        for folded, count in counted.items()
        if count <= max(1, COMMON * len(nearest)) and (folded in weight or count > 1)
    }
    ordered = sorted(telling, key=lambda folded: (-telling[folded], folded))
    chosen: list[str] = []
    for folded in ordered:
        if not any(set(folded.split()) & set(other.split()) for other in chosen):
            chosen.append(folded)
    return tuple(spelled[folded] for folded in chosen[:OPTIONS])


def _folded(said: str) -> list[str]:
    return [text.fold(match.group()) for match in text.words(text.clean(said))]


def _neighbours(said: str, language: str) -> Mapping[str, str]:
    """Give pairs of neighbouring words that carry a topic, folded → as written."""
    said = text.clean(said)
    tokens = text.analyse(said, language).tokens
    found: dict[str, str] = {}
    for left, right in pairwise(tokens):
        if said[left.end : right.start] == " " and min(right.end - right.start, left.end - left.start) > 2:
            pair = said[left.start : right.end]
            if pair.replace(" ", "").isalpha():
                found.setdefault(" ".join(_folded(pair)), pair.lower())
    return found
