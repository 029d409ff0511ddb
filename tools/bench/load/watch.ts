/** Looks at programs under measurement, through the kernel. */
import { kernelSays } from "../machine.ts";
import { parseUsage, type Usage } from "./usage.ts";

/** Reads a process's usage. */
export async function usageOf(pid: number): Promise<Usage> {
  return parseUsage(await kernelSays(`/proc/${pid}/status`), await kernelSays(`/proc/${pid}/stat`));
}

/** Milliseconds between two looks at a process's memory: each costs some milliseconds of processor time. */
const BETWEEN_LOOKS = 200;

/** Looks at a process's memory until stopped. */
export function watchMemory(pid: number): { stop(): Promise<readonly number[]> } {
  const samples: number[] = [];
  let stopped = false;
  const watching = (async () => {
    while (!stopped) {
      samples.push((await usageOf(pid)).memory);
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS));
    }
  })();
  return {
    async stop() {
      stopped = true;
      await watching;
      return samples;
    },
  };
}
