"""The furniture of a page: head, crumbs, lists, tables, cards, facets, pages of results."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.paginator import Page
from django.core.serializers.json import DjangoJSONEncoder
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from .controls import block
from .registry import need_keys, one_of, register

_JSON_ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}
STEP_STATES = {"done", "current", "started", "todo", "error", "skipped"}


@register.inclusion_tag("components/breadcrumb.html")
def breadcrumb(items: Iterable[tuple[Any, str]], *, current: Any = "") -> dict[str, Any]:
    """Where this page lies: pairs of (label, address), then the page itself."""
    return {"items": list(items), "current": current}


@register.simple_block_tag(takes_context=True)
def page_header(
    context: Context, content: SafeString, *, title: Any, kicker: Any = "", lead: Any = "", lang: str = ""
) -> SafeString:
    """The page's one h1, a line above and below it, and its actions (the content)."""
    values = {"title": title, "kicker": kicker, "lead": lead, "lang": lang, "content": mark_safe(content.strip())}
    return block("components/page_header.html", context, values)


@register.inclusion_tag("components/definition_list.html")
def definition_list(items: Iterable[tuple[Any, Any]], *, layout: str = "rows") -> dict[str, Any]:
    """Terms and values as pairs; `rows` puts them side by side, `columns` stacks each pair in a grid."""
    return {"items": list(items), "layout": one_of("layout", layout, {"rows", "columns"})}


@register.simple_block_tag(takes_context=True)
def facts(context: Context, content: SafeString, *, layout: str = "rows") -> SafeString:
    """A definition list written out with `fact` tags."""
    values = {"content": content, "layout": one_of("layout", layout, {"rows", "columns"})}
    return block("components/facts.html", context, values)


@register.simple_block_tag(takes_context=True)
def fact(context: Context, content: SafeString, label: Any) -> SafeString:
    """One term of `facts`, its value between the tags."""
    return block("components/fact.html", context, {"label": label, "content": content})


@register.simple_block_tag(takes_context=True)
def result_card(
    context: Context,
    content: SafeString,
    *,
    title: Any,
    href: str,
    kicker: Any = "",
    summary: Any = "",
    lang: str = "",
    level: int = 3,
) -> SafeString:
    """One item of a list of results; badges and facts go between the tags. `summary` may hold marked words."""
    values = {
        "title": title,
        "href": href,
        "kicker": kicker,
        "summary": summary,
        "lang": lang,
        "level": one_of("level", level, {"2", "3", "4"}),
        "content": content,
    }
    return block("components/result_card.html", context, values)


@register.simple_block_tag(takes_context=True)
def panel(
    context: Context,
    content: SafeString,
    *,
    title: Any = "",
    id: str = "",  # noqa: A002 -- the HTML name
    tone: str = "plain",
    level: int = 2,
) -> SafeString:
    """A titled part of a page; `waiting` marks what waits on the reader, `quiet` what may be passed over."""
    values = {
        "title": title,
        "id": id,
        "tone": one_of("tone", tone, {"plain", "waiting", "quiet"}),
        "level": one_of("level", level, {"2", "3"}),
        "content": content,
    }
    return block("components/panel.html", context, values)


@register.simple_block_tag(takes_context=True)
def data_table(
    context: Context,
    content: SafeString,
    *,
    caption: Any,
    sticky: bool = True,
    show_caption: bool = False,
    stack: bool = False,
) -> SafeString:
    """A table in its own scrolling region with a head that stays; write thead and tbody between the tags.

    `stack=True` shows each row as a block on a phone; its cells then say their column in `data-label`.
    """
    values = {"caption": caption, "sticky": sticky, "show_caption": show_caption, "stack": stack, "content": content}
    return block("components/data_table.html", context, values)


@register.inclusion_tag("components/sort_th.html", takes_context=True)
def sort_th(
    context: Context, label: Any, *, key: str, param: str = "sort", numeric: bool = False, default: str = ""
) -> dict[str, Any]:
    """A table head that sorts by `key`: its link sets `?sort=key`, then `?sort=-key`; other filters are kept.

    `default` is the order that holds when the address names none.
    """
    request = context.get("request")
    query = request.GET.copy() if request else None
    order = (query.get(param) if query else None) or default
    direction = {key: "ascending", f"-{key}": "descending"}.get(order, "")
    wanted = f"-{key}" if direction == "ascending" else key
    href = f"?{param}={wanted}"
    if query is not None:
        query[param] = wanted
        query.pop("page", None)
        href = f"?{query.urlencode()}"
    return {"label": label, "href": href, "direction": direction, "numeric": numeric}


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context: Context, page: Page[Any], *, param: str = "page") -> dict[str, Any]:
    """The pages of a result: previous, the near numbers, next; the filters in the address are kept."""
    request = context.get("request")

    def address(number: int) -> str:
        if request is None:
            return f"?{param}={number}"
        query = request.GET.copy()
        query[param] = str(number)
        return f"?{query.urlencode()}"

    paginator = page.paginator
    numbers = [
        {"gap": True} if number == paginator.ELLIPSIS else _page_link(int(number), page.number, address)
        for number in paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    ]
    return {
        "page": page,
        "several": paginator.num_pages > 1,
        "numbers": numbers,
        "previous": address(page.number - 1) if page.has_previous() else "",
        "next": address(page.number + 1) if page.has_next() else "",
    }


