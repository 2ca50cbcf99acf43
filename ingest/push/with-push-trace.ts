/** A target whose calls are spans, each below the place where it is made. */
import { inSpan } from "../../src/telemetry/in-span.ts";
import type { Tracer } from "../../src/telemetry/tracer.ts";
import type { PushTarget } from "./edge-target.ts";

/** The same target. */
export function withPushTrace(target: PushTarget, tracer: Tracer): PushTarget {
  return {
    begin: (info, signal) => inSpan(tracer, "begin", {}, () => target.begin(info, signal)),
    arrived: (signal) => inSpan(tracer, "compare", {}, () => target.arrived(signal)),
    send(lines, signal) {
      const attributes = { "tributary.documents": lines.length };
      return inSpan(tracer, "send", { attributes }, () => target.send(lines, signal));
    },
    publish: (whole, signal) => inSpan(tracer, "publish", {}, () => target.publish(whole, signal)),
  };
}
