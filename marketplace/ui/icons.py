"""The icon set: strokes on a 24 by 24 grid, drawn in the colour of the text around them."""

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from .registry import one_of, register

PATHS = {
    "add": "M12 5v14M5 12h14",
    "alert": "M12 4 2.5 20h19L12 4zM12 10v4.5M12 17.4v.1",
    "arrow-left": "M19 12H5M11 6l-6 6 6 6",
    "arrow-right": "M5 12h14M13 6l6 6-6 6",
    "bell": "M6 10a6 6 0 0 1 12 0c0 5 2 6 2 7H4c0-1 2-2 2-7zM10 20.5h4",
    "bookmark": "M7 4h10v16l-5-4-5 4V4z",
    "bridge": "M2 18h20M4 18v-5M20 18v-5M3 14c5-9 13-9 18 0M9 18V8.7M15 18V8.7",
    "building": "M5 21V4h9v17M14 9h5v12M3 21h18M8 8h3M8 12h3M8 16h3",
    "calendar": "M4 6h16v14H4V6zM4 10h16M8 3v4M16 3v4",
    "chart": "M4 4v16h16M8 16v-4M12 16V8M16 16v-6",
    "check": "M5 12.5 10 17.5 19.5 7",
    "chevron-down": "M6 9l6 6 6-6",
    "chevron-right": "M9 6l6 6-6 6",
    "clock": "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7.5V12l3 2",
    "close": "M6 6l12 12M18 6 6 18",
    "contract": "M6 3h9l4 4v14H6V3zM14 3v5h5M9 12h7M9 15.5h4M9 18.5h7",
    "deal": "M2.5 8 7 6l5 2.5L17 6l4.5 2v8l-3 1-5 3.5-2.5-1-3-2.5-5.5-1V8zM12 8.5 9 12c1.5 1.3 3 .8 4-.5l5 5",
    "download": "M12 4v11M7 10.5l5 5 5-5M4 20h16",
    "edit": "M4 20h4L19 9l-4-4L4 16v4zM13 7l4 4",
    "external": "M14 4h6v6M20 4l-9 9M18 14v6H4V6h6",
    "eye": "M2 12c4-7.5 16-7.5 20 0-4 7.5-16 7.5-20 0zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
    "file": "M6 3h8l4 4v14H6V3zM14 3v5h4",
    "filter": "M4 5h16l-6 8v6l-4 2v-8L4 5z",
    "flag": "M5 21V4h13l-3 4.5 3 4.5H5",
    "globe": "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c5 5 5 13 0 18M12 3c-5 5-5 13 0 18",
    "idea": "M9 18h6M10 21h4M12 3a6 6 0 0 0-3.5 10.8c.5.5.5 1.2.5 1.7h6c0-.5 0-1.2.5-1.7A6 6 0 0 0 12 3z",
    "info": "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v5.5M12 7.5v.1",
    "list": "M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01",
    "lock": "M6 11h12v9H6v-9zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
    "mail": "M3 6h18v12H3V6zM3 7l9 6.5L21 7",
    "menu": "M4 7h16M4 12h16M4 17h16",
    "minus": "M5 12h14",
    "money": "M3 6h18v12H3V6zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM6.5 9v.01M17.5 15v.01",
    "moon": "M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z",
    "person": "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20.5c1-8 14-8 15 0",
    "place": "M12 21c-5-6-7-8.5-7-11.5a7 7 0 0 1 14 0c0 3-2 5.5-7 11.5zM12 7a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
    "refresh": "M19.5 8A8.3 8.3 0 0 0 4 10M4 4.5V10h5.5M4.5 16A8.3 8.3 0 0 0 20 14M20 19.5V14h-5.5",
    "search": "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 20.5 20.5",
    "send": "M4 12 20 4l-5 16-4-6.5L4 12zM11 13.5 20 4",
    "shield": "M12 3 4.5 6v5.5c0 4.5 3 7.8 7.5 9.5 4.5-1.7 7.5-5 7.5-9.5V6L12 3z",
    "sort": "M8 5v14M4.5 15.5 8 19l3.5-3.5M16 19V5M12.5 8.5 16 5l3.5 3.5",
    "sort-down": "M12 5v14M6 13l6 6 6-6",
    "sort-up": "M12 19V5M6 11l6-6 6 6",
    "sun": "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4"
    "M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
    "trash": "M4 7h16M9 7V4h6v3M6 7l1 14h10l1-14M10 11v6M14 11v6",
    "upload": "M12 20V9M7 13.5l5-5 5 5M4 4h16",
    "verified": "M12 3 4.5 6v5.5c0 4.5 3 7.8 7.5 9.5 4.5-1.7 7.5-5 7.5-9.5V6L12 3zM8.5 12l2.5 2.5 4.5-5",
}


@register.simple_tag
def icon(name: str, *, label: str = "", size: str = "normal") -> SafeString:
    """Draw an icon. With a `label` it is an image with that name; without, it is hidden from screen readers."""
    one_of("icon", name, PATHS)
    one_of("size", size, {"small", "normal", "large"})
    named = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon icon-{}" viewBox="0 0 24 24" width="20" height="20" {}><path d="{}"/></svg>',
        size,
        named,
        PATHS[name],
    )
