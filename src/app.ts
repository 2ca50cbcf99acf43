/** The HTTP application over given parts: every route on one screen. Does nothing until it is asked. */
import { Hono } from "hono";
import { answer, type AnswerDeps, explain, listModes, search } from "./answer.ts";
import { toVisibleStore } from "./access/visible-store.ts";
import { createAccessGuard } from "./http/guards/access-guard.ts";
import { createCors } from "./http/guards/cors.ts";
import { withKeyLimits } from "./http/admission/with-key-limits.ts";
import { withLostRuns } from "./http/admission/with-lost-runs.ts";
import { withGateMetrics, withSharingMetrics } from "./http/admission/admission-metrics.ts";
import { createAskRoute } from "./http/routes/ask.ts";
import { createChatRoutes } from "./http/routes/chat.ts";
import { createChatCompletionsRoute } from "./http/routes/chat-completions.ts";
import { createDocumentListRoute } from "./http/routes/document-list.ts";
import { createDocumentRoute } from "./http/routes/document.ts";
import { createExplainRoute } from "./http/routes/explain.ts";
import { createDeleteDocumentRoute, createPutDocumentRoute } from "./http/routes/write-document.ts";
import { createCollectionRoute, createCollectionsRoute } from "./http/routes/collections.ts";
import {
  createErrorHandler,
  createGuard,
  createMethodRefusal,
  refuseAddress,
} from "./http/guards/guards.ts";
import { createLiveRoute, createReadyRoute } from "./http/routes/health.ts";
import { createMcpRoute } from "./http/routes/mcp.ts";
import { createModelRoute, createModelsRoute } from "./http/routes/models.ts";
import {
  createPlaygroundRoute,
  PLAYGROUND_PATHS,
  type ReadPage,
} from "./http/routes/playground.ts";
import type { ApiFacts } from "./http/openapi/names.ts";
import { createRequestLimitGuard } from "./http/guards/request-limit.ts";
import type { RunGate } from "./http/admission/run-gate.ts";
import { createRunCancelRoute, createRunEventsRoute, createRunRoute } from "./http/routes/runs.ts";
import { type RunArchive, toArchiveLimits } from "./http/runs/archive.ts";
import { createRunJournal } from "./http/runs/journal.ts";
import { createMemoryArchive } from "./http/runs/memory-archive.ts";
import { createRunSharing } from "./http/admission/run-sharing.ts";
import { createAskParser } from "./http/request/schemas.ts";
import { createSearchRoute } from "./http/routes/search.ts";
import type { Env, Service, ServiceExtras } from "./http/service.ts";
import {
  createMetricsRoute,
  createTraceGuard,
  noTelemetry,
  type ObservedRunner,
  withTelemetry,
} from "./http/telemetry.ts";
import type { Ask, RerankMode } from "./domain/ask.ts";
import type { RunEvent } from "./domain/event.ts";

export interface AppDeps extends AnswerDeps, ServiceExtras {
  readonly gate: RunGate;
  /** Where runs are kept after their end; absent: in memory. */
  readonly archive?: RunArchive | undefined;
  /** The platform may end runs without a word. */
  readonly losesRuns?: boolean;
}

/** What an application over these parts can do, for its parser and for the pages about its API. */
export function toApiFacts(deps: AnswerDeps & Pick<ServiceExtras, "documents">): ApiFacts {
  const rerankers = Object.keys(deps.rerankers) as RerankMode[];
  const takesDocuments = deps.documents !== undefined;
  return { config: deps.config, modes: listModes(deps), rerankers, takesDocuments };
}

