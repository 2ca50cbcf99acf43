"""The forward pass of all-MiniLM-L6-v2 in numpy, for build-static-embedder.py: no deep-learning framework needed."""

from __future__ import annotations

import numpy as np

CLS, SEP = 101, 102
HEADS = 12
LAYERS = 6
WIDTH = 384


class Encoder:
    """The model's forward pass in float32, for sequences of equal length without padding."""

    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self.weights = {
            name: array.astype(np.float32)
            for name, array in weights.items()
            if array.dtype != np.int64
        }

    def _linear(self, name: str, x: np.ndarray) -> np.ndarray:
        return x @ self.weights[name + ".weight"].T + self.weights[name + ".bias"]

    def _norm(self, name: str, x: np.ndarray) -> np.ndarray:
        x = x - x.mean(-1, keepdims=True)
        x /= np.sqrt((x * x).mean(-1, keepdims=True) + 1e-12)
        return x * self.weights[name + ".weight"] + self.weights[name + ".bias"]

    def hidden(self, ids: np.ndarray) -> np.ndarray:
        """Token numbers [texts, length] to hidden states [texts, length, 384]."""
        texts, length = ids.shape
        words = self.weights["embeddings.word_embeddings.weight"]
        positions = self.weights["embeddings.position_embeddings.weight"]
        kinds = self.weights["embeddings.token_type_embeddings.weight"]
        x = self._norm("embeddings.LayerNorm", words[ids] + positions[:length] + kinds[0])
        width = x.shape[-1]
        x = x.reshape(texts * length, width)
        for layer in range(LAYERS):
            name = f"encoder.layer.{layer}."
            query, key, value = (
                self._linear(f"{name}attention.self.{part}", x)
                .reshape(texts, length, HEADS, width // HEADS)
                .transpose(0, 2, 1, 3)
                for part in ("query", "key", "value")
            )
            scores = query @ key.transpose(0, 1, 3, 2) / np.float32((width // HEADS) ** 0.5)
            scores = np.exp(scores - scores.max(-1, keepdims=True))
            scores /= scores.sum(-1, keepdims=True)
            mixed = (scores @ value).transpose(0, 2, 1, 3).reshape(texts * length, width)
            mixed = self._linear(name + "attention.output.dense", mixed)
            x = self._norm(name + "attention.output.LayerNorm", x + mixed)
            inner = gelu(self._linear(name + "intermediate.dense", x))
            x = self._norm(name + "output.LayerNorm", x + self._linear(name + "output.dense", inner))
        return x.reshape(texts, length, width)

    def encode(self, texts: list[list[int]], tokens_at_once: int = 4_096) -> np.ndarray:
        """Texts as token numbers without markers to the model's vectors [texts, 384] of unit length."""
        vectors = np.zeros((len(texts), WIDTH), np.float32)
        by_length: dict[int, list[int]] = {}
        for number, text in enumerate(texts):
            by_length.setdefault(len(text), []).append(number)
        for length, numbers in sorted(by_length.items()):
            step = max(1, tokens_at_once // (length + 2))
            for start in range(0, len(numbers), step):
                some = numbers[start : start + step]
                ids = np.array([[CLS, *texts[number], SEP] for number in some])
                vectors[some] = self.hidden(ids).mean(1)
        return to_unit(vectors)


def gelu(x: np.ndarray) -> np.ndarray:
    """x times the normal distribution function of x; erf after Abramowitz and Stegun 7.1.26, error below 2e-7."""
    z = np.abs(x) * np.float32(0.5**0.5)
    t = 1 / (1 + np.float32(0.3275911) * z)
    tail = t * np.float32(1.061405429) + np.float32(-1.453152027)
    for coefficient in (1.421413741, -0.284496736, 0.254829592):
        tail = tail * t + np.float32(coefficient)
    tail = tail * t * np.exp(-z * z) * np.float32(0.5)
    return np.where(x >= 0, x - x * tail, x * tail)


def to_unit(vectors: np.ndarray) -> np.ndarray:
    """Rows at unit length; rows of zeros stay."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
