/** Tools of one's own: start the service with TOOLS_FILE=docs/tools-example.ts. The guide explains each field. */
import process from "node:process";
import * as z from "zod";
import { defineTool } from "../src/agent/define-tool.ts";
import { RetryTool, ToolFailed } from "../src/agent/tool.ts";

/** Where the orders are; a service of yours. */
const ordersUrl = (): string => process.env["ORDERS_URL"] ?? "http://127.0.0.1:9000";

const Order = z.object({ id: z.string(), status: z.string(), shippedOn: z.string().nullable() });

const orderStatus = defineTool({
  name: "order_status",
  description: "Looks up what has become of an order. Use it when the question names an order.",
  parameters: z.strictObject({
    id: z
      .string()
      .regex(/^[A-Z]\d{1,8}$/)
      .describe("Number of the order, such as A17."),
  }),
  readOnly: true,
  idempotent: true,
  timeoutMs: 3_000,
  citable: true,
  async run({ id }, { signal }) {
    const response = await fetchOrder(id, signal);
    if (response.status === 404) throw new RetryTool(`there is no order ${id}`);
    if (!response.ok) throw new ToolFailed("the orders cannot be looked up now");
    const parsed = Order.safeParse(await response.json());
    if (!parsed.success) throw new ToolFailed("the orders answered in a way nobody expected");
    const { status, shippedOn } = parsed.data;
    const shipped =
      shippedOn === null ? "It has not been shipped." : `It was shipped on ${shippedOn}.`;
    return `Order ${id} is ${status}. ${shipped}`;
  },
});

/** A network that is down is no bug of the tool's, so it is said and does not end the run. */
async function fetchOrder(id: string, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(`${ordersUrl()}/orders/${encodeURIComponent(id)}`, { signal });
  } catch (thrown) {
    signal.throwIfAborted();
    throw new ToolFailed("the orders cannot be reached", { cause: thrown });
  }
}

export const tools = [orderStatus];
