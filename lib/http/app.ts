/** Request → answer. No socket: the server is elsewhere, and tests call {@link App.handle}. */
import type { Clock } from "../base/clock.ts";
import { describeFault } from "../base/error_site.ts";
import type { Log } from "../base/log.ts";
import { constant, plain, type Redacted, scrub, shownId } from "../base/redact.ts";
import { utf8Bytes } from "../base/utf8.ts";
import { answerTo, type Outcome, told } from "../delivery/outcome.ts";
import type { Relay } from "../delivery/relay.ts";
import { declaredLength } from "../runtime/read_at_most.ts";
import type { IncomingRequest, OutgoingResponse, ProcessUsage } from "../runtime/runtime.ts";
import { FORMATS } from "../status/exposition.ts";
import { detailedHealth, publicHealth } from "../status/health.ts";
import { metricsText } from "../status/metrics.ts";
import {
  detailsPage,
  drainingPage,
  notFoundPage,
  publicPage,
  unauthorizedPage,
} from "../status/page/page.ts";
import { viewOf } from "../status/page/view.ts";
import type { Status } from "../status/status.ts";
import type { Telemetry } from "../status/telemetry.ts";
import { Admission } from "./admission.ts";
import type { Authenticator } from "./auth.ts";
import { BODY_LIMIT, BODY_TIMEOUT, BodyReader } from "./body.ts";
import { formatFor, prefersHtml } from "./negotiate.ts";
import { pageAnswer } from "./page_answer.ts";
import { failure, unavailable, withoutJson } from "./responses.ts";
import { type Target, targetOf } from "./target.ts";
import { TurnedAway } from "./turned_away.ts";

/** What the app needs from outside. */
export interface AppOptions {
  readonly relay: Pick<Relay, "receive">;
  /** Who may send webhooks. */
  readonly senders: Authenticator;
  /** Who may see details. */
  readonly readers: Authenticator;
  readonly status: () => Status;
  readonly usage: () => ProcessUsage;
  /** Counts an answered webhook. */
  readonly count: (
    outcome: Outcome,
    at: { readonly now: number; readonly ms: number; readonly fromCoder: boolean },
  ) => void;
  readonly clock: Clock;
  readonly log: Log;
  /** Undefined: telemetry is off. */
  readonly telemetry?: Pick<Telemetry, "request"> | undefined;
  /** Aborted when no new work is taken. */
  readonly draining: AbortSignal;
  /** Aborted when work in progress must end. */
  readonly cut: AbortSignal;
  /** Waits for the log, where the platform freezes the process as soon as it has answered. */
  readonly beforeAnswer?: (() => Promise<void>) | undefined;
  /** Milliseconds for a body to arrive. */
  readonly bodyTimeout?: number;
}

/** Path of the metrics. */
const METRICS = "/metrics";

/** The header that every webhook of Coder's has, and nothing else sends (`dispatch/webhook.go`). */
const FROM_CODER = "x-message-id";

/** The HTTP interface: `GET /`, `POST /` and `GET /metrics`. */
export class App {
  readonly #options: AppOptions;
  readonly #bodies: BodyReader;
  readonly #turnedAway: TurnedAway;
  /** Webhooks being worked on. */
  readonly admission = new Admission();

  constructor(options: AppOptions) {
    this.#options = options;
    this.#bodies = new BodyReader(options.bodyTimeout ?? BODY_TIMEOUT, options.cut, options.clock);
    this.#turnedAway = new TurnedAway(options);
  }

