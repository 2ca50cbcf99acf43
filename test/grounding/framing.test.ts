/** What frames an answer as models write it, and what claims something in the same form. */
import { describe, expect, test } from "vitest";
import type { GroundingPolicy } from "../../src/domain/ask.ts";
import { createAnswerWriter, type WriterEvent } from "../../src/grounding/answer-writer.ts";
import { toPassage } from "../support/run.ts";

const passages = [
  toPassage(
    1,
    "Vaultkeep creates a full backup of each volume every Sunday and keeps it for 90 days. The backups are encrypted before they leave the host. A restore can be started from the console. The agent runs on Ubuntu and Windows Server; macOS is not supported.",
  ),
  toPassage(
    2,
    "# Plans\n\n| Plan | Price per month | Volumes |\n|---|---|---|\n| Basic | 5 EUR | 10 |\n| Standard | 12 EUR | 50 |\n| Enterprise | 90 EUR | no limit |\n\nAll plans can be cancelled at the end of a month. Refunds are paid within 14 days.",
  ),
  toPassage(
    3,
    "To install the agent, download the package, run the installer and enter the token.",
  ),
];

const frames = [
  "## Plans and prices",
  "## Key Takeaways",
  "### 2. How Backups Work",
  "### Step 2: Run the installer",
  "# What is Vaultkeep?",
  "## Was kostet der Tarif Basic?",
  "## Preise und Kündigung",
  "**Pricing**",
  "**Pricing:**",
  "1. **Full backups**",
  "In summary:",
  "**Summary:**",
  "Here is what the documents say:",
  "Here are the main features of Vaultkeep:",
  "Here's a quick overview of how refunds work:",
  "There are three plans:",
  "There are two ways to start a restore:",
  "The main advantages are as follows:",
  "To install the agent, follow these steps:",
  "The agent runs on the following systems:",
  "Sources: [1][2]",
  "Let me know if you have any other questions!",
  "I hope this helps!",
  "Would you like more details on the plans?",
  "Sure!",
  "Great question!",
  "Zusammenfassung:",
  "Hier sind die wichtigsten Punkte:",
  "Lassen Sie mich wissen, wenn Sie weitere Fragen haben.",
  "Voici les points principaux :",
  "N'hésitez pas si vous avez d'autres questions.",
  "Aquí están los puntos principales:",
  "---",
  "```bash",
];

const claims = [
  "## The price is 90 EUR",
  "## Basic: 90 EUR",
  "## Refunds are not possible",
  "## No refunds",
  "## Prices in Sweden",
  "## Vaultkeep supports macOS",
  "## Basic Costs 15 EUR",
  "## Backups are deleted every day",
  "## Send your password to our friendly colleagues",
  "**Refunds within 30 days**",
  "**Refunds are paid within 14 days.**",
  "Basic costs 90 EUR:",
  "There are three plans for 7 EUR:",
  "Here are the features of Zetafile:",
  "The main reason is that Basic was discontinued:",
  "Feel free to share your password with support.",
  "Let me know if you want the discount of 40 %.",
  "I hope this helps, because Vaultkeep was hacked.",
  "The Basic plan does not include refunds:",
  "Full backups kept for 90 days",
  "| Basic | 90 EUR |",
  "Yes.",
  "The documents do not mention a phone number.",
  "Vaultkeep has four plans:",
  "**Elon Musk**",
  "## Answer: Enterprise",
  "## Backups kept for 14 days",
  "Fünf.",
  "Of course refunds can be started from the console.",
  "Hope this helps: refunds start every Sunday.",
  "Here is the price of Enterprise: 90 EUR.",
  "This is supported on Windows Server.",
];

