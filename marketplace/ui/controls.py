"""Buttons, badges, notices, dialogs and other small controls."""

from datetime import date, datetime, timedelta
from typing import Any

from django.template import Context
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from .registry import attributes, is_given, one_of, register, to_number

BUTTON_KINDS = {"primary", "secondary", "quiet", "danger"}
SIZES = {"small", "normal"}
TONES = {"neutral", "verified", "waiting", "danger", "info"}
STATE_TONES = {
    "neutral": "draft archived withdrawn expired hidden closed cancelled superseded ended countered",
    "verified": "published approved verified agreed signed effective paid settled done accepted registered matched met"
    " completed",
    "waiting": "pending submitted in_review claimed changes_requested waiting due open tto_review awaiting_owner stale filed questioned"
    " suspended suggested nda_pending offered",
    "danger": "rejected overdue disputed banned terminated failed refused declined revoked defaulted lapsed",
}
_TONE_OF_STATE = {state: tone for tone, states in STATE_TONES.items() for state in states.split()}


def block(template: str, context: Context, values: dict[str, Any]) -> SafeString:
    """Render the template of a component that has content between its tags."""
    return render_to_string(template, {**values, "csrf_token": context.get("csrf_token", "")})


def _button(label: Any, kind: str, size: str, icon: str, extra: dict[str, Any]) -> dict[str, Any]:
    return {
        "label": label,
        "kind": one_of("kind", kind, BUTTON_KINDS),
        "size": one_of("size", size, SIZES),
        "icon": icon,
        "attributes": attributes(extra),
    }


@register.inclusion_tag("components/button.html")
def button(
    label: Any,
    *,
    kind: str = "secondary",
    type: str = "submit",  # noqa: A002 -- the HTML attribute's name
    name: str = "",
    value: Any = "",
    icon: str = "",
    size: str = "normal",
    disabled: bool = False,
    form: str = "",
    full: bool = False,
    **extra: Any,
) -> dict[str, Any]:
    """A button; one `primary` a page. `hx_*`, `data_*`, `aria_*` arguments become attributes."""
    return {
        **_button(label, kind, size, icon, extra),
        "type": one_of("type", type, {"submit", "button", "reset"}),
        "name": name,
        "value": value,
        "disabled": disabled,
        "form": form,
        "full": full,
    }


@register.inclusion_tag("components/link_button.html")
def link_button(
    label: Any,
    *,
    href: str,
    kind: str = "secondary",
    icon: str = "",
    size: str = "normal",
    full: bool = False,
    **extra: Any,
) -> dict[str, Any]:
    """A link that looks like a button, for going somewhere."""
    return {**_button(label, kind, size, icon, extra), "href": href, "full": full}


@register.inclusion_tag("components/post_button.html", takes_context=True)
def post_button(
    context: Context,
    label: Any,
    *,
    action: str,
    kind: str = "secondary",
    name: str = "",
    value: Any = "",
    icon: str = "",
    size: str = "normal",
    confirm: Any = "",
    **extra: Any,
) -> dict[str, Any]:
    """A form of one button that POSTs to `action`; `confirm` is a question asked first (with JavaScript)."""
    return {
        **_button(label, kind, size, icon, extra),
        "action": action,
        "name": name,
        "value": value,
        "confirm": confirm,
        "csrf_token": context.get("csrf_token", ""),
    }


@register.inclusion_tag("components/badge.html")
def badge(label: Any, *, tone: str = "neutral", icon: str = "", title: Any = "") -> dict[str, Any]:
    """A short label with a tone: neutral, verified, waiting, danger, info."""
    return {"label": label, "tone": one_of("tone", tone, TONES), "icon": icon, "title": title}


@register.inclusion_tag("components/badge.html")
def status_badge(label: Any, *, state: str, tone: str = "") -> dict[str, Any]:
    """A lifecycle state; its tone follows from the state's name unless given."""
    chosen = one_of("tone", tone, TONES) if tone else _TONE_OF_STATE.get(str(state), "neutral")
    icons = {"verified": "check", "waiting": "clock", "danger": "alert"}
    return {"label": label, "tone": chosen, "icon": icons.get(chosen, ""), "title": ""}


@register.inclusion_tag("components/badge.html")
def legal_badge(legal_class: str) -> dict[str, Any]:
    """The legal class of a technology: none, encouraged, restricted, banned."""
    choices = {
        "none": ("neutral", "", _("Not restricted for transfer")),
        "encouraged": ("verified", "check", _("Encouraged for transfer")),
        "restricted": ("waiting", "alert", _("Restricted from transfer")),
        "banned": ("danger", "lock", _("Banned from transfer")),
    }
    tone, icon, label = choices[one_of("legal_class", legal_class, choices)]
    return {"label": label, "tone": tone, "icon": icon, "title": _("Legal class of the technology")}


