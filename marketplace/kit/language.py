"""Which language an answer is in: the address decides for pages, Accept-Language for the API."""

from django.conf import settings
from django.http import HttpRequest
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.html import conditional_escape, format_html


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


def in_own_language(text: str, language: str) -> str:
    """Give a text that somebody wrote in `language` as HTML, marked with it where the page's language is another."""
    if not text or language == (translation.get_language() or settings.LANGUAGE_CODE)[:2]:
        return conditional_escape(text)
    return format_html('<span lang="{}">{}</span>', language, text)
