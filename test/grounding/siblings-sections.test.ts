/** Sentences under the heading that is asked for, beside those under another one. */
import { expect, test } from "vitest";
import { toPassage } from "../support/run.ts";
import { chooseFrom } from "../support/choose-from.ts";

const notes = toPassage(
  1,
  "## Version 3.2.0 (14 May 2025)\n\n- Labels are printed in batches.\n- Imports are fast.\n\n## Version 3.1.0 (2 February 2025)\n\n- Dark mode was added.\n- Old browsers were removed.",
  { title: "Release notes" },
);
const clinic = toPassage(
  1,
  "## Ground floor\n\n- Radiology, room 012\n- Emergency, room 004\n\n## First floor\n\n- Cardiology, room 118\n- Neurology, room 124",
  { title: "Clinic" },
);

test.each([
  ["What is new in version 3.1.0?", notes, "- Dark mode was added.\n- Old browsers were removed."],
  ["What is new in version 3.2.0?", notes, "- Labels are printed in batches.\n- Imports are fast."],
  [
    "What was changed on 2 February 2025?",
    notes,
    "- Dark mode was added.\n- Old browsers were removed.",
  ],
  ["Which rooms are on the ground floor?", clinic, "- Radiology, room 012\n- Emergency, room 004"],
])("are quoted alone: %s", async (question, passage, list) => {
  expect(await chooseFrom(question, passage)).toEqual([list]);
});

const offices = toPassage(
  1,
  "## Berlin\n\nThe office opens at 8:00.\n\n## Lisbon\n\nThe office opens at 9:30.",
  { title: "Offices" },
);
const staff = toPassage(2, "name: Ines Duarte\noffice: Lisbon\nphone: 4410", { title: "Ines" });

test("a sentence under the heading that is asked for speaks of it, though it ends with a time", async () => {
  const question = "When does the Lisbon office open?";
  expect(await chooseFrom(question, staff, offices)).toEqual(["The office opens at 9:30."]);
});