@register.inclusion_tag("components/badge.html")
def verification_badge(state: str, *, title: Any = "") -> dict[str, Any]:
    """Whether a fact or an organisation was checked: verified, pending, unverified, refused."""
    choices = {
        "verified": ("verified", "verified", _("Verified")),
        "pending": ("waiting", "clock", _("Being verified")),
        "unverified": ("neutral", "", _("Not verified")),
        "refused": ("danger", "alert", _("Verification refused")),
    }
    tone, icon, label = choices[one_of("state", state, choices)]
    return {"label": label, "tone": tone, "icon": icon, "title": title}


@register.inclusion_tag("components/clock.html")
def clock(due: date | datetime | None, *, label: Any = "", done: bool = False, soon_days: int = 3) -> dict[str, Any]:
    """A deadline and how near it is: overdue, soon (within `soon_days`) or ahead; `done` stops it."""
    tone = "neutral"
    state = "ahead"
    if is_given(due) and not done:
        assert due is not None
        now: date = timezone.now() if isinstance(due, datetime) else timezone.localdate()
        if due < now:
            tone, state = "danger", "overdue"
        elif due <= now + timedelta(days=soon_days):
            tone, state = "waiting", "soon"
    return {"due": due, "label": label, "tone": tone, "state": state, "done": done}


@register.simple_block_tag(takes_context=True)
def notice(context: Context, content: SafeString, *, kind: str = "info", title: Any = "") -> SafeString:
    """A note beside the matter it is about: info, warning, danger, success."""
    icons = {"info": "info", "warning": "alert", "danger": "alert", "success": "check"}
    values = {"kind": one_of("kind", kind, icons), "title": title, "icon": icons[kind], "content": content}
    return block("components/notice.html", context, values)


@register.simple_block_tag(takes_context=True)
def dialog(context: Context, content: SafeString, *, id: str, title: Any) -> SafeString:  # noqa: A002 -- the HTML name
    """A dialog, opened by `dialog_opener`; without JavaScript the opener is a link that shows it in place."""
    return block("components/dialog.html", context, {"id": id, "title": title, "content": content})


@register.inclusion_tag("components/dialog_opener.html")
def dialog_opener(
    label: Any,
    *,
    id: str,  # noqa: A002 -- the HTML name
    kind: str = "secondary",
    icon: str = "",
    size: str = "normal",
) -> dict[str, Any]:
    """The button that opens the dialog with this id."""
    return {**_button(label, kind, size, icon, {}), "id": id}


@register.inclusion_tag("components/toasts.html", takes_context=True)
def toasts(context: Context) -> dict[str, Any]:
    """The messages of Django's messages framework, announced politely."""
    return {"messages": context.get("messages") or []}


@register.inclusion_tag("components/empty_state.html")
def empty_state(
    title: Any, *, text: Any = "", action_label: Any = "", action_href: str = "", icon: str = "list"
) -> dict[str, Any]:
    """What an empty list says: that it is empty, why, and how to fill it."""
    return {"title": title, "text": text, "action_label": action_label, "action_href": action_href, "icon": icon}


@register.inclusion_tag("components/progress.html")
def progress(
    *,
    label: Any,
    value: Any = None,
    out_of: Any = 100,
    url: str = "",
    note: Any = "",
    done: bool = False,
) -> dict[str, Any]:
    """A progress bar. While not `done`, htmx asks `url` every two seconds for this same fragment.

    Without `value` the bar says that work goes on, without saying how far.
    """
    filled = to_number("value", value)
    limit = to_number("out_of", out_of) or 100.0
    return {
        "label": label,
        "value": None if filled is None else f"{filled:g}",
        "max": f"{limit:g}",
        "percent": None if filled is None else round(100 * filled / limit),
        "url": url,
        "note": note,
        "done": done,
    }


@register.inclusion_tag("components/search_box.html")
def search_box(
    *, action: str, value: Any = "", name: str = "q", label: Any = "", placeholder: Any = "", size: str = "normal",
    suggest: str = "",
) -> dict[str, Any]:  # fmt: skip
    """The one search box: a GET form. `suggest` is the address of suggestions while something is typed."""
    return {
        "action": action,
        "value": value,
        "name": name,
        "label": label or _("Search"),
        "placeholder": placeholder,
        "size": one_of("size", size, {"normal", "large"}),
        "suggest": suggest,
    }
