"""Adding a row to a formset without JavaScript: the add button is a submit named `<prefix>-add`."""

from django.http import QueryDict

LONGEST_COUNT = 10  # digits; Python refuses to read a number of thousands of them


def wants_row(data: QueryDict, prefix: str) -> bool:
    """Tell whether the form was sent with the add button of this formset."""
    return f"{prefix}-add" in data


def with_added_row(data: QueryDict, prefix: str, limit: int = 100) -> QueryDict:
    """Give the sent data with one more empty row, so that the formset shows what was typed and a new row.

    A row count that is no sensible number counts as none; never more than `limit` rows.
    """
    copy = data.copy()
    total = data.get(f"{prefix}-TOTAL_FORMS", "0")
    rows = int(total) if total.isdecimal() and len(total) < LONGEST_COUNT else 0
    copy[f"{prefix}-TOTAL_FORMS"] = str(min(rows + 1, limit))
    del copy[f"{prefix}-add"]
    return copy
