"""Which language an answer is in: the address decides for pages, Accept-Language for the API."""

from django.conf import settings
from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.utils import translation


class LanguageMiddleware(LocaleMiddleware):
    """Vietnamese at `/…`, English at `/en/…`; under /api/ the request's Accept-Language header."""

    def process_request(self, request: HttpRequest) -> None:
        if request.path_info.startswith("/api/"):
            language = translation.get_language_from_request(request)
            if "HTTP_ACCEPT_LANGUAGE" not in request.META:
                language = settings.LANGUAGE_CODE
            translation.activate(language)
            request.LANGUAGE_CODE = translation.get_language()
            return
        super().process_request(request)
