/** Runs after, or beside, their own response. */
import * as z from "zod";
import { RunEvent } from "../../domain/event.ts";
import { RunView } from "./bodies.ts";
import { describe } from "./operation.ts";

const params = { id: z.string().describe("The run's id, from `run-start` or `X-Run-Id`.") };
const GONE = ["not_found", "run_expired"] as const;

export const runOperations = {
  getRun: describe({
    method: "get",
    path: "/v1/runs/:id",
    tag: "Runs",
    summary: "Look at a run",
    description: "The whole record when the run is over; what there is so far while it goes on.",
    params,
    replies: { 200: { description: "The run.", json: RunView } },
    errors: [...GONE, "not_acceptable"],
  }),
  getRunEvents: describe({
    method: "get",
    path: "/v1/runs/:id/events",
    tag: "Runs",
    summary: "Read a run's events again",
    description:
      "The events after `Last-Event-ID` without a gap or a repeat, also while the run goes on and for several readers at once.",
    params,
    headers: ["Last-Event-ID"],
    replies: {
      200: {
        description: "The events.",
        events: RunEvent,
        headers: ["X-Run-Id", "X-Accel-Buffering"],
      },
      204: { description: "The run is over, and you have all of it." },
    },
    errors: [...GONE, "not_acceptable", "invalid_request"],
  }),
  cancelRun: describe({
    method: "delete",
    path: "/v1/runs/:id",
    tag: "Runs",
    summary: "Cancel a run",
    description: "Answers with what the run came to. One that is over stays as it is.",
    params,
    replies: { 200: { description: "The run as it ended.", json: RunView } },
    errors: GONE,
  }),
};
