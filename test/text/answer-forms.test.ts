/** What an answer must look like, whatever its words. */
import { expect, test } from "vitest";
import { lacksForm } from "../../src/text/answer-forms.ts";

test.each([
  ["What is the email address of the office?", "The office is in Oslo.", true],
  ["What is the email address of the office?", "Write to office@example.org.", false],
  ["How do I send an email?", "Press Send.", false],
  ["Wie lautet die Telefonnummer?", "Das Büro ist in Oslo, Tor 5.", true],
  ["Wie lautet die Telefonnummer?", "Das Büro hat +47 22 33 44 55.", false],
  ["What is the phone number of Sales?", "| Team | Phone |\n| Sales | 2301 |", false],
  ["What is the phone number of Sales?", "| Team | Room |\n| Sales | 2301 |", true],
  ["What is the website of the shop?", "The shop sells tea.", true],
  ["What is the website of the shop?", "See tea.example.com for more.", false],
  ["What colour is the door?", "The door is 2 m high.", true],
  ["What color is the door?", "The door is dark red.", false],
  ["How many rooms are there?", "The castle stands on an island.", true],
  ["How many rooms are there?", "There are several rooms.", false],
  ["How many rooms are there?", "It has twenty-two rooms.", false],
  ["Where are the rooms?", "They are upstairs.", false],
])("%s | %s: lacking is %s", (question, text, isLacking) => {
  expect(lacksForm(question, text)).toBe(isLacking);
});
