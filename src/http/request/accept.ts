/** Which of our two representations a client wants, after its Accept header (RFC 9110, section 12.5.1). */
import { AppError } from "../../errors.ts";

export type Representation = "application/json" | "text/event-stream";

interface Range {
  readonly type: string;
  readonly quality: number;
}

/**
 * The representation to send: JSON, unless an event stream is preferred. On equal quality the type
 * that is named beats the one that only a wildcard covers. Throws AppError not_acceptable.
 */
export function chooseRepresentation(
  accept: string | undefined,
  offered: readonly Representation[],
): Representation {
  const ranges = (accept ?? "").trim() === "" ? [{ type: "*/*", quality: 1 }] : toRanges(accept);
  const [best] = offered
    .map((type) => ({ type, ...rate(type, ranges) }))
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality || b.precision - a.precision);
  if (best !== undefined) return best.type;
  throw new AppError("not_acceptable", {
    detail: `this address answers with ${offered.join(" or ")}; name one of them in Accept`,
  });
}

function toRanges(accept: string | undefined): readonly Range[] {
  return (accept ?? "").split(",").map((part) => {
    const [type = "", ...parameters] = part.split(";").map((piece) => piece.trim().toLowerCase());
    const given = parameters.find((parameter) => parameter.startsWith("q="));
    const quality = given === undefined ? 1 : Number(given.slice(2));
    return { type, quality: Number.isFinite(quality) ? quality : 0 };
  });
}

/** The quality of the most precise range that covers the type: 2 the type itself, 1 `text/*`, 0 any. */
function rate(type: string, ranges: readonly Range[]): { quality: number; precision: number } {
  const names = ["*/*", `${type.split("/")[0]}/*`, type];
  for (const precision of [2, 1, 0]) {
    const range = ranges.find((candidate) => candidate.type === names[precision]);
    if (range !== undefined) return { quality: range.quality, precision };
  }
  return { quality: 0, precision: 0 };
}
