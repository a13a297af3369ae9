"""Pages of what the answers of the whole exchange taught."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from marketplace.kit.errors import Conflict, require
from marketplace.kit.pagination import paginate
from matching import answers, facts, policies, selectors, services
from matching.choices import Verdict
from matching.forms import WithdrawLayerForm
from matching.models import Layer
from matching.views import exposure_tabs, viewer_of


@require_GET
def learned(request: HttpRequest) -> HttpResponse:
    """Show operators the layer that serves, its weights, and what became of each that was learned."""
    return _page(request)


def _page(request: HttpRequest, *, form: WithdrawLayerForm | None = None, status: int = 200) -> HttpResponse:
    viewer = viewer_of(request)
    require(policies.can_see_exposure(viewer))
    serving = selectors.serving_layer()
    page = paginate(request, selectors.layers()) if form is None else None  # its links lead to this address
    context = {
        "tabs": exposure_tabs("learned"),
        "serving": serving,
        "is_used": serving is not None and selectors.layer_in_use() == serving,
        "gain": _gain(serving) if serving else None,
        "weights": _weights(serving) if serving else [],
        "odds": _rounded(serving.model["weights"].get("odds")) if serving else None,
        "verdicts": Verdict.labels,
        "by": answers.terms(),
        "page": page,
        "rows": [{"layer": layer, "gain": _gain(layer)} for layer in page.object_list] if page else [],
        "may_withdraw": serving is not None and policies.can_keep_layer(viewer),
        "form": form or WithdrawLayerForm(),
    }
    return render(request, "matching/learned.html", context, status=status)


def _gain(layer: Layer) -> dict[str, float]:
    """Give the replay's figures: order without and with it (0-1), the interval of the gain, calibration errors."""
    replay = layer.replay
    low, high = replay["difference_interval"]
    order, error = replay["dcg@10"], replay["calibration_error"]
    return {
        "without": order["without"], "with_it": order["with"], "low": low, "high": high,
        "error_without": error["without"], "error_with": error["with"],
    }  # fmt: skip


def _weights(layer: Layer) -> list[dict[str, Any]]:
    """Give, fact by fact, what each verdict adds to the log-odds; None where the layer does not know it."""
    found = layer.model["weights"]
    return [
        {
            "label": label,
            "values": [(verdict.label, _rounded(found.get(f"{code} {verdict.value}"))) for verdict in Verdict],
        }
        for code, label in facts.names().items()
    ]


def _rounded(weight: float | None) -> float | None:
    return None if weight is None else round(weight, 2) + 0.0  # no minus before a zero


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop the layer that serves."""
    viewer = viewer_of(request)
    require(policies.can_keep_layer(viewer))
    layer = get_object_or_404(selectors.layers(), pk=pk)
    if layer != selectors.serving_layer():
        raise Conflict(_("It does not serve any more."))
    form = WithdrawLayerForm(request.POST)
    if not form.is_valid():
        return _page(request, form=form, status=400)
    services.withdraw_layer(layer=layer, actor=viewer, reason=form.cleaned_data["reason"])
    messages.success(request, _("Withdrawn. Lists are put in order without it within minutes."))
    return redirect("matching:learned")
