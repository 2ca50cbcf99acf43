/** Words of German, French, Spanish and Italian that say nothing of what a text is about, and are no word of meaning in English. */
const SMALL = new Set(
  `der das dem den des ein eine einen einem einer eines und oder aber auch ist sind wird werden wurde wurden hat haben sein
kann können darf dürfen muss müssen soll sollen sollte sich sie er es ihr ihre ihren ihrem ihrer wir ich nicht kein keine
keinen mit von vom zu zum zur bei beim auf für aus nach über unter vor durch um im am als wie wenn dass weil nur noch
schon sehr so diese dieser dieses diesem diesen man pro bis gegen ohne zwischen seit jede jeder jedes jeden jedem
le la les un une du et ou mais est sont été sera a ont avait fut furent être avoir peut peuvent doit doivent ne pas ce
cette ces cet il elle ils elles on se sa ses leur leurs dans sur sous pour par avec sans entre vers chez que qui dont où
si plus très aussi au aux de en y depuis lors
el los las una unos unas lo y o pero es son fue fueron será ser está están ha han había puede pueden debe deben no su sus
se con sin por para entre sobre hasta desde del al como que muy también hay cada este esta estos estas
il gli della delle dei degli nel nella che non per più anche sono è`.split(/\s+/u),
);

export function isSmallWord(word: string): boolean {
  return SMALL.has(word.toLowerCase());
}
