/** Whether documents answer, in languages whose words the bundled embedder does not know. */
import { expect, test } from "vitest";
import { ANSWERABLE_SURE, extract } from "../../src/grounding/extract/extractive.ts";
import { createStaticEmbedder } from "../../src/models/static/static-embedder.ts";
import { loadStaticTable } from "../../src/node/load/load-static-table.ts";
import { toPassage } from "../support/run.ts";

const { signal } = new AbortController();
const embedder = createStaticEmbedder(await loadStaticTable());

const texts = {
  japanese:
    "試用期間は90日です。有給休暇は年間20日です。会議室の予約は総務部に連絡してください。返品は購入から30日以内に受け付けます。",
  korean:
    "수습 기간은 90일입니다. 연차 휴가는 일 년에 20일입니다. 회의실 예약은 총무부에 문의하세요. 오토바이는 지하 주차장에 세울 수 있습니다.",
  chinese:
    "试用期为90天。年假为每年20天。预订会议室请联系行政部。运费由买家承担。游泳池每周三闭馆。",
  arabic:
    "فترة الاختبار تسعون يوما. الإجازة السنوية عشرون يوما. لحجز قاعة الاجتماعات اتصل بقسم الإدارة.",
  spanish:
    "El periodo de prueba dura 90 días. Las vacaciones anuales son de 20 días. La piscina cierra los miércoles. Los gastos de envío los paga el comprador.",
  german:
    "Die Probezeit dauert 90 Tage. Der Jahresurlaub beträgt 20 Tage. Das Schwimmbad ist mittwochs geschlossen. Die Versandkosten trägt der Käufer.",
};

const cases: readonly (readonly [keyof typeof texts, question: string, isAnswered: boolean])[] = [
  ["japanese", "試用期間は何日ですか？", true],
  ["japanese", "有給休暇は何日ありますか？", true],
  ["japanese", "社長は誰ですか？", false],
  ["japanese", "食堂のメニューは何ですか？", false],
  ["korean", "수습 기간은 며칠인가요?", true],
  ["korean", "오토바이 주차장 어디인가요?", true],
  ["korean", "도서관 관장은 누구인가요?", false],
  ["chinese", "试用期是多少天？", true],
  ["chinese", "运费谁承担？", true],
  ["chinese", "公司的总经理是谁？", false],
  ["arabic", "بمن أتصل لحجز قاعة الاجتماعات؟", true],
  ["arabic", "من هو المدير العام؟", false],
  ["arabic", "كم الراتب؟", false],
  ["spanish", "¿Cuánto dura el periodo de prueba?", true],
  ["spanish", "¿Cuántos invitados admite la piscina?", false],
  ["spanish", "¿Cuál es la profundidad de la piscina?", false],
  ["german", "Wie hoch ist das Gehalt in der Probezeit?", false],
  ["spanish", "¿Quién es el director de la empresa?", false],
  ["german", "Wie lange dauert die Probezeit?", true],
  ["german", "Wer ist der Geschäftsführer der Firma?", false],
];

test.each(cases)("%s: %s is sure: %s", async (language, question, isAnswered) => {
  const passages = [toPassage(1, texts[language], { title: "", score: 1 })];
  const { answerable } = await extract(question, passages, embedder, signal);
  expect([answerable.toFixed(2), answerable >= ANSWERABLE_SURE]).toEqual([
    answerable.toFixed(2),
    isAnswered,
  ]);
});
