import { expect, test } from "vitest";
import { load, outline } from "../fixtures/load.ts";

test("subtitles are read as what is said, each minute under its time", async () => {
  const srt = `1
00:00:01,000 --> 00:00:03,000
<i>Welcome</i> to the

2
00:00:03,000 --> 00:00:05,000
{\\an8}yearly meeting.

3
00:00:50,500 --> 00:00:52,000
We sold 10 < 20 of them.

4
01:02:05,000 --> 01:02:06,000
Thank you.
`;
  for (const content of [srt, srt.replaceAll("\n", "\r\n")]) {
    const { documents, problems } = await load("meeting.srt", content);
    expect(problems).toEqual([]);
    expect(documents[0]?.text).toBe(
      "Welcome to the\nyearly meeting.\nWe sold 10 < 20 of them.\n\nThank you.",
    );
    expect(outline(documents[0]!)).toEqual(["0:00:01 | Welcome to the", "1:02:05 | Thank you."]);
  }
});

test("a transcript tells who speaks, and no line twice", async () => {
  const vtt = `WEBVTT
Kind: captions

NOTE made by a machine

STYLE
::cue { color: red }

intro
00:01.000 --> 00:03.000 align:start
<v.loud Ann Lee>Prices &amp; plans<00:00:02.000><c> rise.</c></v>

00:03.000 --> 00:05.000
Ann Lee: Prices &amp; plans rise.
<v Bo>By how much?</v>
`;
  const { documents } = await load("call.vtt", vtt);
  expect(documents[0]?.text).toBe("Ann Lee: Prices & plans rise.\nBo: By how much?");
});

test("a file without times is reported", async () => {
  const { documents, problems } = await load("a.vtt", "WEBVTT\n\nNOTE nothing\n");
  expect(documents).toEqual([]);
  expect(problems).toMatchObject([{ code: "no-text" }]);
});
