/** What a process uses, by what a runtime tells of it and Linux' `/proc`. */
import type { ProcessUsage } from "./runtime.ts";

/** How to look; each throws where it may not, or where there is nothing. */
export interface UsageSources {
  readonly residentBytes: () => number;
  readonly countEntries: (folder: string) => number;
  readonly readText: (path: string) => string;
}

/** Makes the function that looks. */
export function usageWith({ countEntries, readText, residentBytes }: UsageSources): () => ProcessUsage {
  return () => ({
    cpuSeconds: seen(cpuSeconds),
    residentBytes: seen(residentBytes),
    // One of them is what the folder is read with.
    openDescriptors: seen(() => countEntries("/proc/self/fd") - 1),
    maxDescriptors: seen(() => maxDescriptors(readText("/proc/self/limits"))),
  });
}

/** Node's own call, which Deno has too. */
function cpuSeconds(): number {
  const { system, user } = process.cpuUsage();
  return (system + user) / 1_000_000;
}

function maxDescriptors(limits: string): number | undefined {
  const soft = /^Max open files +(\d+|unlimited)/m.exec(limits)?.[1];
  return soft === undefined ? undefined : soft === "unlimited" ? Infinity : Number(soft);
}

function seen<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
