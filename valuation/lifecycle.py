"""The lifecycles of a run (a computation that takes a while) and of an appraisal (a firm's commission)."""

from django.db import models
from django.utils.translation import pgettext_lazy

from marketplace.kit.lifecycle import Lifecycle


class RunState(models.TextChoices):
    """Where a run stands."""

    QUEUED = "queued", pgettext_lazy("run", "Waiting its turn")
    RUNNING = "running", pgettext_lazy("run", "Running")
    DONE = "done", pgettext_lazy("run", "Done")
    CANCELLED = "cancelled", pgettext_lazy("run", "Cancelled")
    FAILED = "failed", pgettext_lazy("run", "Failed")


R = RunState
RUN = Lifecycle.of(
    "run",
    RunState,
    [
        # name, from, to
        ("start", [R.QUEUED], R.RUNNING),
        ("complete", [R.RUNNING], R.DONE),
        ("cancel", [R.QUEUED, R.RUNNING], R.CANCELLED),
        ("fail", [R.RUNNING], R.FAILED),
    ],
)
LIVE_RUN = frozenset({R.QUEUED, R.RUNNING})


class AppraisalState(models.TextChoices):
    """Where a commission stands. Whether its certificate still holds is a question of dates, not a state."""

    PROPOSED = "proposed", pgettext_lazy("appraisal", "Waits for the owner's consent")
    REQUESTED = "requested", pgettext_lazy("appraisal", "Waits for the firm")
    ACCEPTED = "accepted", pgettext_lazy("appraisal", "At work")
    CERTIFIED = "certified", pgettext_lazy("appraisal", "Certificate issued")
    DECLINED = "declined", pgettext_lazy("appraisal", "Declined")
    CANCELLED = "cancelled", pgettext_lazy("appraisal", "Cancelled")


A = AppraisalState
APPRAISAL = Lifecycle.of(
    "appraisal",
    AppraisalState,
    [
        # name, from, to
        ("consent", [A.PROPOSED], A.REQUESTED),
        ("accept", [A.REQUESTED], A.ACCEPTED),
        ("decline", [A.PROPOSED, A.REQUESTED, A.ACCEPTED], A.DECLINED),
        ("certify", [A.ACCEPTED], A.CERTIFIED),
        ("cancel", [A.PROPOSED, A.REQUESTED, A.ACCEPTED], A.CANCELLED),
    ],
)
OPEN_APPRAISAL = frozenset({A.PROPOSED, A.REQUESTED, A.ACCEPTED})
