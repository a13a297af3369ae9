"""Files that were uploaded: under which names they are handed on, and that none stays of a transaction that failed."""

import re
import unicodedata
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from pathlib import PurePosixPath
from typing import Any, ParamSpec, TypeVar

from django.core.files.base import ContentFile
from django.db import transaction

P = ParamSpec("P")
T = TypeVar("T")

#: Media types that may be kept, and the ending under which a file of each is handed on.
ENDINGS = {
    "application/pdf": ".pdf",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
}
LONGEST = 200
_ENDING = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,9}$")
_RESERVED = re.compile(r'[<>:"|?*]')  # what file systems refuse


def filename_of(name: str, media_type: str) -> str:
    """Give the name of an uploaded file, with the ending of what it is instead of what its sender wrote.

    Without folders, without control and invisible characters (which can turn the reading round), at most 200 characters.
    """
    last = PurePosixPath(name.replace("\\", "/")).name
    shown = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C")
    stem = _ENDING.sub("", unicodedata.normalize("NFC", _RESERVED.sub("", shown)).strip().rstrip("."))
    ending = ENDINGS.get(media_type, "")
    return f"{stem.strip(' .')[: LONGEST - len(ending)] or 'file'}{ending}"


_stored: ContextVar[list[Any] | None] = ContextVar("_stored", default=None)


def atomic_with_files(call: Callable[P, T]) -> Callable[P, T]:
    """Make a service one transaction that takes the files put by `store_file` along when it fails, also at its commit.

    To be the outermost transaction: of one around it nobody here hears.
    """

    @wraps(call)
    def whole(*args: P.args, **kwargs: P.kwargs) -> T:
        outer, mine = _stored.get(), []  # type: ignore[var-annotated]
        token = _stored.set(mine)
        try:
            with transaction.atomic():
                result = call(*args, **kwargs)
        except BaseException:
            for file in mine:
                file.delete(save=False)
            raise
        finally:
            _stored.reset(token)
        if outer is not None:
            outer.extend(mine)
        return result

    return whole


def store_file(file: Any, name: str, content: bytes) -> None:
    """Store the file of a row that is not saved yet, inside a service that is `atomic_with_files`."""
    stored = _stored.get()
    assert stored is not None
    file.save(name, ContentFile(content), save=False)
    stored.append(file)
