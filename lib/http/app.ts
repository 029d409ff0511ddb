/** Request → Response. No socket: the server is elsewhere, and tests call {@link App.handle}. */
import { EXPOSITION_TYPE } from "../status/exposition.ts";
import { detailedHealth, type HealthState, publicHealth } from "../status/health.ts";
import { type MetricsState, metricsText } from "../status/metrics.ts";
import { answerTo, type Outcome, shownName } from "../delivery/outcome.ts";
import { detailsPage, drainingPage, publicPage } from "../status/page/page.ts";
import { told } from "../delivery/reasons.ts";
import type { Authenticator } from "./auth.ts";
import { BODY_LIMIT, BODY_TIMEOUT, BodyReader } from "./body.ts";
import type { Clock } from "../base/clock.ts";
import { describeFault } from "../base/error_site.ts";
import { InFlight } from "./admission.ts";
import type { Log } from "../base/log.ts";
import { pageAnswer, pageState, viewFor } from "./page_answer.ts";
import {
  failure,
  MAY_NOT_READ,
  METHOD_NOT_ALLOWED,
  NO_WEBHOOKS,
  NOT_FOUND,
  TOO_LARGE,
  UNAUTHORIZED,
  unavailable,
  UNSUPPORTED,
  withoutJson,
} from "./responses.ts";
import { declaredLength } from "../base/read_at_most.ts";
import type { Relay, Report } from "../delivery/relay.ts";
import type { Stats } from "../status/stats.ts";
import type { Telemetry } from "../status/telemetry.ts";

/** What the app needs from outside. */
export interface AppOptions {
  readonly relay: Pick<Relay, "receive">;
  /** Who may send webhooks. */
  readonly senders: Authenticator;
  /** Who may see details. */
  readonly readers: Authenticator;
  readonly health: () => Promise<HealthState>;
  readonly metrics: () => Promise<MetricsState>;
  readonly stats: Stats;
  readonly clock: Clock;
  readonly log: Log;
  /** Undefined: telemetry is off. */
  readonly telemetry?: Pick<Telemetry, "request"> | undefined;
  /** Aborted when no new work is taken. */
  readonly draining: AbortSignal;
  /** Aborted when work in progress must end. */
  readonly cut: AbortSignal;
  /** Milliseconds for a body to arrive. */
  readonly bodyTimeout?: number;
}

/** The HTTP interface: `GET /`, `POST /` and `GET /metrics`. */
export class App {
  readonly #options: AppOptions;
  /** Webhooks being worked on. */
  readonly inFlight = new InFlight();

  readonly #bodies: BodyReader;

  constructor(options: AppOptions) {
    this.#options = options;
    this.#bodies = new BodyReader(options.bodyTimeout ?? BODY_TIMEOUT, options.cut);
  }

  /** Answers a request. Never throws, never redirects. */
  readonly handle = async (request: Request): Promise<Response> => {
    const url = addressOf(request);
    const { clock, telemetry } = this.#options;
    const span = telemetry?.request(request, url);
    if (request.method !== "POST") {
      const answer = await this.#answerOther(request, url).catch((error) =>
        respond(this.#fault(error).outcome, READ_HEADERS)
      );
      // With a body, Deno breaks the stream of an answer to HEAD over HTTP/2 (seen with 2.4 and 2.9).
      return request.method === "HEAD" ? new Response(null, answer) : answer;
    }

    const begun = clock.monotonic();
    const admitted = this.inFlight.enter();
    try {
      const report = await this.#receive(request, url, admitted).catch((error) => this.#fault(error));
      this.#record(report, clock.monotonic() - begun);
      span?.tell(report);
      return respond(report.outcome, url?.pathname === METRICS ? ALLOW_READING : {});
    } finally {
      this.inFlight.leave();
    }
  };