  /** Answers a request. Never rejects, never redirects. */
  readonly handle = async (request: IncomingRequest): Promise<OutgoingResponse> => {
    const target = targetOf(request.url);
    if (request.method === "POST") return await this.#answerWebhook(request, target);
    try {
      const answer = await this.#answerReader(request, target);
      return request.method === "HEAD" ? headOf(answer) : answer;
    } catch (error) {
      return respond(this.#fault(error), READ_HEADERS);
    }
  };

  async #answerWebhook(request: IncomingRequest, target: Target): Promise<OutgoingResponse> {
    const { beforeAnswer, clock, telemetry } = this.#options;
    const begun = clock.monotonic();
    const admitted = this.admission.enter();
    try {
      const span = telemetry?.request(request.method, target.path);
      const outcome = await this.#receive(request, target, admitted);
      this.#record(request, outcome, clock.monotonic() - begun);
      span?.tell(outcome);
      await beforeAnswer?.();
      return respond(outcome, target.path === METRICS ? ALLOW_READING : undefined);
    } catch (error) {
      return respond(this.#fault(error));
    } finally {
      this.admission.leave();
    }
  }

  /** The checks in their documented order; what passes them goes to the relay. */
  async #receive(request: IncomingRequest, { path }: Target, admitted: boolean): Promise<Outcome> {
    const { clock, draining, relay, senders } = this.#options;
    const { headers } = request;
    if (path === METRICS) return failure("method_not_allowed");
    if (path !== "/") return failure("not_found", plain`The path was ${this.#shownPath(path)}`);
    if (draining.aborted) return unavailable("draining");
    if (!admitted) return unavailable("busy");
    if (!senders.accepts(headers.get("authorization"))) return failure("unauthorized");
    if (!isJson(headers)) return failure("unsupported_media_type");
    const length = declaredLength(headers);
    if (length > BODY_LIMIT) return withoutJson("too_large");
    let bytes = 0;
    const take = (more: number) => this.admission.reserve(more) && (bytes += more, true);
    if (length > 0 && !take(length)) return unavailable("busy");
    try {
      const arrivedAt = clock.now();
      const body = await this.#bodies.read(request, length, take);
      return body.kind === "json" ? await relay.receive(body.value, arrivedAt) : withoutJson(body.kind);
    } catch (error) {
      return this.#fault(error);
    } finally {
      this.admission.giveBack(bytes);
    }
  }

