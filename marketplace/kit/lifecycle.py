"""The lifecycle of a row is data, and one function moves it.

A room's `lifecycle.py` declares a `Lifecycle`: states, and named transitions from a set of states to one state.
`move` is the only code that assigns `.state` (a house test greps for it): it checks that the move is legal now,
saves with a compare-and-set, and writes the audit row in the same transaction.
Buttons ask `Lifecycle.can` and the room's policy, the same two that the service asks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.db import connection, models
from django.utils.translation import gettext as _

from audit.services import record, record_all
from marketplace.kit.errors import Conflict


class HasLifecycle(Protocol):
    """A model with a `state` field and a `lifecycle`."""

    state: Any
    lifecycle: "Lifecycle"
    pk: Any


@dataclass(frozen=True)
class Transition:
    """A named move from any of `sources` to `target`."""

    name: str
    sources: frozenset[str]
    target: str


@dataclass(frozen=True)
class Lifecycle:
    """States and the transition table of one kind of row. `name` prefixes the audit tags."""

    name: str
    states: type[models.TextChoices]
    transitions: Mapping[str, Transition]
    final: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(
        cls,
        name: str,
        states: type[models.TextChoices],
        table: Iterable[tuple[str, Iterable[str], str]],
    ) -> "Lifecycle":
        """Build from rows (name, sources, target); states with no way out are final."""
        transitions: dict[str, Transition] = {}
        for label, sources, target in table:
            if label in transitions:
                raise ValueError(f"{name}: transition {label} is declared twice")
            transitions[label] = Transition(label, frozenset(sources), target)
            unknown = {*transitions[label].sources, target} - set(states.values)
            if unknown:
                raise ValueError(f"{name}: unknown states {unknown}")
        leaving = {source for transition in transitions.values() for source in transition.sources}
        return cls(name, states, transitions, frozenset(set(states.values) - leaving))

    def can(self, state: str, transition: str) -> bool:
        """Tell whether `transition` is legal from `state`. Raises KeyError for an unknown transition."""
        return state in self.transitions[transition].sources

    def available(self, state: str) -> list[str]:
        """Name the transitions that are legal from `state`, in the order of the table."""
        return [name for name, transition in self.transitions.items() if state in transition.sources]


def move(obj: Any, transition: str, *, actor: Any, data: Mapping[str, Any] | None = None, **changes: Any) -> None:
    """Move `obj` along `transition`, set `changes` with it, and write the audit row; all in the caller's transaction.

    `actor` is the user, or None for the system. Raises Conflict when the move is not legal in the stored state.
    The update compares the stored state, so of two rivals exactly one moves.
    """
    assert connection.in_atomic_block, "move() belongs inside a transaction"
    lifecycle: Lifecycle = obj.lifecycle
    step = lifecycle.transitions[transition]
    before = obj.state
    if before not in step.sources:
        raise Conflict(
            _("The present state is “%(state)s”, which does not allow this.")
            % {"state": lifecycle.states(before).label},
            state=before,
            transition=transition,
        )
    manager = type(obj)._base_manager
    moved = manager.filter(pk=obj.pk, state=before).update(state=step.target, **changes)
    if not moved:
        raise Conflict(_("Someone else has just changed this. Look again and decide anew."), transition=transition)
    obj.state = step.target
    for name, value in changes.items():
        setattr(obj, name, value)
    record(
        tag=f"{lifecycle.name}.{transition}",
        subject=obj,
        actor=actor,
        data={"from": before, "to": step.target, **(data or {})},
    )


def move_all(
    objects: Sequence[Any], transition: str, *, actor: Any, data: Sequence[Mapping[str, Any]], **changes: Any
) -> None:
    """Move many rows of one model, all in the same state, along `transition`, as `move` does; all of them or none.

    `data` goes with `objects` one by one. Raises Conflict.
    """
    assert connection.in_atomic_block, "move_all() belongs inside a transaction"
    if not objects:
        return
    lifecycle: Lifecycle = objects[0].lifecycle
    step = lifecycle.transitions[transition]
    states = {obj.state for obj in objects}
    before = states.pop()
    if states or before not in step.sources:
        raise Conflict(_("Some of these cannot be changed now."), transition=transition)
    rows = type(objects[0])._base_manager.filter(pk__in=[obj.pk for obj in objects], state=before)
    if rows.update(state=step.target, **changes) != len(objects):
        raise Conflict(_("Someone else has just changed this. Look again and decide anew."), transition=transition)
    for obj in objects:
        obj.state = step.target
        for name, value in changes.items():
            setattr(obj, name, value)
    record_all(
        tag=f"{lifecycle.name}.{transition}",
        subjects=objects,
        actor=actor,
        data=[{"from": before, "to": step.target, **details} for details in data],
    )
