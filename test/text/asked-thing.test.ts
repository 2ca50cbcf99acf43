/** What a question asks about, by its form. */
import { expect, test } from "vitest";
import { findChosen, findCounted, listAsked } from "../../src/text/asked-thing.ts";

test("what is counted is the word behind how many or how much", () => {
  expect(findCounted("How many rooms does it have?")).toBe("rooms");
  expect(findCounted("How much sugar is in it?")).toBe("sugar");
  expect(findCounted("And how many POWs were freed?")).toBeUndefined();
  expect(findCounted("How much is it?")).toBeUndefined();
  expect(findCounted("How much more does it weigh?")).toBeUndefined();
});

test.each([
  ["What is the setup fee of the Pine plan?", ["setup fee"]],
  ["What's the density?", ["density"]],
  ["What is the purpose of the valve?", []],
  ["How much is the parental allowance?", ["allowance"]],
  ["What does a night ticket cost?", ["ticket"]],
  ["How long is the warranty for mattresses?", ["mattresses"]],
  ["How many days of leave do interns have?", ["days", "interns"]],
  ["How many days do they have?", ["days"]],
  ["What kind of poison was it?", ["poison"]],
  ["In which types of poison is it found?", ["poison"]],
  ["What kind of NATO ship was it?", []],
  ["Who leads the workshop?", []],
  ["Wie teuer ist die Karte?", []],
])("%s asks about %j", (question, things) => {
  expect(listAsked(question)).toEqual(things);
});

test("what is chosen stands behind which", () => {
  expect(findChosen("What cooling power does it have?")).toBe("cooling power");
  expect(findChosen("What does it have?")).toBeUndefined();
});
