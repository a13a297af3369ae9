"""Form fields, error summary and rows of a formset."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms.boundfield import BoundField
from django.forms.formsets import BaseFormSet
from django.template import Context
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from .controls import block
from .registry import one_of, register

WIDTHS = {"short", "medium", "full"}
DATE_SHOWN = "%d/%m/%Y"  # every language's input formats read it


def field_context(bound: BoundField, *, width: str = "full", optional_mark: bool = True) -> dict[str, Any]:
    """What the field template shows: label, hint, errors and the widget with its aria attributes.

    A field that may stay empty is marked as optional; one that is needed in some cases says in which as `needed_for`.
    """
    widget = bound.field.widget
    if widget.is_hidden:
        layout = "hidden"
    elif isinstance(widget, forms.CheckboxInput):
        layout = "check"
    elif isinstance(widget, (forms.RadioSelect, forms.CheckboxSelectMultiple)) or widget.use_fieldset:
        layout = "group"
    else:
        layout = "line"
    date_widget = _date_widget(bound)
    attrs: dict[str, str | bool] | None = None
    if date_widget is not None:
        attrs = {"aria-describedby": f"{bound.auto_id}_format {bound.aria_describedby or ''}".strip()}
    return {
        "bound": bound,
        "layout": layout,
        "is_date": date_widget is not None,
        "control": bound.as_widget(widget=date_widget, attrs=attrs),
        "mark": _mark(bound) if optional_mark and layout in {"line", "group"} else "",
        "width": one_of("width", width, WIDTHS),
        "described_by": bound.aria_describedby or "",
    }


def _mark(bound: BoundField) -> Any:
    """Give what stands behind the label of a field that may stay empty: in which case it may not, or that it may."""
    if bound.field.required:
        return ""
    return getattr(bound.field, "needed_for", "") or _("optional")


def _date_widget(bound: BoundField) -> forms.Widget | None:
    """Give a date field a text input that shows its date as day/month/year; None for other fields.

    A native date input would write the date in the browser's language, whatever the page's. What was typed and is no
    date stays, so that it can be mended.
    """
    widget = bound.field.widget
    if not isinstance(widget, forms.DateInput) or widget.is_hidden or widget.attrs.get("type", "date") != "date":
        return None
    text = copy.copy(widget)
    text.attrs = {key: value for key, value in widget.attrs.items() if key != "type"}
    text.attrs |= {"autocomplete": "off", "maxlength": 20, "data-date": ""}
    text.input_type = "text"
    try:
        value = bound.field.to_python(bound.value())
    except ValidationError:
        value = None
    if isinstance(value, date):
        text.format_value = lambda _raw: value.strftime(DATE_SHOWN)  # type: ignore[method-assign,assignment]
    return text


@register.inclusion_tag("components/field.html")
def field(bound: BoundField, *, width: str = "full", optional_mark: bool = True) -> dict[str, Any]:
    """A form field: label, hint (help_text), error, input; width short, medium or full."""
    if not isinstance(bound, BoundField):
        raise TypeError(f"{bound!r} is not a field of a form")
    return field_context(bound, width=width, optional_mark=optional_mark)


@register.inclusion_tag("components/form_fields.html")
def form_fields(form: forms.BaseForm, *, only: str = "", exclude: str = "") -> dict[str, Any]:
    """All fields of a form in order, or those named in `only` / not in `exclude` (commas between names)."""
    chosen, left_out = _names(form, only), _names(form, exclude)
    visible = [bound for bound in form.visible_fields() if (not chosen or bound.name in chosen)]
    return {"fields": [bound for bound in visible if bound.name not in left_out], "hidden": form.hidden_fields()}


def _names(form: forms.BaseForm, text: str) -> set[str]:
    names = {name.strip() for name in text.split(",") if name.strip()}
    if unknown := names - set(form.fields):
        raise ValueError(f"the form has no field {', '.join(sorted(unknown))}")
    return names


@register.inclusion_tag("components/error_summary.html")
def error_summary(*sources: forms.BaseForm | BaseFormSet[Any] | None) -> dict[str, Any]:
    """What is wrong in these forms and formsets, each error linked to its field; nothing when all is well.

    A field whose label says too little by itself names its question as `summary_label`.
    """
    errors: list[dict[str, Any]] = []
    for source in sources:
        if isinstance(source, BaseFormSet):
            if source.is_bound:
                href = _first_control(source)
                errors += [{"href": href, "label": "", "text": text} for text in source.non_form_errors()]
                for number, form in enumerate(source.forms, 1):
                    errors += _errors_of(form, row=number)
        elif source is not None:
            errors += _errors_of(source)
    return {"errors": errors}


def _first_control(rows: BaseFormSet[Any]) -> str:
    """Give where to begin mending what is wrong with the rows together: the first field of the first row."""
    for form in rows.forms:
        for bound in form.visible_fields():
            return f"#{bound.id_for_label}" if bound.id_for_label else ""
    return ""


def _errors_of(form: forms.BaseForm, row: int | None = None) -> Iterable[dict[str, Any]]:
    prefix = _("Row %(number)d: ") % {"number": row} if row else ""
    places = {name: place for place, name in enumerate(form.fields)}  # the whole form's own errors come first
    for name, texts in sorted(form.errors.items(), key=lambda item: places.get(item[0], -1)):
        if name == NON_FIELD_ERRORS:
            yield from ({"href": "", "label": prefix, "text": text} for text in texts)
            continue
        bound = form[name]
        target = bound.id_for_label or (f"{bound.auto_id}_0" if bound.auto_id else "")
        label = f"{prefix}{getattr(bound.field, 'summary_label', bound.label)}"
        yield from ({"href": f"#{target}" if target else "", "label": label, "text": text} for text in texts)


@register.simple_block_tag(takes_context=True)
def fieldset(
    context: Context, content: SafeString, *, legend: Any, hint: Any = "", layout: str = "stack"
) -> SafeString:
    """Fields that belong together; `row` puts short ones side by side."""
    values = {"legend": legend, "hint": hint, "layout": one_of("layout", layout, {"stack", "row"}), "content": content}
    return block("components/fieldset.html", context, values)


@register.inclusion_tag("components/formset.html")
def formset(
    rows: BaseFormSet[Any], *, legend: Any, row_label: Any, add_label: Any, hint: Any = "", layout: str = "row"
) -> dict[str, Any]:
    """Rows of fields with a button that adds one (a submit named `<prefix>-add`) and a tick that removes one.

    `marketplace.kit.formrows.with_added_row` reads the button on the server; a small script does both
    at once where there is JavaScript. `row_label` names one row ("Owner").
    """
    return {
        "formset": rows,
        "legend": legend,
        "row_label": row_label,
        "add_label": add_label,
        "hint": hint,
        "layout": one_of("layout", layout, {"stack", "row"}),
        "removable": rows.can_delete,
    }


@register.inclusion_tag("components/formset_row.html")
def formset_row(form: forms.BaseForm, *, row_label: Any, number: Any, layout: str) -> dict[str, Any]:
    """One row of `formset` (used by its template)."""
    removal = form["DELETE"] if "DELETE" in form.fields else None
    return {
        "form": form,
        "visible": [bound for bound in form.visible_fields() if bound.name != "DELETE"],
        "hidden": form.hidden_fields(),
        "removal": removal,
        "row_label": row_label,
        "number": number,
        "layout": layout,
        "general_errors": form.non_field_errors(),
    }
