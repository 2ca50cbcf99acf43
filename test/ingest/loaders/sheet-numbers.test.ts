import { expect, test } from "vitest";
import { load } from "../fixtures/load.ts";
import { writeXlsx, type XlsxValue } from "../fixtures/office-files.ts";

test.each([
  ["1.1000000000000001", "1.1"],
  ["-99.90000000000001", "-99.9"],
  ["0.30000000000000004", "0.3"],
  ["9.9999999999999995E-8", "1e-7"],
  ["1234567.891", "1234567.891"],
  ["123456789012345", "123456789012345"],
])("the number %s of an Excel file is written as %s", async (stored, shown) => {
  const row: XlsxValue[] = ["Ada", { xml: `><v>${stored}</v>` }];
  const { documents } = await load("a.xlsx", writeXlsx({ A: [["Who", "Value"], row] }));
  expect(documents[0]!.text).toBe(`# A\n\nWho: Ada; Value: ${shown}`);
});

test("a text of many digits in an Excel file is written as it is", async () => {
  const digits = "1.1000000000000001";
  const { documents } = await load(
    "a.xlsx",
    writeXlsx({
      A: [
        ["Who", "Value"],
        ["Ada", digits],
      ],
    }),
  );
  expect(documents[0]!.text).toContain(`Value: ${digits}`);
});

test("formulas without results are named, those that have one are read", async () => {
  const row: XlsxValue[] = [
    { xml: "><f>1+1</f><v>2</v>" },
    { xml: "><f>B1*2</f><v></v>" },
    { xml: "><f>B1*3</f>" },
    { xml: ' t="str"><f>IF(B1=2,&quot;&quot;,1)</f><v></v>' },
    "words",
  ];
  const { documents, problems } = await load("a.xlsx", writeXlsx({ A: [row] }));
  expect(documents[0]!.text).toBe("# A\n\n2; words");
  expect(problems).toMatchObject([
    { severity: "warning", message: expect.stringContaining("holds 2 formulas without a result") },
  ]);
});
