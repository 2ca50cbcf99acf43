/** The name of an endpoint's embedder in a collection's fingerprint, and what to set when the one of a collection is not at hand. */

const PROTOCOL = "openai:";

/** What stands before documents moves their vectors, so it is part of the name of their space; what stands before questions is not. */
export function toEmbedderName(model: string, documentPrefix?: string): string {
  return `${PROTOCOL}${model}${documentPrefix === undefined ? "" : `|${documentPrefix}`}`;
}

/** The model alone: neither the protocol nor what stands before documents. */
export function toModel(name: string): string {
  const bar = name.indexOf("|");
  return name.slice(name.startsWith(PROTOCOL) ? PROTOCOL.length : 0, bar === -1 ? undefined : bar);
}

/** What to set, as the end of a sentence, to have this embedder beside or instead of those at hand. */
export function toEmbedderAdvice(name: string, atHand: Iterable<string>): string {
  if (!name.startsWith(PROTOCOL)) return "name its model in EMBEDDING_MODEL";
  const model = toModel(name);
  const isModelThere = [...atHand].some(
    (other) => other.startsWith(PROTOCOL) && toModel(other) === model,
  );
  // Quoted, because the blank at its end belongs to it.
  const prefix = name.includes("|") ? JSON.stringify(name.slice(name.indexOf("|") + 1)) : undefined;
  if (isModelThere) {
    return prefix === undefined
      ? "unset EMBEDDING_DOCUMENT_PREFIX, without which it was built"
      : `set EMBEDDING_DOCUMENT_PREFIX to ${prefix}, with which it was built`;
  }
  const words = prefix === undefined ? "" : ` and EMBEDDING_DOCUMENT_PREFIX to ${prefix}`;
  return `set EMBEDDING_MODEL to ${JSON.stringify(model)}${words}`;
}
