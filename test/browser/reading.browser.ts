/** The playground for whoever reads from the right, prints or copies an answer, has colours of their own, or holds a phone. */
import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunEvent } from "../../src/domain/event.ts";
import { makeEnd, makeService, passage, play, runStart, serveTest } from "../support/app.ts";
import { ask, findBarriers, openPage, startBrowser, waitForEnd } from "../support/browser.ts";

const PHONE = { width: 320, height: 640 };

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => browser?.close());

const HEBREW = ["המתנה אקראית מונעת התנגשות. [1]", "- פריט ראשון", "```", "wait(100);", "```"].join(
  "\n\n",
);

async function open(
  answer: string,
  question: string,
  { checks = [], ...options }: BrowserContextOptions & { checks?: readonly RunEvent[] } = {},
) {
  const passages = [passage, { ...passage, label: 2, title: "Limits" }];
  const events: readonly RunEvent[] = [
    runStart,
    { type: "retrieval-end", passages },
    { type: "text-delta", text: answer },
    ...checks,
    makeEnd({ timeline: [{ stage: "answer", startMs: 0, endMs: 9, critical: true }] }),
  ];
  const server = await serveTest(makeService({ answer: play(events) }));
  const opened = await openPage(browser, server.url, options);
  await ask(opened.page, question);
  await waitForEnd(opened.page);
  return {
    page: opened.page,
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

test("a language that is written from the right stands at the right, and code within it does not", async () => {
  await using opened = await open(HEBREW, "למה צריך jitter?");
  const directions = await opened.page.evaluate(() =>
    ["#question", "#asked", "#answer p", "#answer li", "#answer pre", "#status"].map(
      (selector) => getComputedStyle(document.querySelector(selector) as Element).direction,
    ),
  );
  expect(directions).toEqual(["rtl", "rtl", "rtl", "rtl", "ltr", "ltr"]);
});

test("what is printed is the question, the answer and its sources, whatever part was seen", async () => {
  const code = `\`\`\`\n${"a long line of code ".repeat(20)}\n\`\`\``;
  for (const viewport of [PHONE, { width: 1280, height: 860 }]) {
    await using opened = await open(`Timeouts are limits. [1]\n\n${code}`, "What are timeouts?", {
      viewport,
      colorScheme: "dark",
    });
    const { page } = opened;
    await page.locator("button.cite").first().click(); // the phone shows the sources now
    await page.emulateMedia({ media: "print" });
    const printed = (selector: string) => page.locator(selector).first().isVisible();
    for (const part of [
      "#asked",
      "#status",
      "#answer",
      "#sources summary",
      "#sources blockquote",
    ]) {
      expect([part, await printed(part)]).toEqual([part, true]);
    }
    for (const part of ["#form", ".tools", "#parts", "#inside-pane", ".back"]) {
      expect([part, await printed(part)]).toEqual([part, false]);
    }
    const found = await page.evaluate(() => {
      const pane = document.querySelector("#answer-pane") as Element;
      const { clientWidth, scrollWidth } = document.querySelector("#answer pre") as Element;
      const ink = getComputedStyle(document.body).color.match(/\d+/g)?.map(Number) ?? [];
      const isCut = pane.scrollHeight > pane.clientHeight || scrollWidth > clientWidth;
      return { isCut, isDark: Math.max(...ink) < 128 };
    });
    expect(found).toEqual({ isCut: false, isDark: true });
  }
});

test("a question stays whole when the phone is turned", async () => {
  const long = "What happens to a question that is longer than one line of a phone?";
  await using opened = await open("Timeouts are limits. [1]", long, {
    viewport: { width: 640, height: 320 },
  });
  const { page } = opened;
  await page.setViewportSize(PHONE);
  await expect
    .poll(() =>
      page.evaluate(() => {
        const { scrollHeight, clientHeight } = document.querySelector("#question") as Element;
        return scrollHeight - clientHeight;
      }),
    )
    .toBeLessThanOrEqual(0);
});

test("on a phone nothing opens the keyboard over an answer; at a desk the next question is typed at once", async () => {
  const focused = async (isMobile: boolean, past: boolean): Promise<string> => {
    await using opened = await open("Timeouts are limits. [1]", "What are timeouts?", {
      viewport: PHONE,
      isMobile,
      hasTouch: isMobile,
    });
    const { page } = opened;
    if (past) {
      await page.getByRole("button", { name: "History" }).click();
      await page.locator(".entry").first().click();
    }
    await page.locator("#history").waitFor({ state: "hidden" });
    return await page.evaluate(() => document.activeElement?.id ?? "");
  };
  expect([await focused(false, false), await focused(false, true)]).toEqual([
    "question",
    "question",
  ]);
  expect([await focused(true, false), await focused(true, true)]).not.toContain("question");
});

const DOUBTED = "Timeouts are limits. [1] Nobody knows why.";
const doubt: RunEvent = {
  type: "sentence-check",
  start: 25,
  end: 42,
  verdict: "unsupported",
  labels: [],
};

test("what is copied has its numbers in brackets, and the doubts", async () => {
  await using opened = await open(DOUBTED, "What are timeouts?", { checks: [doubt] });
  await opened.page.locator(".verdict").waitFor();
  const copied = await opened.page.evaluate(() => {
    getSelection()?.selectAllChildren(document.querySelector("#answer") as Element);
    return getSelection()?.toString();
  });
  expect(copied).toBe("Timeouts are limits. [1] Nobody knows why. (unsupported)");
});

test("the button copies the answer as it was written, with its doubts and the sources it cites", async () => {
  const citation: RunEvent = {
    type: "citation",
    label: 1,
    start: 0,
    end: 20,
    evidence: { documentId: "a.md", start: 0, end: 20 },
  };
  await using opened = await open(`**Note**: ${DOUBTED}`, "What are timeouts?", {
    checks: [citation, { ...doubt, start: 35, end: 52 }],
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const { page } = opened;
  await page.getByRole("button", { name: "Copy" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
    [
      "**Note**: Timeouts are limits. [1] Nobody knows why. (unsupported)",
      "Sources\n[1] A › Timeouts (guide: a.md)",
    ].join("\n\n"),
  );
});

test("on a low screen the answer has the room, and how the run went is one key away for good", async () => {
  const low = { viewport: { width: 1280, height: 720 } };
  await using opened = await open(DOUBTED, "What are timeouts?", low);
  const { page } = opened;
  const readHeight = async (): Promise<number> =>
    (await page.locator("#answer-pane").boundingBox())?.height ?? 0;
  const fold = page.getByRole("button", { name: "Timeline and ledger" });
  expect(await fold.getAttribute("aria-expanded")).toBe("false");
  expect(await page.locator("#timeline").isVisible()).toBe(false);
  const height = await readHeight();
  expect(height).toBeGreaterThan(low.viewport.height / 2);
  await fold.press("Enter");
  expect(await page.locator("#timeline").isVisible()).toBe(true);
  expect(await readHeight()).toBeLessThan(height - 100);
  await page.reload();
  await ask(page, "What are timeouts?");
  await page.locator("#timeline li").first().waitFor();
  expect(await page.locator("#timeline").isVisible()).toBe(true);
});

test.each(["light", "dark"] as const)(
  "where the reader chooses the colours (%s), what is chosen and what is marked is still seen",
  async (colorScheme) => {
    const options = { colorScheme, forcedColors: "active", bypassCSP: true } as const;
    await using opened = await open(DOUBTED, "What are timeouts?", { ...options, checks: [doubt] });
    const { page } = opened;
    const readPaper = (selector: string, pseudo?: string): Promise<string> =>
      page
        .locator(selector)
        .first()
        .evaluate((element, of) => getComputedStyle(element, of).backgroundColor, pseudo);
    const chosen = await readPaper(".chip");
    await page.locator("#chips .chip").first().click();
    expect(await readPaper(".chip")).not.toBe(chosen);
    const paper = await readPaper("body");
    expect(await readPaper(".badge", "::before")).not.toBe(paper);
    expect(await readPaper(".bar")).not.toBe(paper);
    const border = await page
      .locator("#send")
      .evaluate((button) => getComputedStyle(button).borderStyle);
    expect(border).toBe("solid");
    await page.locator("button.cite").first().click();
    expect(await findBarriers(page)).toEqual([]);
  },
);
