/** Logistic regression by plain gradient descent, and how well a score tells two kinds apart. */

export interface Row {
  readonly features: readonly number[];
  readonly isAnswer: boolean;
  /** So that a set with many questions does not outvote the others. */
  readonly weight: number;
}

const STEPS = 3_000;
const RATE = 0.5;

export interface Fitted {
  readonly weights: readonly number[];
  readonly bias: number;
}

/** Answers and others weigh the same. `decay` keeps weights small: more of it where sets differ from those to come. */
export function fit(all: readonly Row[], decay: number): Fitted {
  const answers = all.reduce((sum, row) => sum + (row.isAnswer ? row.weight : 0), 0);
  const others = all.reduce((sum, row) => sum + (row.isAnswer ? 0 : row.weight), 0);
  const zeros = (): number[] => (all[0]?.features ?? []).map(() => 0);
  const weights = zeros();
  let bias = 0;
  for (let step = 0; step < STEPS; step += 1) {
    const gradient = zeros();
    let biasGradient = 0;
    for (const { features, isAnswer, weight } of all) {
      let sum = bias;
      for (let index = 0; index < features.length; index += 1) {
        sum += (weights[index] ?? 0) * (features[index] ?? 0);
      }
      const share = isAnswer ? weight / answers : weight / others;
      const error = (1 / (1 + Math.exp(-sum)) - (isAnswer ? 1 : 0)) * share;
      biasGradient += error;
      for (let index = 0; index < features.length; index += 1) {
        gradient[index] = (gradient[index] ?? 0) + error * (features[index] ?? 0);
      }
    }
    bias -= RATE * biasGradient;
    for (let index = 0; index < weights.length; index += 1) {
      weights[index] = (weights[index] ?? 0) * (1 - RATE * decay) - RATE * (gradient[index] ?? 0);
    }
  }
  return { weights, bias };
}

/** Area under the ROC curve: how often one that answers scores above one that does not. */
export function toAuroc(answers: readonly number[], others: readonly number[]): number {
  let above = 0;
  for (const a of answers) for (const b of others) above += a > b ? 1 : a === b ? 0.5 : 0;
  return above / (answers.length * others.length);
}
