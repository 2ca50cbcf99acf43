/** What a question in German, French or Spanish asks about, by its form. */
import { expect, test } from "vitest";
import { listAskedNouns } from "../../src/text/asked-noun.ts";

test.each([
  ["Wie hoch ist die Kaution für die Wohnung?", ["Kaution", "Wohnung"]],
  ["Wie viele Boote hat der Klub?", ["Boote"]],
  ["Wie heißt der Meister?", ["Meister"]],
  ["Was kostet eine Inspektion?", ["Inspektion"]],
  ["Was ist der Unterschied zwischen beiden?", []],
  ["Quel est le menu de la cantine ?", ["menu"]],
  ["Combien d'élèves y a-t-il ?", ["d'élèves"]],
  ["Combien coûte l'entrée pour les étudiants ?", ["l'entrée", "étudiants"]],
  ["Quel est le nom du directeur ?", []],
  ["Combien de temps les garde-t-on ?", []],
  ["¿Cuál es el voltaje de la cafetera?", ["voltaje"]],
  ["¿Cuántos ordenadores hay?", ["ordenadores"]],
  ["¿Cuál es la principal causa?", []],
  ["¿De quién son los objetivos?", []],
  ["¿Dónde está ubicada la sala?", []],
  ["What is the voltage?", []],
])("%s asks about %j", (question, things) => {
  expect(listAskedNouns(question)).toEqual(things);
});