  async #answerReader(request: IncomingRequest, target: Target): Promise<OutgoingResponse> {
    this.#options.telemetry?.request(request.method, target.path);
    const { path } = target;
    const isReading = request.method === "GET" || request.method === "HEAD";
    if (path !== "/" && path !== METRICS) {
      return await this.#refuse(
        request,
        failure("not_found", plain`The path was ${this.#shownPath(path)}`),
        path,
      );
    }
    // A redirect in front turned Coder's webhook into this: with an answer of 200 Coder would count it as delivered.
    if (isReading && isFromCoder(request)) return await this.#refuse(request, failure("redirected"), path);
    if (!isReading) {
      const allow = path === METRICS ? ALLOW_READING : { allow: "GET, HEAD, POST" };
      return respond(failure("method_not_allowed"), { ...READ_HEADERS, ...allow });
    }
    return path === METRICS ? await this.#answerMetrics(request) : await this.#answerHealth(request, target);
  }

  async #answerHealth(request: IncomingRequest, target: Target): Promise<OutgoingResponse> {
    const { clock, draining, readers, status } = this.#options;
    const view = prefersHtml(request.headers.get("accept")) ? viewOf(target.query) : undefined;
    if (draining.aborted) {
      if (view !== undefined) return await pageAnswer(drainingPage(view, clock.now()), 503, !view.still);
      return respond(unavailable("draining"), { ...READ_HEADERS, ...VARY });
    }
    const mayRead = readers.accepts(request.headers.get("authorization"));
    if (target.query.has("details") && !mayRead) {
      return await this.#refuse(request, MAY_NOT_READ, target.path);
    }
    const now = status();
    if (view === undefined) {
      const body = JSON.stringify(mayRead ? detailedHealth(now) : publicHealth(now));
      return { status: 200, headers: { "content-type": "application/json", ...READ_HEADERS, ...VARY }, body };
    }
    return await pageAnswer(mayRead ? detailsPage(now, view) : publicPage(now, view), 200, !view.still);
  }

  /** Also while draining, so that the last scrapes show how the end goes. */
  async #answerMetrics(request: IncomingRequest): Promise<OutgoingResponse> {
    const { readers, status, usage } = this.#options;
    const { headers } = request;
    if (!readers.accepts(headers.get("authorization"))) {
      return await this.#refuse(request, MAY_NOT_READ, METRICS);
    }
    const format = formatFor(headers.get("accept"));
    return {
      status: 200,
      headers: { ...READ_HEADERS, ...VARY, "content-type": FORMATS[format] },
      body: metricsText(status(), usage(), format),
    };
  }

  /** Who reads is not counted; a webhook of Coder's that a redirect turned into this is. Browsers get a page. */
  async #refuse(request: IncomingRequest, outcome: Outcome, path: string): Promise<OutgoingResponse> {
    const answer = respond(outcome, { ...READ_HEADERS, ...VARY });
    if (isFromCoder(request)) {
      this.#record(request, outcome, 0);
      return answer;
    }
    if (!prefersHtml(request.headers.get("accept"))) return answer;
    const now = this.#options.clock.now();
    if (answer.status === 404) {
      return await pageAnswer(notFoundPage(this.#shownPath(path), wayUp(path), now), 404, false);
    }
    if (answer.status !== 401) return answer;
    const page = await pageAnswer(unauthorizedPage(now), 401, false);
    return { ...page, headers: { ...answer.headers, ...page.headers } };
  }

  /**
   * A path as the sender wrote it: what a setting of Coder's ends in by mistake must be recognised. Unless that is a
   * secret.
   */
  #shownPath(path: string): Redacted {
    const { senders, readers } = this.#options;
    return senders.occursIn(path) || readers.occursIn(path)
      ? constant("(hidden)")
      : plain`'${scrub(path, [], 60)}'`;
  }

  #record(request: IncomingRequest, outcome: Outcome, ms: number): void {
    const { clock, count, log } = this.#options;
    const fromCoder = isFromCoder(request);
    const known = outcome.messageId === undefined && fromCoder
      ? { ...outcome, messageId: shownId(request.headers.get(FROM_CODER)!) }
      : outcome;
    count(known, { now: clock.now(), ms, fromCoder });
    this.#turnedAway.tell(known, fromCoder);
    if (!log.writes("INFO")) return;
    log.write("INFO", "webhook", told(known), {
      msg_id: known.messageId,
      notification: known.notification,
      outcome: known.status,
      reason: "reason" in known ? known.reason : undefined,
      attempts: known.attempts,
      ms,
    });
  }

  /** A fault of the service itself. Its text may hold data of the webhook: only kind and place are logged. */
  #fault(error: unknown): Outcome {
    this.#options.log.write("ERROR", "internal_error", INTERNAL, describeFault(error));
    return failure("internal");
  }
}

const MAY_NOT_READ = failure(
  "unauthorized",
  constant("For reading, send READ_SECRET or WEBHOOK_SECRET as bearer token or Basic-auth password"),
);
const ALLOW_READING = { allow: "GET, HEAD" };
/** `GET /` is a page or JSON, as asked for. */
const VARY = { vary: "Accept" };
/** Answers to those who read; Coder needs none of it. */
const READ_HEADERS = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

const INTERNAL =
  "A fault of the service: Coder is asked to send again. Please report it, with these two fields";

function isFromCoder({ headers }: IncomingRequest): boolean {
  return headers.get(FROM_CODER) !== null;
}

/** From a path to the root, whatever a proxy has put before both. */
function wayUp(path: string): string {
  const depth = path.split("/").length - 2;
  return depth > 0 && depth < 20 ? "../".repeat(depth) : "./";
}

function isJson(headers: IncomingRequest["headers"]): boolean {
  const type = (headers.get("content-type") ?? "").split(";", 1)[0]!.trim();
  return /^application\/json$|^[^\s/]+\/[^\s/]+\+json$/i.test(type) &&
    headers.get("content-encoding") === null;
}

function respond(outcome: Outcome, more?: Readonly<Record<string, string>>): OutgoingResponse {
  const answer = answerTo(outcome);
  return more === undefined ? answer : { ...answer, headers: { ...answer.headers, ...more } };
}

/** With a body, Deno breaks the stream of an answer to HEAD over HTTP/2 (seen with 2.4 and 2.9). */
function headOf({ status, headers, body }: OutgoingResponse): OutgoingResponse {
  return { status, headers: { ...headers, "content-length": String(utf8Bytes(body ?? "")) }, body: null };
}
