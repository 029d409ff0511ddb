/** What a log line costs: the service's own logger beside `@logtape/logtape`, both into nothing. */
import { configure, getJsonLinesFormatter, getLogger } from "@logtape/logtape";
import { createLog } from "../../lib/base/log.ts";

const lines = { written: 0 };
const drop = (line: string) => void (lines.written += line.length);
const own = createLog({ level: "INFO", format: "json", colour: false, now: Date.now, out: drop, err: drop });

const format = getJsonLinesFormatter();
await configure({
  sinks: { nothing: (record) => drop(format(record)) },
  loggers: [
    { category: "relay", lowestLevel: "info", sinks: ["nothing"] },
    { category: ["logtape", "meta"], lowestLevel: "error", sinks: [] },
  ],
});
const logTape = getLogger(["relay"]);

const fields = {
  msg_id: "5b3d4b0d-2190-4ce6-b7c8-08cb1e3152f5",
  notification: "Workspace Created",
  outcome: "forwarded",
  attempts: 1,
  ms: 12,
};

Deno.bench(
  "own: a line",
  { group: "written", baseline: true },
  () => own.write("INFO", "webhook", "forwarded", fields),
);
Deno.bench(
  "LogTape: a line",
  { group: "written" },
  () => logTape.info("forwarded", { event: "webhook", ...fields }),
);
Deno.bench(
  "own: a level that is off",
  { group: "off", baseline: true },
  () => own.write("DEBUG", "attempt", "x", fields),
);
Deno.bench("LogTape: a level that is off", { group: "off" }, () => logTape.debug("x", fields));
