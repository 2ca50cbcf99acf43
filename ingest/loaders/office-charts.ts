/** Charts of slides and documents as tables: a row for each label, a column for each series. */
import type { OfficeAttachment, OfficeContentNode } from "officeparser/slim";

/** The content with a table in the place of each chart, and without pictures. */
export function withCharts(
  content: readonly OfficeContentNode[],
  attachments: readonly OfficeAttachment[],
): readonly OfficeContentNode[] {
  const charts = new Map(attachments.map(({ name, chartData }) => [name, chartData]));
  const mend = (node: OfficeContentNode): readonly OfficeContentNode[] => {
    if (node.type === "image") return [];
    if (node.type === "chart") return toBlocks(charts.get(node.metadata?.attachmentName ?? ""));
    if (node.children === undefined || node.children.length === 0) return [node];
    const children = node.children.flatMap(mend);
    if (node.type !== "paragraph") return [{ ...node, children }];
    // A chart within a paragraph follows it.
    const words = children.filter(({ type }) => type !== "table");
    const tables = children.filter(({ type }) => type === "table");
    return words.length === 0 ? tables : [{ ...node, children: words }, ...tables];
  };
  return content.flatMap(mend);
}

function toBlocks(data: OfficeAttachment["chartData"]): readonly OfficeContentNode[] {
  if (data === undefined || data.dataSets.length === 0) return [];
  const { title = "", labels, dataSets } = data;
  const longest = dataSets.reduce((most, { values }) => Math.max(most, values.length), 0);
  const header = [title, ...dataSets.map(({ name }, at) => name || `series ${at + 1}`)];
  const rows = Array.from({ length: longest }, (_, at) => [
    labels[at] ?? "",
    ...dataSets.map(({ values }) => values[at] ?? ""),
  ]);
  return [{ type: "table", children: [header, ...rows].map(toRow) }];
}

function toRow(cells: readonly string[]): OfficeContentNode {
  return { type: "row", children: cells.map((text) => ({ type: "cell", text })) };
}
