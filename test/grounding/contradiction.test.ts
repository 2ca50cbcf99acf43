/** Questions that look answerable by a sentence, and are about something else. */
import { describe, expect, test } from "vitest";
import { judgeAnswerability } from "../../src/grounding/extract/answerability.ts";
import { contradicts } from "../../src/grounding/extract/contradiction.ts";
import {
  ANSWERABLE_MIN,
  ANSWERABLE_SURE,
  scoreSentences,
  toInput,
} from "../../src/grounding/extract/extractive.ts";
import { createStaticEmbedder } from "../../src/models/static/static-embedder.ts";
import { loadStaticTable } from "../../src/node/load/load-static-table.ts";
import { toWords } from "../../src/text/words.ts";
import { wordEmbedder } from "../support/collections.ts";
import { toPassage } from "../support/run.ts";

function judge(question: string, text: string, rest = ""): boolean {
  const passage = toPassage(1, `${text} ${rest}`.trim());
  const [best, next] = [text, rest].map((one, position) => ({
    passage,
    position,
    text: one,
    start: 0,
    end: one.length,
    words: toWords(one),
    section: [],
  }));
  if (best === undefined) throw new Error("there is no sentence");
  return contradicts({ question, best, neighbours: next === undefined ? [] : [next] });
}

type Case = readonly [question: string, sentence: string, rest?: string];
const toNamed = ([question, sentence, rest = ""]: Case) => ({ question, sentence, rest });

describe("the sentence speaks of something else", () => {
  const cases: readonly Case[] = [
    ["Which collections can not be searched?", "Every open collection is searched at once."],
    ["What doesn't the ledger show?", "The ledger shows every leg of the search."],
    ["Who never reads the log?", "Operators read the log each morning."],
    ["What is the smallest size of a batch?", "The largest size of a batch is 512 rows."],
    ["How heavy is the anchor?", "The anchor is made of heavy iron, and hangs at the bow."],
    ["How much does the anchor cost?", "The anchor is 3 m long."],
    ["Wie laut ist der Motor?", "Der Motor ist 3 m lang."],
    ["Which side lost in the south?", "Their side lost in the north after a week."],
    [
      "What was released in 1987?",
      "Version two was released in 1978.",
      "It was rewritten in 1990.",
    ],
    ["What happens on Tuesday?", "Backups are made on Wednesday."],
    ["Is the pool open on Sunday?", "The pool is open from Monday to Saturday."],
    [
      "Wann hat die Werkstatt samstags geöffnet?",
      "Die Werkstatt hat montags bis freitags geöffnet.",
    ],
    ["¿Abre la biblioteca los domingos?", "La biblioteca abre de lunes a viernes y los sábados."],
    ["Which port uses 9,090?", "The metrics use port 9091."],
    ["Who approves invoices above 5000 €?", "Hall approves invoices above 6,000 €."],
    ["What was built in 1950?", "The dam was built in the 1940s."],
    ["2023年に何が完成しましたか？", "橋は2021年に完成しました。"],
    ["Who can see an incomplete upload?", "Only its owner can see a completed upload."],
    ["Which locks are harmless here?", "Locks do harm here."],
    ["Who led the Sixth Fleet of Norway?", "Hall led the Seventh Fleet of Norway."],
    ["Who owned the harbour at San Juan?", "Hall owned the harbour at San Jose."],
    ["Acts of the Spanish Parliament begin how?", "Acts of the Scottish Parliament begin so."],
    ["¿Quién dirige el puerto de Cádiz?", "El capitán Hall dirige el puerto de Vigo."],
    ["Who said water displaced by ships moves?", "Hall said that foam displaced by ships moves."],
    ["When was the non-Baltic league founded?", "It began in 1928.", "The Baltic league is old."],
    ["What is the least known port?", "A known port is 443."],
    ["How are packets sent if there is no shared medium?", "A shared medium is taken in turns."],
    ["What did the mayor fail to open?", "The mayor opened the new harbour."],
    ["Who was the first mayor outside of Cádiz?", "Hall was the first mayor of Cádiz."],
    ["Who sold the TRANSPAC clones?", "Hall sold the DATAPAC clones."],
    ["What ended the Seven Day War?", "These events ended the Six Day War."],
    ["Who leads the Canadian government now?", "Hall leads the U.S. government now."],
    ["What was built with quantum particles?", "The clock was built with quantum mechanics."],
    ["Who is the current leader of the guild?", "Hall is the former leader of the guild."],
    ["Which unfocused plan was made?", "They made it their focus."],
    ["How many members has the club?", "A member pays 8 € a visit, for 2 hours."],
    ["What is the pay after the trial?", "During the trial the pay is 20 €."],
    [
      "How many desks does the Porto office have?",
      "The Lyon office has 40 desks.",
      "The Porto office is the newest.",
    ],
  ];
  test.each(cases.map(toNamed))("$question | $sentence", ({ question, sentence, rest }) => {
    expect(judge(question, sentence, rest)).toBe(true);
  });
});

