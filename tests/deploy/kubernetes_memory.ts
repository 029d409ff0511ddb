/**
 * Measures what the container's memory limit has to hold: runs the executable as root in a control group with the limit
 * of the StatefulSet, sends it 5,000 webhooks, 500 at a time, while PlatformX is down, and prints the group's figures.
 *
 *     deno run --allow-all tests/deploy/kubernetes_memory.ts
 */
import { startPlatformX } from "../support/platformx.ts";
import { settingsFor, startExecutable } from "../compiled/executable.ts";
import { openFolder } from "../support/process.ts";
import { sampleOf } from "../support/samples.ts";
import { container, imageVariables } from "./kubernetes_manifests.ts";

const AT_ONCE = 500;
const ROUNDS = 10;

/** Where memory is controlled, and what its files are called: version 1 has a folder for it, version 2 has not. */
const [ROOT, LIMIT, NOW, PEAK] =
  Deno.readTextFileSync("/proc/mounts").includes("/sys/fs/cgroup/memory cgroup ")
    ? ["/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "memory.max_usage_in_bytes"]
    : ["/sys/fs/cgroup", "memory.max", "memory.current", "memory.peak"];
const GROUP = `${ROOT}/coder-platformx-${Deno.pid}`;

const mebibytes = (file: string) =>
  `${(Number(Deno.readTextFileSync(`${GROUP}/${file}`)) / 2 ** 20).toFixed(0)} MiB`;
const limit = /^(\d+)Mi$/.exec(container().resources?.limits?.["memory"] ?? "")?.[1];
if (limit === undefined) throw new Error("the limit is not in Mi");

await using folder = await openFolder();
await using platformX = await startPlatformX();
platformX.misbehave({ kind: "answer", status: 503 }, Infinity);
Deno.mkdirSync(GROUP);
try {
  Deno.writeTextFileSync(`${GROUP}/${LIMIT}`, String(Number(limit) * 2 ** 20));
  const settings = {
    ...imageVariables(),
    ...settingsFor(platformX),
    OUTBOX: `${folder.path}/outbox.db`,
  };
  const join = ["sh", "-c", 'echo $$ > "$0/cgroup.procs" && exec "$@"', GROUP];
  await using service = await startExecutable(settings, { wrap: (words) => [...join, ...words] });
  console.log(`limit ${limit} MiB, at rest ${mebibytes(NOW)}`);
  const answers = new Map<number, number>();
  for (let round = 0; round < ROUNDS; round++) {
    await Promise.all(Array.from({ length: AT_ONCE }, async (_, i) => {
      const answer = await service.post(about(`w${round}-${i}`));
      await answer.body?.cancel();
      answers.set(answer.status, (answers.get(answer.status) ?? 0) + 1);
    }));
  }
  const { size } = Deno.statSync(`${folder.path}/outbox.db`);
  console.log(`answers ${JSON.stringify(Object.fromEntries(answers))}, peak ${mebibytes(PEAK)}`);
  await service.stop();
  console.log(
    `outbox ${(Math.max(size, Deno.statSync(`${folder.path}/outbox.db`).size) / 1e6).toFixed(1)} MB`,
  );
} finally {
  Deno.removeSync(GROUP);
}

/** The sample, about another workspace. */
function about(workspace: string) {
  const { payload, ...rest } = sampleOf({ name: "Workspace Created" });
  return {
    ...rest,
    msg_id: crypto.randomUUID(),
    payload: { ...payload, labels: { ...payload.labels, workspace } },
  };
}
