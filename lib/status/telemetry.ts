/**
 * What the service adds to Deno's own OpenTelemetry: the request's span learns what became of the webhook, and every
 * attempt at PlatformX is a span. Nothing of it is loaded while Deno's telemetry is off.
 */
import type { AttributeValue, Span, SpanStatus } from "@opentelemetry/api";
import type { Outcome } from "../delivery/outcome.ts";
import { scrub, shownName } from "../base/redact.ts";
import type { LogLevel } from "../base/log.ts";
import type { Attempt } from "../platformx/client.ts";
import type { PlatformXEvent } from "../platformx/event.ts";
import { VERSION } from "../base/version.ts";

/** Telemetry that is on. */
export interface Telemetry {
  /** Whether Deno exports metrics too. */
  readonly metrics: boolean;
  /** Names the request's span. To be called in the context of the request; undefined: it has none. */
  request(method: string, path: string): RequestSpan | undefined;
  /** The same attempt, as a span. W3C baggage of whoever called ends here: it would go to PlatformX. */
  attempt(attempt: Attempt): Attempt;
  /** Work on one event of the outbox, as a span: its log lines belong to it. */
  traced<T>(event: PlatformXEvent, work: () => Promise<T>): Promise<T>;
  /** Hands a line of the log to the collector, and nobody else: Deno exports what goes through `console`. */
  exported(line: string, level: LogLevel): void;
}

/** The span of one request. */
export interface RequestSpan {
  /** Says what became of the webhook. */
  tell(outcome: Outcome): void;
}

const ROUTES = ["/", "/metrics"];
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Code points of a message id, as in the log. */
const ID_LENGTH = 64;

/** Telemetry, if Deno runs or was compiled with it. `apiUrl` is where PlatformX takes events. */
export async function openTelemetry(apiUrl: string): Promise<Telemetry | undefined> {
  if (!isOn()) return undefined;
  const { context, createNoopMeter, metrics, propagation, SpanStatusCode, trace } = await import(
    "@opentelemetry/api"
  );
  const tracer = trace.getTracer("coder-platformx", VERSION);
  // This span is never ended, and so never exported: it only shows its class.
  guard(Object.getPrototypeOf(tracer.startSpan("guard")), new Set([...ROUTES, new URL(apiUrl).pathname]));
  return {
    metrics: metrics.getMeter("coder-platformx") !== createNoopMeter(),

    request(method, path) {
      const span = trace.getActiveSpan();
      if (span === undefined) return undefined;
      const route = ROUTES.includes(path) ? path : undefined;
      span.updateName([methodOf(method), route].join(" ").trim());
      if (route !== undefined) span.setAttribute("http.route", route);
      return { tell: (outcome) => tell(span, outcome) };
    },

    attempt: (attempt) => (event) => {
      const outside = propagation.deleteBaggage(context.active());
      return tracer.startActiveSpan("deliver", { attributes: attributesOf(event) }, outside, async (span) => {
        try {
          const verdict = await attempt(event);
          span.setAttribute("coder_platformx.verdict", verdict.kind);
          if (verdict.kind === "later") span.setAttribute("coder_platformx.reason", verdict.cause);
          if (verdict.kind !== "delivered") span.setStatus({ code: SpanStatusCode.ERROR });
          return verdict;
        } finally {
          span.end();
        }
      });
    },

    traced: (event, work) =>
      tracer.startActiveSpan(
        "dispatch",
        // By itself, though an event that is sent at once comes from within a webhook's.
        { root: true, attributes: attributesOf(event) },
        (span) => work().finally(() => span.end()),
      ),

    exported: (line, level) => CONSOLE[level](line),
  };
}

/** One method for each level: Deno takes the severity from it. */
const CONSOLE: Readonly<Record<LogLevel, (line: string) => void>> = {
  DEBUG: (line) => console.debug(line),
  INFO: (line) => console.info(line),
  WARNING: (line) => console.warn(line),
  ERROR: (line) => console.error(line),
};

function attributesOf(event: PlatformXEvent) {
  return {
    "coder_platformx.notification": shownName(event.name),
    "coder_platformx.message_id": scrub(event.metadata["coder_message_id"] ?? "", [], ID_LENGTH),
  };
}

/** Deno registers itself where the API package looks (its `global-utils.ts`), before any module runs. */
function isOn(): boolean {
  const registered: unknown = Reflect.get(globalThis, Symbol.for("opentelemetry.js.api.1"));
  return typeof registered === "object" && registered !== null && "trace" in registered;
}

/**
 * Keeps what others wrote out of Deno's own spans. Deno exports whole URLs, of which a path or a query can hold
 * anything, and the texts of network errors; it has no setting for that, and setting an attribute again adds a second
 * value to the first (2.4.2, 2.9.6). So the methods by which it fills its spans are replaced.
 */
function guard(spans: Span, paths: ReadonlySet<string>): void {
  const { setAttribute, setStatus } = spans;
  spans.setAttribute = function (this: Span, name: string, value: AttributeValue): Span {
    const fit = fitValue(name, value, paths);
    return fit === undefined ? this : setAttribute.call(this, name, fit);
  };
  spans.setStatus = function (this: Span, { code }: SpanStatus): Span {
    return setStatus.call(this, { code });
  };
}

/** The value that may be exported; undefined: none. */
function fitValue(
  name: string,
  value: AttributeValue,
  paths: ReadonlySet<string>,
): AttributeValue | undefined {
  switch (name) {
    case "http.request.method":
      return methodOf(String(value));
    case "url.full": {
      const url = URL.parse(String(value));
      return url === null ? undefined : `${url.origin}${paths.has(url.pathname) ? url.pathname : ""}`;
    }
    case "url.path":
      return paths.has(String(value)) ? value : undefined;
    case "url.query":
    case "exception.message":
    case "exception.stacktrace":
      return undefined;
    default:
      return value;
  }
}

/** As the semantic conventions want it: a method that nobody knows could be any text. */
function methodOf(method: string): string {
  return METHODS.includes(method) ? method : "_OTHER";
}

function tell(span: Span, outcome: Outcome): void {
  const { attempts, messageId, notification, status } = outcome;
  span.setAttributes({
    "coder_platformx.outcome": status,
    "coder_platformx.attempts": attempts,
    ...("reason" in outcome ? { "coder_platformx.reason": outcome.reason } : {}),
    ...(notification === undefined ? {} : { "coder_platformx.notification": notification }),
    ...(messageId === undefined ? {} : { "coder_platformx.message_id": messageId }),
  });
}