  /** The checks in their documented order; what passes them goes to the relay. */
  async #receive(request: Request, url: URL | null, admitted: boolean): Promise<Report> {
    const { clock, draining, relay, senders } = this.#options;
    const { headers } = request;
    if (url?.pathname === METRICS) return NO_WEBHOOKS;
    if (url?.pathname !== "/") return NOT_FOUND;
    if (draining.aborted) return unavailable("draining");
    if (!admitted) return unavailable("busy");
    if (!senders.accepts(headers.get("authorization"))) return UNAUTHORIZED;
    if (!isJson(headers)) return UNSUPPORTED;
    const length = declaredLength(headers);
    if (length > BODY_LIMIT) return TOO_LARGE;
    let bytes = 0;
    const take = (more: number) => this.inFlight.reserve(more) && (bytes += more, true);
    if (length > 0 && !take(length)) return unavailable("busy");
    try {
      const arrivedAt = clock.now();
      const body = await this.#bodies.read(request, length, take);
      return body.kind === "json" ? await relay.receive(body.value, arrivedAt) : withoutJson(body.kind);
    } finally {
      this.inFlight.giveBack(bytes);
    }
  }

  async #answerOther(request: Request, url: URL | null): Promise<Response> {
    if (url?.pathname === METRICS) return await this.#answerMetrics(request);
    if (url?.pathname !== "/") return respond(NOT_FOUND.outcome, READ_HEADERS);
    if (request.method !== "GET" && request.method !== "HEAD") {
      return respond(METHOD_NOT_ALLOWED, { ...READ_HEADERS, allow: "GET, HEAD, POST" });
    }
    const { clock, draining, health, readers, stats } = this.#options;
    const view = viewFor(request, url);
    const now = clock.now();
    if (draining.aborted) {
      if (view !== undefined) return pageAnswer(drainingPage(view, now), 503, view);
      return respond(unavailable("draining").outcome, { ...READ_HEADERS, ...VARY });
    }
    const mayRead = readers.accepts(request.headers.get("authorization"));
    if (url.searchParams.has("details") && !mayRead) {
      return respond(MAY_NOT_READ.outcome, { ...READ_HEADERS, ...VARY });
    }
    const state = await health();
    if (view === undefined) {
      const headers = { ...READ_HEADERS, ...VARY };
      return Response.json(mayRead ? detailedHealth(state) : publicHealth(state), { headers });
    }
    const page = mayRead
      ? detailsPage(pageState(state, stats, now), view, now)
      : publicPage(publicHealth(state).status, view, now);
    return pageAnswer(page, 200, view);
  }

  /** Also while draining, so that the last scrapes show how the end goes. */
  async #answerMetrics(request: Request): Promise<Response> {
    const { metrics, readers } = this.#options;
    if (request.method !== "GET" && request.method !== "HEAD") {
      return respond(NO_WEBHOOKS.outcome, { ...READ_HEADERS, ...ALLOW_READING });
    }
    if (!readers.accepts(request.headers.get("authorization"))) {
      return respond(MAY_NOT_READ.outcome, READ_HEADERS);
    }
    const headers = { ...READ_HEADERS, "content-type": EXPOSITION_TYPE };
    return new Response(metricsText(await metrics()), { headers });
  }

  #record({ outcome, messageId, attempts, arrived }: Report, ms: number): void {
    const { clock, log, stats } = this.#options;
    stats.count(outcome, { arrived, now: clock.now(), ms });
    if (!log.writes("INFO")) return;
    log.write("INFO", "webhook", told(outcome), {
      msg_id: messageId,
      notification: "event" in outcome && outcome.event !== undefined ? shownName(outcome.event) : undefined,
      outcome: outcome.status,
      reason: "reason" in outcome ? outcome.reason : undefined,
      attempts,
      ms,
    });
  }

  /** A fault of the service itself. Its text may hold data of the webhook: only kind and place are logged. */
  #fault(error: unknown): Report {
    this.#options.log.write("ERROR", "internal_error", INTERNAL, describeFault(error));
    return failure("internal", "The service failed. Send again later.");
  }
}

/** Path of the metrics. */
const METRICS = "/metrics";

const ALLOW_READING = { allow: "GET, HEAD" };
/** `GET /` is a page or JSON, as asked for. */
const VARY = { vary: "Accept" };
/** Answers to those who read; Coder needs none of it. */
const READ_HEADERS = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

const INTERNAL =
  "A fault of the service: Coder is asked to send again. Please report it, with these two fields";

/** Deno makes the address with the Host header; where that is malformed, the rest of it still counts. */
function addressOf({ url }: Request): URL | null {
  return URL.parse(url) ?? URL.parse(url.replace(/^[a-z]+:\/\/[^/?#]*/i, "http://localhost"));
}

function isJson(headers: Headers): boolean {
  const type = (headers.get("content-type") ?? "").split(";", 1)[0]!.trim();
  return /^application\/json$|^[^\s/]+\/[^\s/]+\+json$/i.test(type) && !headers.has("content-encoding");
}

function respond(outcome: Outcome, more: Readonly<Record<string, string>> = {}): Response {
  const { status, headers, body } = answerTo(outcome);
  return new Response(body, { status, headers: { ...headers, ...more } });
}
