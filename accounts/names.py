"""Under which names an organisation is known: the present ones, and those under which it was verified before."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from accounts.models import Organisation
from audit.selectors import events_with_tags
from marketplace.kit.names import as_compared

_VERIFIED = ("organisation.verify", "organisation.import_verified")
_TAGS = (*_VERIFIED, "organisation.edit", "organisation.change_identity")


def names_of(organisations: Iterable[Organisation]) -> dict[int, set[str]]:
    """Give the names of organisations by id, as they are compared; one query.

    A former name counts only where the organisation was verified under it: the log says which those are. So it stays
    itself when it is renamed, and does not become another by bearing that one's name for a while.
    """
    past: Mapping[int, list[tuple[str, dict[str, list[str]]]]] = defaultdict(list)
    known = {one.pk: one for one in organisations}
    for event in events_with_tags(Organisation, known, _TAGS):
        past[event.subject_id].append((event.tag, event.data.get("changed", {})))
    return {pk: _names(one, past[pk]) for pk, one in known.items()}


def _names(one: Organisation, events: list[tuple[str, dict[str, list[str]]]]) -> set[str]:
    """Go back from the present names through what was changed."""
    names = {"name_vi": one.name_vi, "name_en": one.name_en}
    found = set(names.values())
    later = ""
    for tag, changed in reversed(events):
        if tag in _VERIFIED:
            found |= set(names.values())
        elif tag == "organisation.edit":
            names |= {field: change[0] for field, change in changed.items() if field in names}
            if later == "organisation.change_identity":  # it was verified until this edit
                found |= set(names.values())
        later = tag
    return {as_compared(name) for name in found if name.strip()}
