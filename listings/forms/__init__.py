"""Forms of the room, split by noun. `WIZARDS` holds the steps of each kind of listing."""

from listings.forms import demand, technology
from listings.forms.demand import DemandStartForm
from listings.forms.documents import DocumentForm
from listings.forms.inputs import say_language
from listings.forms.review import ReasonForm, ReviewForm
from listings.forms.rights import OwnerFormSet, RightForm
from listings.forms.steps import Step, StepForm
from listings.forms.technology import StartForm

WIZARDS: dict[str, tuple[Step, ...]] = {"technology": technology.STEPS, "demand": demand.STEPS}
START_FORMS: dict[str, type[StartForm]] = {"technology": StartForm, "demand": DemandStartForm}

__all__ = [
    "START_FORMS",
    "WIZARDS",
    "DocumentForm",
    "OwnerFormSet",
    "ReasonForm",
    "ReviewForm",
    "RightForm",
    "Step",
    "StepForm",
    "say_language",
]
