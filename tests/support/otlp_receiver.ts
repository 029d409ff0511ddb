/** A small collector: takes OTLP over HTTP as JSON, and keeps what it is sent. */

/** A span, flattened. Ids are hexadecimal; no parent is an empty id. */
export interface ExportedSpan {
  readonly scope: string;
  readonly name: string;
  /** `SPAN_KIND_*` of OTLP: 1 internal, 2 server, 3 client. */
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  /** 0 unset, 1 ok, 2 error. */
  readonly status: number;
  readonly attributes: Attributes;
}

/** A log record, flattened. */
export interface ExportedRecord {
  readonly severity: string;
  readonly body: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
}

/** Attributes by name. */
export type Attributes = Readonly<Record<string, unknown>>;

/** A running collector. */
export interface Receiver extends AsyncDisposable {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly endpoint: string;
  readonly spans: readonly ExportedSpan[];
  readonly records: readonly ExportedRecord[];
  /** Of everything that came: path, headers and body as sent, to look for what must not be there. */
  readonly raw: readonly string[];
}

/** What switches a program's telemetry on, to a collector. */
export function observedBy({ endpoint }: Receiver): Readonly<Record<string, string>> {
  return {
    OTEL_DENO: "true",
    OTEL_DENO_METRICS: "false",
    OTEL_DENO_CONSOLE: "replace",
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_BSP_EXPORT_TIMEOUT: "500",
    OTEL_BLRP_EXPORT_TIMEOUT: "500",
  };
}

/**
 * Starts a collector.
 *
 * @param options.hangs it takes every request and never answers
 */
export function startReceiver({ hangs = false } = {}): Receiver {
  const spans: ExportedSpan[] = [];
  const records: ExportedRecord[] = [];
  const raw: string[] = [];
  const closing = new AbortController();
  const closed = new Promise<void>((resolve) => closing.signal.addEventListener("abort", () => resolve()));
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {}, signal: closing.signal },
    async (request) => {
      const { pathname } = new URL(request.url);
      const body = await request.text();
      raw.push(`${pathname} ${JSON.stringify([...request.headers])} ${body}`);
      if (pathname === "/v1/traces") spans.push(...spansOf(JSON.parse(body)));
      else if (pathname === "/v1/logs") records.push(...recordsOf(JSON.parse(body)));
      if (hangs) await closed;
      return Response.json({});
    },
  );
  return {
    endpoint: `http://127.0.0.1:${server.addr.port}`,
    spans,
    records,
    raw,
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      await server.finished;
    },
  };
}

interface TracesData {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly scope: { readonly name: string }; readonly spans: RawSpan[] }[];
  }[];
}

interface RawSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly status?: { readonly code?: number };
  readonly attributes: readonly KeyValue[];
}

interface LogsData {
  readonly resourceLogs: readonly {
    readonly scopeLogs: readonly { readonly logRecords: readonly RawRecord[] }[];
  }[];
}

interface RawRecord {
  readonly severityText: string;
  readonly body: Value;
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: readonly KeyValue[];
}

interface KeyValue {
  readonly key: string;
  readonly value: Value;
}

/** An `AnyValue`: an object with one field, named after the type. Whole numbers are strings. */
type Value = Readonly<Record<string, unknown>>;

function spansOf({ resourceSpans }: TracesData): ExportedSpan[] {
  return resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) =>
      spans.map(({ name, kind, traceId, spanId, parentSpanId = "", status, attributes }) => ({
        scope: scope.name,
        name,
        kind,
        traceId,
        spanId,
        parentSpanId,
        status: status?.code ?? 0,
        attributes: attributesOf(attributes),
      }))
    )
  );
}

function recordsOf({ resourceLogs }: LogsData): ExportedRecord[] {
  return resourceLogs.flatMap(({ scopeLogs }) =>
    scopeLogs.flatMap(({ logRecords }) =>
      logRecords.map(({ severityText, body, traceId, spanId, attributes }) => ({
        severity: severityText,
        body: String(valueOf(body)),
        traceId,
        spanId,
        attributes: attributesOf(attributes),
      }))
    )
  );
}

/** An attribute that came more than once has all its values: exporters do not forget the first. */
function attributesOf(list: readonly KeyValue[]): Attributes {
  const attributes: Record<string, unknown> = {};
  for (const { key, value } of list) {
    attributes[key] = key in attributes ? [attributes[key], valueOf(value)] : valueOf(value);
  }
  return attributes;
}

function valueOf(value: Value): unknown {
  const [[type, content] = ["", undefined]] = Object.entries(value);
  return type === "intValue" ? Number(content) : content;
}