def _page_link(number: int, current: int, address: Any) -> dict[str, Any]:
    return {"gap": False, "number": number, "href": address(number), "current": number == current}


@register.inclusion_tag("components/facet_panel.html")
def facet_panel(
    facets: Sequence[Mapping[str, Any]], *, action: str = "", keep: Iterable[tuple[str, str]] = (), clear: str = "",
    chosen: int = 0, target: str = ""
) -> dict[str, Any]:  # fmt: skip
    """Filters beside a list: a GET form.

    A facet is a mapping: `name`, `label`, `kind` (checkbox, radio, select, range, text), and `options`
    (each `value`, `label`, `count` or None, `least` where it is a lower bound, `selected`), for a range `low`, `high`,
    `low_name`, `high_name`, `unit`, for a text `value`. `open` unfolds it. `keep` are (name, value) pairs sent along
    (the search words); `clear` is the address without filters; `chosen` counts the filters in force;
    `target` names the element that htmx replaces (the panel submits itself on a change).
    """
    rows = []
    for facet in facets:
        row = need_keys(
            "facet",
            facet,
            ("name", "label", "kind"),
            ("options", "open", "low", "high", "low_name", "high_name", "unit", "value", "hint"),
        )
        one_of("kind", row["kind"], {"checkbox", "radio", "select", "range", "text"})
        row["options"] = [
            need_keys("facet option", option, ("value", "label"), ("count", "selected", "least"))
            for option in row["options"] or []
        ]
        rows.append(row)
    return {
        "facets": rows, "action": action, "keep": list(keep), "clear": clear, "chosen": chosen, "target": target
    }  # fmt: skip


@register.inclusion_tag("components/chosen_filters.html")
def chosen_filters(items: Iterable[tuple[Any, str]], *, clear: str = "") -> dict[str, Any]:
    """The filters in force as pairs of (label, address without it)."""
    return {"items": list(items), "clear": clear}


@register.inclusion_tag("components/tabs.html")
def tabs(items: Iterable[Mapping[str, Any]], *, label: Any) -> dict[str, Any]:
    """Pages side by side: rows of `label`, `href`, `current`, `count`."""
    rows = [need_keys("tab", item, ("label", "href"), ("current", "count")) for item in items]
    return {"items": rows, "label": label}


@register.inclusion_tag("components/steps_nav.html")
def steps_nav(steps: Iterable[Mapping[str, Any]], *, label: Any = "") -> dict[str, Any]:
    """The steps of a long form: rows of `label`, `href` (or None), `state` (done, started, current, todo, error)."""
    rows = [need_keys("step", step, ("label", "state"), ("href", "hint")) for step in steps]
    for row in rows:
        one_of("state", row["state"], STEP_STATES)
    place = next((index for index, row in enumerate(rows, 1) if row["state"] == "current"), 0)
    return {"steps": rows, "label": label, "place": place, "total": len(rows)}


@register.inclusion_tag("components/stat.html")
def stat(label: Any, *, value: Any, note: Any = "", href: str = "", tone: str = "plain") -> dict[str, Any]:
    """One figure with its name; `waiting` when it asks for work."""
    return {
        "label": label,
        "value": value,
        "note": note,
        "href": href,
        "tone": one_of("tone", tone, {"plain", "waiting", "verified", "danger"}),
    }


@register.inclusion_tag("components/timeline.html")
def timeline(events: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What happened, newest first as given: rows of `when`, `title`, and `actor`, `body`, `tone`, `href`."""
    rows = [need_keys("event", event, ("when", "title"), ("actor", "body", "tone", "href")) for event in events]
    for row in rows:
        row["tone"] = one_of("tone", row["tone"] or "neutral", {"neutral", "verified", "waiting", "danger", "info"})
    return {"events": rows}


@register.simple_tag
def data_block(data: Mapping[str, Any]) -> SafeString:
    """Linked data (JSON-LD) for search engines. A browser never runs such a block, so the security policy lets it be."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), cls=DjangoJSONEncoder)
    return format_html('<script type="application/ld+json">{}</script>', mark_safe(text.translate(_JSON_ESCAPES)))
