/** Lines of Markdown that are more than words, told by how they begin. */

/** A heading. */
export const HEADING = /^#{1,6}\s/u;
/** An entry of a list, or a row of a table. */
export const ENTRY = /^(?:[-*+•‣◦]\s|\(?\d{1,3}[.)]\s|\|)/u;
/** The beginning or end of code. */
export const FENCE = /^(?:`{3}|~{3})/u;