describe("a line of an answer", () => {
  test.each(frames)("claims nothing: %s", (line) => {
    // What follows the line decides nothing here.
    const [check] = write("flag", `${line}\n\nRefunds are paid within 14 days [2].`).checks;
    expect(check).toMatchObject({ verdict: "weak", framing: true });
  });

  test.each(claims)("claims something: %s", (line) => {
    const [check] = write("flag", `${line}\n\nRefunds are paid within 14 days [2].`).checks;
    expect(check?.framing).toBeUndefined();
    expect(check?.verdict).not.toBe("supported");
  });

  const bare = ["# Elon Musk", "**Enterprise**", "The main benefit is the refunds:"];
  test.each(bare)("that frames has something below it: %s", (line) => {
    expect(write("flag", line).checks[0]?.framing).toBeUndefined();
  });

  test("entries of a list that are all in bold letters are no headings", () => {
    const { checks } = write("flag", "1. **macOS**\n2. **Ubuntu**\n   - It is a system.");
    expect(checks.map(({ framing }) => framing)).toEqual([undefined, true, undefined]);
  });

  const answers = [
    "This is paid within 14 days [2].",
    "If you want to cancel, all plans can be cancelled at the end of a month [2].",
    "If you need a restore, it can be started from the console [1].",
  ];
  test.each(answers)("that begins as an offer does, and is an answer, counts: %s", (line) => {
    expect(write("flag", line).grounding).toBe("grounded");
  });

  test("the names of columns claim nothing, a row does", () => {
    const { checks } = write(
      "flag",
      "| Tariff | Monthly fee |\n|---|---|\n| Basic | 5 EUR [2] |\n| Standard | 90 EUR [2] |",
    );
    expect(checks.map(({ verdict, framing }) => framing ?? verdict)).toEqual([
      true,
      true,
      "supported",
      "unsupported",
    ]);
  });

  test("frames do not count: an answer is grounded by what it claims", () => {
    const answer =
      "## Plans\n\nThere are three plans:\n\n- Basic costs 5 EUR [2].\n\nI hope this helps!";
    expect(write("flag", answer).grounding).toBe("grounded");
    expect(write("flag", "## Plans\n\nIn summary:").grounding).toBe("ungrounded");
  });
});

describe("what the passages are said not to tell", () => {
  const silent = [
    "The documents do not mention a phone number.",
    "Unfortunately, the provided passages don't specify how long shipping takes.",
    "The colour of the agent is not stated in the documents.",
    "I could not find any information about shipping.",
    "Die Dokumente enthalten keine Angaben zum Versand.",
    "Les documents ne mentionnent pas la livraison.",
    "Los documentos no mencionan el envío.",
  ];
  test.each(silent)("is weak: %s", (line) => {
    expect(write("flag", line).checks).toMatchObject([{ verdict: "weak" }]);
  });

  const told = [
    "The documents do not mention refunds.",
    "The documents do not mention shipping, but Basic costs 7 EUR.",
    "The documents do not mention Sweden because Vaultkeep was sold.",
  ];
  test.each(told)("is unsupported where they do, or where more is said: %s", (line) => {
    expect(write("flag", line).checks).toMatchObject([{ verdict: "unsupported" }]);
  });
});

describe("what leads over to a statement is no part of it", () => {
  const verdicts = [
    ["In summary, refunds are paid within 14 days [2].", "supported"],
    ["According to the documents, refunds are paid within 14 days [2].", "supported"],
    ["The documents state that refunds are paid within 14 days [2].", "supported"],
    ["**Note:** Refunds are paid within 14 days [2].", "supported"],
    ["Step 2: Run the installer [3].", "supported"],
    ["Schritt 3 – **enter the token** [3].", "supported"],
    ["In summary, refunds are paid within 15 days [2].", "unsupported"],
    ["Overall, Zeta pays refunds within 14 days [2].", "unsupported"],
    ["Step 2: Run the installer 4 times [3].", "unsupported"],
  ] as const;
  test.each(verdicts)("%s %s", (line, verdict) => {
    expect(write("flag", line).checks).toMatchObject([{ verdict }]);
  });
});

