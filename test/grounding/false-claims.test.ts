/** What a model gets wrong in one place, in sentences of all lengths and several languages; and the same said rightly in other words. */
import { describe, expect, test } from "vitest";
import { checkSentence } from "../../src/grounding/check/check-sentence.ts";
import { readEvidence } from "../../src/grounding/check/evidence.ts";

const handbook =
  "Aisha Rahman approves all invoices above 5,000 €. Jonas Brandt approves hardware orders. The budget of Falcon is 180,000 €. The budget of Heron is 95,000 €. Alcohol is never reimbursed. You can return any item within 30 days of delivery. Employees get 28 days of vacation. The cache is enabled for reads.";
const lease =
  "Das Grillen auf dem Balkon ist verboten. Haustiere sind nicht erlaubt. Der Mieter darf die Wohnung nicht untervermieten. Die Kaution beträgt 2.400 €.";
const delivery =
  "Les frais de livraison ne sont pas remboursés. Les colis sont livrés avant 18 heures.";
const trial = "試用期間中は有給休暇を取得できません。返品は受け付けていません。";
const order = "배송 중인 주문은 취소할 수 없습니다.";
const smoking = "لا يسمح بالتدخين في المكاتب.";
const receipt = "Возврат товара без чека не принимается.";

const wrong: readonly (readonly [evidence: string, claim: string])[] = [
  [handbook, "Kevin approves all invoices above 5,000 €."],
  [handbook, "Jonas Brandt approves all invoices above 5,000 €."],
  [handbook, "Aisha Rahman approves all invoices below 5,000 €."],
  [handbook, "Aisha Rahman approves hardware orders."],
  [handbook, "The budget of Heron is 180,000 €."],
  [handbook, "Alcohol is always reimbursed."],
  [handbook, "Alcohol is reimbursed."],
  [handbook, "You can return any item after 30 days of delivery."],
  [handbook, "Return any item after 30 days."],
  [handbook, "The cache is disabled for reads."],
  [lease, "Das Grillen auf dem Balkon ist erlaubt."],
  [lease, "Haustiere sind erlaubt."],
  [lease, "Der Mieter darf die Wohnung untervermieten."],
  [delivery, "Les frais de livraison sont remboursés."],
  [delivery, "Les colis sont livrés après 18 heures."],
  [trial, "試用期間中は有給休暇を取得できます。"],
  [trial, "返品は受け付けています。"],
  [order, "배송 중인 주문은 취소할 수 있습니다."],
  [smoking, "يسمح بالتدخين في المكاتب."],
  [receipt, "Возврат товара без чека принимается."],
];

const right: readonly (readonly [evidence: string, claim: string])[] = [
  [handbook, "Aisha Rahman approves invoices above 5,000 €."],
  [handbook, "All invoices above 5,000 € are approved by Aisha Rahman."],
  [handbook, "Invoices of more than 5,000 € are approved by Aisha Rahman."],
  [handbook, "Heron has a budget of 95,000 €."],
  [handbook, "The budgets of Falcon and Heron are 180,000 € and 95,000 €."],
  [handbook, "However, alcohol is never reimbursed."],
  [handbook, "No, alcohol is not reimbursed."],
  [handbook, "Items can be returned within 30 days."],
  [handbook, "You can return items up to 30 days after delivery."],
  [handbook, "Employees have 28 vacation days."],
  [handbook, "The cache is not disabled for reads."],
  [lease, "Grillen auf dem Balkon ist nicht erlaubt."],
  [lease, "Auf dem Balkon darf nicht gegrillt werden."],
  [lease, "Die Kaution beträgt 2.400 €."],
  [delivery, "Les frais de livraison ne sont jamais remboursés."],
  [trial, "試用期間中は有給休暇を取得できません。"],
  [order, "배송 중인 주문은 취소할 수 없습니다."],
  ["Falcon is a proxy. It uses Redis for caching.", "Falcon uses Redis for caching."],
  ["Retries use jitter. Retries without jitter overload a server.", "Retries use jitter."],
  ["Alcohol is never reimbursed, and receipts must not lack a date.", "Alcohol is not reimbursed."],
];

const check = (evidence: string, claim: string) =>
  checkSentence(claim, [readEvidence(evidence, "A page")]);

describe("a sentence that is wrong in one place is not supported", () => {
  test.each(wrong)("%#: %s", (evidence, claim) => {
    expect(check(evidence, claim)).toBe("unsupported");
  });

  test("where it may be another word for the same it is weak", () => {
    expect(check(handbook, "Managers get 28 days of vacation.")).toBe("weak");
  });
});

test.each(right)("a sentence that is right is supported: %#", (evidence, claim) => {
  expect([claim, check(evidence, claim)]).toEqual([claim, "supported"]);
});
