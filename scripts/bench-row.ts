/** A line of the bench's table: a figure beside its goal. */
export interface Row {
  readonly what: string;
  readonly figure: string;
  readonly goal: string;
  readonly met: boolean;
  /** The figure as a number, for whoever holds it against another goal. */
  readonly value?: number;
}

export interface Figure {
  readonly value: number;
  readonly goal: number;
  readonly unit: string;
  /** Stands behind the figure: the floor's, for example. */
  readonly note?: string;
}

/** A figure that must not be above its goal. */
export function atMost(what: string, figure: Figure): Row {
  return toRow(what, figure, "≤", figure.value <= figure.goal);
}

/** A figure that must not be below its goal. */
export function atLeast(what: string, figure: Figure): Row {
  return toRow(what, figure, "≥", figure.value >= figure.goal);
}

/** A figure without a goal. */
export function toReport(what: string, value: number, unit: string, note?: string): Row {
  const behind = note === undefined ? "" : ` (${note})`;
  return { what, figure: `${round(value)} ${unit}${behind}`, goal: "reported", met: true };
}

function toRow(what: string, { value, goal, unit, note }: Figure, sign: string, met: boolean): Row {
  const behind = note === undefined ? "" : ` (${note})`;
  return {
    what,
    figure: `${round(value)} ${unit}`.trim() + behind,
    goal: `${sign} ${round(goal)} ${unit}`.trim(),
    met,
    value,
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