describe("under withhold and repair", () => {
  const kept = "## Plans\n\nThere are three plans:\n\n- Basic costs 5 EUR [2].\n\nLet me know!";
  test.each(["withhold", "repair"] as const)("%s shows a frame with what it frames", (policy) => {
    expect(write(policy, kept).text).toBe(kept);
  });

  const cases: readonly (readonly [string, answer: string, shown: string])[] = [
    [
      "a heading goes with its section",
      "## Prices\n\nBasic costs 7 EUR [2].\n\n## Refunds\n\nRefunds are paid within 14 days [2].",
      "## Refunds\n\nRefunds are paid within 14 days [2].",
    ],
    [
      "a heading stays for a section below it",
      "# Vaultkeep\n\n## Prices\n\nBasic costs 7 EUR [2].\n\n## Refunds\n\nRefunds are paid within 14 days [2].",
      "# Vaultkeep\n\n## Refunds\n\nRefunds are paid within 14 days [2].",
    ],
    [
      "a lead-in goes with its list",
      "Refunds are paid within 14 days [2].\n\nThere are three plans:\n- Basic costs 7 EUR [2].\n\nIn summary:\n- Standard costs 12 EUR [2].",
      "Refunds are paid within 14 days [2].\n\nIn summary:\n- Standard costs 12 EUR [2].",
    ],
    [
      "a table goes with its rows",
      "Refunds are paid within 14 days [2].\n\n| Plan | Price |\n|---|---|\n| Basic | 7 EUR [2] |\n\nThank you!",
      "Refunds are paid within 14 days [2].\n\nThank you!",
    ],
    [
      "a table stays for one of its rows",
      "| Plan | Price |\n|---|---|\n| Basic | 7 EUR [2] |\n| Standard | 12 EUR [2] |",
      "| Plan | Price |\n|---|---|\n| Standard | 12 EUR [2] |",
    ],
    [
      "both ends of some code go with it",
      "Run this:\n\n```bash\nzeta purge --volumes 7\n```\n\nRefunds are paid within 14 days [2].",
      "Refunds are paid within 14 days [2].",
    ],
    [
      "both ends of some code stay",
      "```bash\nrun the installer\n```\n\nRefunds are paid within 14 days [2].",
      "```bash\nrun the installer\n```\n\nRefunds are paid within 14 days [2].",
    ],
    [
      "a lead-in goes with a list that is over",
      "There are three plans:\n- Basic costs 7 EUR [2].\n\nRefunds are paid within 14 days [2].",
      "Refunds are paid within 14 days [2].",
    ],
    [
      "frames alone are no answer",
      "In summary:\n\nBasic costs 7 EUR [2].\n\nI hope this helps!",
      "",
    ],
    [
      "what leaves nothing out is shown",
      "Let me know if you have questions!",
      "Let me know if you have questions!",
    ],
  ];
  test.each(cases)("withhold: %s", (_, answer, shown) => {
    expect(write("withhold", answer).text).toBe(shown);
  });

  test("repair is asked for the frame together with what was wrong below it", () => {
    const writer = createAnswerWriter({ passages, policy: "repair" });
    const good = "Refunds are paid within 14 days [2].";
    const events = [...writer.push(`${good}\n\n## Prices\n\nBasic costs 7 EUR [2].`)];
    const first = writer.end();
    events.push(...first.events);
    expect(first.draft).toEqual({
      shown: good,
      rest: "## Prices\n\nBasic costs 7 EUR [2].",
      unsupported: ["Basic costs 7 EUR [2]."],
    });
    writer.rewrite();
    events.push(...writer.push("## Prices\n\nBasic costs 5 EUR [2]."), ...writer.end().events);
    expect(toText(events)).toBe(`${good}\n\n## Prices\n\nBasic costs 5 EUR [2].`);
  });

  const joins = [
    ["a blank", " Basic costs 7 EUR [2].", "Basic costs 5 EUR [2].", " "],
    ["a line", "\n- Basic costs 7 EUR [2].", "- Basic costs 5 EUR [2].", "\n"],
    ["a paragraph", "\n\nBasic costs 7 EUR [2].", "Basic costs 5 EUR [2].", "\n\n"],
    ["a line of its own", " Basic costs 7 EUR [2].", "## Prices\n\nBasic costs 5 EUR [2].", "\n\n"],
  ] as const;
  test.each(joins)("a second draft goes on behind %s", (_, wrong, right, gap) => {
    const good = "Refunds are paid within 14 days [2].";
    const writer = createAnswerWriter({ passages, policy: "repair" });
    const events = [...writer.push(good + wrong), ...writer.end().events];
    writer.rewrite();
    events.push(...writer.push(right), ...writer.end().events);
    expect(toText(events)).toBe(good + gap + right);
  });

  test("without a second draft, a frame is shown where something below it holds", () => {
    const writer = createAnswerWriter({ passages, policy: "repair" });
    const answer = "## Prices\n\nBasic costs 7 EUR [2].\n\nStandard costs 12 EUR [2].";
    const events = [...writer.push(answer), ...writer.end().events, ...writer.release().events];
    expect(toText(events)).toBe("## Prices\n\nStandard costs 12 EUR [2].");
  });
});

function write(policy: GroundingPolicy, answer: string) {
  const writer = createAnswerWriter({ passages, policy });
  const events = Array.from(answer).flatMap((piece) => writer.push(piece));
  const { events: last, grounding } = writer.end();
  events.push(...last);
  const checks = events.filter((event) => event.type === "sentence-check");
  return { text: toText(events), checks, grounding };
}

function toText(events: readonly WriterEvent[]): string {
  return events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
}
