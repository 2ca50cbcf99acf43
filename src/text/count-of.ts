/** For people: a number and what it counts, such as `1 document` and `1,200 documents`. */
export function countOf(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}