/** Creates the service's application. */
export function createApp(deps: AppDeps): Hono<Env> {
  const facts = toApiFacts(deps);
  const { config, clock, log, store, telemetry = noTelemetry, access } = deps;
  const { requestLimit, sharedLimits, documents, readPage, keepAlive } = deps;
  const limited = access === undefined ? deps.gate : withKeyLimits(deps.gate, access.limits);
  const measured = withGateMetrics(limited, telemetry.meter);
  const gate = deps.losesRuns === true ? withLostRuns(measured, clock) : measured;
  const observed =
    (run: typeof answer): ObservedRunner =>
    (ask, signal, { observe, ...watch }) =>
      run(
        { ...deps, store: toVisibleStore(store, ask.caller), ...watch, ...observing(ask, observe) },
        ask,
        signal,
      );
  const observing = (ask: Ask, observe?: (event: RunEvent) => void) => {
    if (access === undefined) return observe === undefined ? {} : { observe };
    return {
      observe(event: RunEvent): void {
        if (event.type === "usage") {
          access.limits.addTokens(ask.caller.id, event.inputTokens + event.outputTokens);
        }
        observe?.(event);
      },
    };
  };
  const archive = deps.archive ?? createMemoryArchive(toArchiveLimits(config), clock);
  const journal = createRunJournal({
    config,
    clock,
    log,
    gate,
    archive,
    losesRuns: deps.losesRuns,
  });
  return createServiceApp({
    config,
    clock,
    log,
    store,
    gate,
    journal,
    sharing: withSharingMetrics(
      createRunSharing({ config, clock, log, store, journal }),
      telemetry.meter,
    ),
    embedders: new Set(deps.embedders.keys()),
    parseAsk: createAskParser(config, facts.rerankers, facts.modes),
    mayChange: deps.tools?.some(({ readOnly }) => !readOnly) ?? false,
    telemetry,
    access,
    requestLimit,
    sharedLimits,
    documents,
    readPage,
    keepAlive,
    answer: withTelemetry(observed(answer), "ask", { ...telemetry, clock, log }),
    search: withTelemetry(observed(search), "search", { ...telemetry, clock, log }),
    explain: (request) =>
      withTelemetry(
        observed((own, ask, signal) => explain(own, ask, signal, request)),
        "search",
        { ...telemetry, clock, log },
      ),
  });
}

/** An id may hold slashes, and line breaks, which a dot would not take. */
const DOCUMENT_PATH = "/v1/collections/:name/documents/:id{[\\s\\S]+}";

const HOW_TO_CHANGE =
  "a document is put and deleted at /v1/collections/NAME/documents/ID, and `pnpm ingest drop NAME` drops a collection";

/** The application over a service whose runs may come from anywhere. */
export function createServiceApp(service: Service): Hono<Env> {
  const app = new Hono<Env>();
  const { telemetry = noTelemetry } = service;
  app.use(createTraceGuard(telemetry));
  app.use(createGuard(service));
  app.use(createCors(service.config.corsOrigins));
  app.use(createAccessGuard(service));
  if (service.requestLimit !== undefined) app.use(createRequestLimitGuard(service.requestLimit));
  app.onError(createErrorHandler(service));
  app.notFound(refuseAddress);

  app.post("/v1/ask", createAskRoute(service)).all(createMethodRefusal("POST"));
  app.post("/v1/search", createSearchRoute(service)).all(createMethodRefusal("POST"));
  app.post("/v1/explain", createExplainRoute(service)).all(createMethodRefusal("POST"));
  app
    .post("/v1/chat/completions", createChatCompletionsRoute(service))
    .all(createMethodRefusal("POST"));
  const chat = createChatRoutes(service);
  app.post("/v1/chat", chat.ask).all(createMethodRefusal("POST"));
  app.get("/v1/chat/:id/stream", chat.resume).all(createMethodRefusal("GET"));
  app.all("/mcp", createMcpRoute(service));
  app.get("/v1/models", createModelsRoute(service)).all(createMethodRefusal("GET"));
  app.get("/v1/models/:id{.+}", createModelRoute(service)).all(createMethodRefusal("GET"));
  app.get("/v1/runs/:id/events", createRunEventsRoute(service)).all(createMethodRefusal("GET"));
  app
    .get("/v1/runs/:id", createRunRoute(service))
    .delete(createRunCancelRoute(service))
    .all(createMethodRefusal("GET, DELETE"));
  app.get("/v1/collections", createCollectionsRoute(service)).all(createMethodRefusal("GET"));
  app
    .get("/v1/collections/:name", createCollectionRoute(service))
    .all(createMethodRefusal("GET", service.documents && HOW_TO_CHANGE));
  app
    .get("/v1/collections/:name/documents", createDocumentListRoute(service))
    .all(createMethodRefusal("GET"));
  const { documents } = service;
  const document = app.get(DOCUMENT_PATH, createDocumentRoute(service));
  if (documents !== undefined) {
    document
      .put(createPutDocumentRoute(service, documents))
      .delete(createDeleteDocumentRoute(service, documents));
  }
  document.all(createMethodRefusal(documents === undefined ? "GET" : "GET, PUT, DELETE"));
  if (service.readPage !== undefined) addPlayground(app, service.readPage);
  app.get("/livez", createLiveRoute()).all(createMethodRefusal("GET"));
  app.get("/readyz", createReadyRoute(service)).all(createMethodRefusal("GET"));
  app.get("/metrics", createMetricsRoute(telemetry)).all(createMethodRefusal("GET"));
  return app;
}

function addPlayground(app: Hono<Env>, readPage: ReadPage): void {
  for (const path of PLAYGROUND_PATHS) {
    app.get(path, createPlaygroundRoute(readPage)).all(createMethodRefusal("GET"));
  }
}