describe("the sentence may answer", () => {
  const cases: readonly Case[] = [
    ["Which collections can not be searched?", "Closed collections cannot be searched."],
    ["Is the pool open on Monday?", "On Mondays the pool is closed."],
    ["Is the pool open on Wednesday?", "The pool is open from Monday to Saturday."],
    ["La piscine est-elle ouverte le jeudi ?", "La piscine est ouverte du mardi au dimanche."],
    ["Why did the upload not finish?", "The upload failed because the disk was full."],
    ["What is the largest batch?", "The largest batch has 512 rows, the smallest one."],
    ["What was released in 1978?", "Version two came late.", "It was released in 1978."],
    ["What was built in the 1950s?", "The dam was built in 1954."],
    ["What was built in the 1950's?", "The dam was built in 1954."],
    ["Who approves invoices above 5000 €?", "Hall approves invoices above 5,000 €."],
    ["Who may send 1000 requests?", "An admin may send 1,000 requests."],
    ["What is due on 1 April 2023?", "The report is due on 01.04.2023."],
    ["How many of the 3 writers wait?", "Two writers wait for the lock."],
    ["Which port takes 8,787 calls?", "Port 80 takes 8787 calls."],
    ["May I retry a write?", "A write may be tried again."],
    ["When may it rain?", "Rain is likely in March."],
    ["Qual é o maior rio no Brasil?", "O Amazonas é o maior rio do Brasil."],
    ["Which share of complete and incomplete uploads is kept?", "Complete uploads are kept."],
    ["Where does the owner get her income?", "The owner's means come from rent."],
    ["Who led the Fleet of Norwey?", "Hall led the Fleet of Norway."],
    ["Who sits in the SP as a member?", "Hall sits in the Scottish Parliament as a member."],
    ["Who led the Sixth Fleet of Norway?", "Hall led the Fleet of Norway.", "It was the sixth."],
    ["What type of clerk serves the officer?", "A vote clerk serves the officer."],
    ["Who led the fleet of Norway in the Baltic war?", "Hall led a school in the Northern war."],
    ["谁领导了第六舰队？", "霍尔领导了第七舰队。"],
    ["서울 항구를 어제 열었습니까?", "서울 시장을 어제 열었습니다."],
    ["When was the non-Baltic league founded?", "The non-Baltic league began in 1928."],
    ["What takes at least 512 rows?", "A batch takes 512 rows."],
    ["How many members has the club?", "Of the members, 30 pay 8 € a visit."],
    ["How many days is the club closed?", "The club is closed for 12 days."],
    ["What is the pay after the trial?", "The pay rises after the trial, during which it is 20 €."],
    ["How far ahead can seats be booked?", "Seats can be booked seven days ahead."],
    ["What does the red lamp cost?", "Name: red lamp\nPrice: 9 €"],
    ["What is not only fast but cheap?", "The cache is fast and cheap."],
    ["When did Hall take the fleet?", "Hall took the fleet in 1830."],
    ["Who, other than Hall, led it?", "All but one led it, with the exception of Hall."],
    ["What was not built near the harbour?", "The mill was built elsewhere, not near the harbour."],
  ];
  test.each(cases.map(toNamed))("$question | $sentence", ({ question, sentence, rest }) => {
    expect(judge(question, sentence, rest)).toBe(false);
  });
});

test.each([
  ["How many rooms does the castle have?", "The castle has 240 windows on three floors.", false],
  ["How many windows does the castle have?", "The castle has 240 windows on three floors.", true],
  ["How much gold does the castle hold?", "The castle holds 240 windows on three floors.", false],
  ["What is the ceiling of the castle?", "The castle is a large house of stone.", false],
  ["Does the castle have a library?", "The castle has 240 windows on three floors.", false],
  [
    "Can you describe the windows of the castle?",
    "The castle has 240 windows on three floors.",
    true,
  ],
  ["Does the castle have windows?", "The castle has 240 windows on three floors.", true],
  ["What kind of gold lines the king's castle?", "Lines of windows fill the king's castle.", false],
  ["What kind of windows does the castle have?", "The castle has windows of stained glass.", true],
  ["Can I bring a dog to the castle?", "Dogs are welcome in the castle.", true],
  ["How long is the warranty for castles?", "The warranty for frames is ten years.", false],
  ["What colour is the castle?", "The castle is a large house of stone.", false],
  ["What colour is the castle?", "The castle is a large house of red stone.", true],
])("%s | %s: sure is %s", async (question, text, isSure) => {
  const { signal } = new AbortController();
  const embedder = createStaticEmbedder(await loadStaticTable());
  const scored = await scoreSentences(question, [toPassage(1, text)], embedder, signal);
  const [best] = scored;
  if (best === undefined) throw new Error("there is no sentence");
  const answerable = await judgeAnswerability(toInput(question, best, scored), embedder, signal);
  expect(answerable >= ANSWERABLE_SURE).toBe(isSure);
});

test("a contradicted answer is never sure, and never refused for that alone", async () => {
  const { signal } = new AbortController();
  const passages = [toPassage(1, "The largest size of a batch is 512 rows.")];
  const judgeOne = async (question: string): Promise<number> => {
    const scored = await scoreSentences(question, passages, wordEmbedder, signal);
    const [best] = scored;
    if (best === undefined) throw new Error("there is no sentence");
    return judgeAnswerability(toInput(question, best, scored), wordEmbedder, signal);
  };
  expect(await judgeOne("What is the largest size of a batch?")).toBeGreaterThan(ANSWERABLE_SURE);
  const contradicted = await judgeOne("What is the smallest size of a batch?");
  expect(contradicted).toBeLessThan(ANSWERABLE_SURE);
  expect(contradicted).toBeGreaterThan(ANSWERABLE_MIN);
});
