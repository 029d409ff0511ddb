/** What `deno bench --json` prints. */
import * as z from "zod";

/** One benchmark, in microseconds. */
export interface BenchRow {
  readonly name: string;
  readonly mean: number;
  readonly p75: number;
  readonly p99: number;
}

const schema = z.object({
  benches: z.array(z.object({
    name: z.string(),
    results: z.array(z.object({ ok: z.object({ avg: z.number(), p75: z.number(), p99: z.number() }) })).min(
      1,
    ),
  })).min(1),
});

/**
 * Reads the report; its times are nanoseconds.
 *
 * @throws {Error} when a benchmark failed or the report has another form
 */
export function parseBench(report: string): BenchRow[] {
  return schema.parse(JSON.parse(report)).benches.map(({ name, results }) => {
    const { avg, p75, p99 } = results[0]!.ok;
    return { name, mean: avg / 1000, p75: p75 / 1000, p99: p99 / 1000 };
  });
}
