/** Analyses many texts with few native calls: texts repeat their words, so each distinct piece is analysed once. */
import type { Analyser } from "./analyser.ts";
import { lancedb } from "./native.ts";

/** Pieces remembered; a longer-lived analyser starts over when it has seen more. */
const PIECES_MAX = 300_000;
/** Longer pieces (sentences of scripts without blanks) hardly ever come again. */
const PIECE_LENGTH_MAX = 40;
/** Characters of one native call. */
const BATCH_LENGTH_MAX = 1_000_000;
/** Stands between pieces; both tokenizers keep it whole and no stemmer changes it. */
const SEPARATOR = "7q0x4z9";
/** Neither tokenizer makes a term across a blank; the simple one splits at everything else but letters and digits too. */
const PIECES = { simple: /[\p{Alphabetic}\p{N}]+/gu, icu: /\S+/gu } as const;

export interface PieceAnalyser {
  /** For each text its terms in order, with repetitions. */
  analyse(texts: readonly string[]): Promise<readonly (readonly string[])[]>;
  /** A text that analyses to exactly this term, of those seen; stemming a stem again can change it. */
  formOf(term: string): string | undefined;
}

/** Creates an analyser that remembers pieces, and for each term the first piece it came from alone. */
export function createPieceAnalyser(analyser: Analyser): PieceAnalyser {
  const known = new Map<string, readonly string[]>();
  const forms = new Map<string, string>();
  const pattern = PIECES[analyser.baseTokenizer];

  const learn = async (pieces: readonly string[]): Promise<void> => {
    for (const batch of toBatches(pieces)) {
      const analysed = await analyseBatch(batch, analyser);
      for (const [index, piece] of batch.entries()) {
        const terms = analysed[index] ?? [];
        known.set(piece, terms);
        const [term] = terms;
        if (terms.length === 1 && term !== undefined && term !== piece && !forms.has(term)) {
          forms.set(term, piece);
        }
      }
    }
  };

  return {
    async analyse(texts) {
      if (known.size > PIECES_MAX) known.clear();
      const split = texts.map((text) => text.toWellFormed().match(pattern) ?? []);
      const fresh = new Set<string>();
      for (const pieces of split) {
        for (const piece of pieces) if (!known.has(piece)) fresh.add(piece);
      }
      await learn([...fresh]);
      const result = split.map((pieces) => pieces.flatMap((piece) => known.get(piece) ?? []));
      for (const piece of fresh) if (piece.length > PIECE_LENGTH_MAX) known.delete(piece);
      return result;
    },
    formOf: (term) => forms.get(term),
  };
}

function* toBatches(pieces: readonly string[]): Generator<readonly string[]> {
  let batch: string[] = [];
  let length = 0;
  for (const piece of pieces) {
    batch.push(piece);
    length += piece.length + SEPARATOR.length;
    if (length < BATCH_LENGTH_MAX) continue;
    yield batch;
    batch = [];
    length = 0;
  }
  if (batch.length > 0) yield batch;
}

/** One native call for the whole batch; the terms are told apart by the separator. */
async function analyseBatch(
  batch: readonly string[],
  analyser: Analyser,
): Promise<readonly (readonly string[])[]> {
  const tokens = await lancedb.tokenize(batch.join(` ${SEPARATOR} `), analyser);
  const groups: string[][] = [[]];
  for (const { text } of tokens) {
    if (text === SEPARATOR) groups.push([]);
    else groups.at(-1)?.push(text);
  }
  if (groups.length === batch.length) return groups;
  // A piece held the separator itself: analyse one by one.
  return Promise.all(
    batch.map(async (piece) => (await lancedb.tokenize(piece, analyser)).map(({ text }) => text)),
  );
}
