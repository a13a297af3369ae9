"""The lifecycle of a linear layer learned from the answers of the exchange."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from marketplace.kit.lifecycle import Lifecycle


class LayerState(models.TextChoices):
    """Where a layer stands between being learned and being set aside."""

    PROPOSED = "proposed", _("Proposed")
    REFUSED = "refused", _("Refused by the replay")
    SERVING = "serving", _("Serving")
    SUCCEEDED = "succeeded", _("Succeeded by another")
    WITHDRAWN = "withdrawn", _("Withdrawn")


S = LayerState
LAYER = Lifecycle.of(
    "layer",
    LayerState,
    [
        # name, from, to
        ("refuse", [S.PROPOSED], S.REFUSED),
        ("promote", [S.PROPOSED], S.SERVING),
        ("succeed", [S.SERVING], S.SUCCEEDED),
        ("withdraw", [S.SERVING], S.WITHDRAWN),
    ],
)
