"""The steps of the two long forms, as data: what each asks, what it answers, how its answers are saved."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.functional import Promise

from listings.forms.inputs import formfield
from listings.models import Demand, Technology
from marketplace.kit.forms import ModelForm


class StepForm(ModelForm):
    """One step of a draft. Nothing but the title is required: a draft is saved as far as it goes."""

    #: Fields that are not columns; a step that has any turns them into lists itself.
    lists: ClassVar[tuple[str, ...]] = ()

    class Meta:
        formfield_callback = formfield

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False

    def changes(self) -> dict[str, Any]:
        """Give what the save service takes: `values`, and lists where the step has them."""
        return {"values": {name: value for name, value in self.cleaned_data.items() if name not in self.lists}}

    def shown(self) -> list[tuple[Any, str]]:
        """Give (label, text) of what is typed or stored, for comparing two saves."""
        return [(bound.label, text_of(bound)) for bound in self]


def text_of(bound: Any) -> str:
    """Give the value of a field as a reader sees it."""
    value = bound.value()
    if value is None or value == "":
        return ""
    choices = getattr(bound.field, "choices", None)
    if choices is not None:
        labels = {str(key): str(label) for key, label in flat(choices)}
        values = value if isinstance(value, list | tuple) else [value]
        return ", ".join(labels.get(str(getattr(one, "pk", one)), str(one)) for one in values)
    return str(value).replace("\r\n", "\n")


def flat(choices: Any) -> list[tuple[Any, Any]]:
    """Give choices without their groups."""
    rows: list[tuple[Any, Any]] = []
    for key, label in choices:
        rows += label if isinstance(label, list | tuple) else [(key, label)]
    return rows


@dataclass(frozen=True)
class Step:
    """A page of a long form.

    `form` asks for columns; `rows` makes a formset of the stored rows of list `prefix`. `answers` names the fields
    that submission needs from it; `started` tells whether an optional step holds anything.
    """

    slug: str
    label: str | Promise
    lead: str | Promise = ""
    form: type[StepForm] | None = None
    rows: Callable[..., Any] | None = None
    prefix: str = ""
    answers: tuple[str, ...] = ()
    started: Callable[[Any], bool] = lambda listing: True
    template: str = "listings/step.html"

    def is_done(self, listing: Technology | Demand, missing: Mapping[str, str]) -> bool:
        """Tell whether the step has all that submission needs and, when it needs nothing, holds anything."""
        if self.answers:
            return not set(self.answers) & set(missing)
        return self.started(listing)
