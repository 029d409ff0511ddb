/**
 * How long the end of the process can wait for a telemetry collector that hangs. Deno hands over what it still holds
 * inside `Deno.exit`, spans first, then log records; nothing in the program can cut that short, and the limits below
 * are read before the program starts. (The default of 30 s each was seen to delay an end by 18 s with Deno 2.9.6, which
 * has another limit of 10 s, and by 88 s with 2.4.2.)
 */

import { EXPORT_LIMITS } from "../config/variables.ts";

/** OpenTelemetry's own default. */
const DEFAULT_LIMIT = 30_000;

/** An export that is under way is waited for, and then the last one is made. */
const EXPORTS_AT_END = 2;

/** What a shutdown has to reckon with. */
export interface ExportTime {
  /** Milliseconds that work in progress may take, so that the export ends within the grace too. */
  readonly graceForWork: number;
  /** What the operator must change first: the end of the process would be late, or never come. */
  readonly problems: readonly { readonly text: string }[];
}

/** The grace that is left for work, as the export of telemetry comes after it. Deno Deploy sees to that by itself. */
export function graceWith(
  telemetry: { readonly metrics: boolean } | undefined,
  grace: number,
  env: (name: string) => string | undefined,
): ExportTime {
  if (telemetry === undefined || env("DENO_DEPLOY")) return { graceForWork: grace, problems: [] };
  return divideGrace(grace, env, telemetry.metrics);
}

/**
 * Divides the grace between work in progress and the export.
 *
 * @param grace milliseconds of SHUTDOWN_GRACE
 * @param get reads a variable
 * @param metrics whether Deno exports metrics too
 */
export function divideGrace(
  grace: number,
  get: (name: typeof EXPORT_LIMITS[number]) => string | undefined,
  metrics: boolean,
): ExportTime {
  const longest = EXPORTS_AT_END * EXPORT_LIMITS.reduce((sum, name) => sum + limitOf(get(name)), 0);
  const fits = longest <= grace / 2;
  const problems: { readonly text: string }[] = [];
  if (!fits) {
    problems.push({
      text:
        `${
          EXPORT_LIMITS.join(" and ")
        } must together be at most a quarter of SHUTDOWN_GRACE: a telemetry collector that ` +
        `hangs would delay the end of the process by up to ${longest} ms. Set each to 500`,
    });
  }
  if (metrics) {
    problems.push({
      text:
        "OTEL_DENO_METRICS must be false: with Deno's metrics and a telemetry collector that hangs, the process may " +
        "never end by itself. The service's own metrics are at /metrics",
    });
  }
  return { graceForWork: fits ? grace - longest : grace, problems };
}

function limitOf(value: string | undefined): number {
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : DEFAULT_LIMIT;
}
