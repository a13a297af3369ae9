"""A file over the limit is thrown away while it comes in; the other fields of the form are read and kept."""

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest


class LimitUploadHandler(FileUploadHandler):
    """First of FILE_UPLOAD_HANDLERS: skips every file once more than UPLOAD_MAX_BYTES came or was announced.

    Nothing of a skipped file is kept in memory or on disk. `too_large(request)` tells afterwards.
    """

    def handle_raw_input(
        self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None  # noqa: N803
    ) -> None:  # fmt: skip
        # What a form sends beside its file is limited by DATA_UPLOAD_MAX_MEMORY_SIZE.
        self.announced_too_much = content_length > settings.UPLOAD_MAX_BYTES + settings.DATA_UPLOAD_MAX_MEMORY_SIZE

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.received = 0
        if self.announced_too_much:
            self._skip()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        self.received += len(raw_data)
        if self.received > settings.UPLOAD_MAX_BYTES:
            self._skip()
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None

    def _skip(self) -> None:
        if self.request is not None:
            self.request.upload_too_large = True  # type: ignore[attr-defined]
        raise SkipFile


def too_large(request: HttpRequest) -> bool:
    """Tell whether a file of this request was thrown away for its size."""
    return bool(getattr(request, "upload_too_large", False))
