/** Which faults the next request gets: by rule, by chance that the seed repeats, in order of arrival. */
import { type Fault, FAULTS, type FaultPlace, type Target } from "./fault.ts";
import { parseFaults } from "./parse-faults.ts";
import { createRandom, pick, type Random } from "./random.ts";
import type { Rule } from "./settings.ts";

export interface Plan {
  /** The faults of the first rule that applies; none when none does. */
  choose(place: Target | "connection"): readonly Fault[];
}

interface Counter {
  seen: number;
  given: number;
}

/** Creates a plan at its beginning. */
export function createPlan(rules: readonly Rule[], seed: number): Plan {
  const random = createRandom(seed);
  const counters = new Map(rules.map((rule): [Rule, Counter] => [rule, { seen: 0, given: 0 }]));
  return {
    choose(place) {
      for (const [rule, counter] of counters) {
        if (!isOn(rule, place)) continue;
        counter.seen += 1;
        if (counter.seen <= rule.skip || counter.given >= (rule.times ?? Infinity)) continue;
        if (rule.rate < 1 && random() >= rule.rate) continue;
        counter.given += 1;
        return draw(rule, place, random);
      }
      return [];
    },
  };
}

function isOn({ on }: Rule, place: FaultPlace): boolean {
  return on === place || (on === "any" && place !== "connection");
}

/** A rule on any request leaves out what cannot happen on this one. */
function draw(rule: Rule, place: FaultPlace, random: Random): readonly Fault[] {
  const choices = (rule.oneOf ?? [rule.fault ?? ""])
    .map((text) => parseFaults(text).filter(({ name }) => isPlace(name, place)))
    .filter((faults) => faults.length > 0);
  const [first, ...rest] = choices;
  return first === undefined ? [] : pick([first, ...rest], random);
}

function isPlace(name: Fault["name"], place: FaultPlace): boolean {
  const places: readonly FaultPlace[] = FAULTS[name].on;
  return places.includes(place);
}
