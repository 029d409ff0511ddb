/** Debian's Prometheus, asked by its API. */
import assert from "node:assert/strict";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/process.ts";
import { startNeighbour } from "./neighbour.ts";

/** An alert rule, as far as it is looked at. */
export interface Rule {
  readonly name: string;
  readonly health: string;
  readonly state: string;
  readonly alerts: readonly {
    readonly state: string;
    readonly labels: Readonly<Record<string, string>>;
  }[];
}

/** A Prometheus that is ready. `files` lie beside its configuration, which is called prometheus.yml. */
export async function startPrometheus(files: Readonly<Record<string, string>>) {
  await using starting = new AsyncDisposableStack();
  const port = freePort();
  const { child } = starting.use(
    await startNeighbour({
      program: "prometheus",
      port,
      files: () => files,
      commandLine: (folder) => [
        ...["prometheus", `--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`],
        `--web.listen-address=127.0.0.1:${port}`,
      ],
    }),
  );
  const told = { seen: () => child.told };
  const isReady = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/-/ready`);
    await response.body?.cancel();
    return response.ok;
  };
  await eventually(isReady, "Prometheus to be ready", told);
  const ask = async (path: string, query: Readonly<Record<string, string>> = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}?${new URLSearchParams(query)}`);
    const { data, error, status } = await response.json();
    assert.equal(status, "success", `${query["query"]}: ${error}`);
    return data;
  };
  const open = starting.move();
  return {
    ask,
    told,
    rules: async (): Promise<readonly Rule[]> => (await ask("rules")).groups[0].rules,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}
