import type { CatalogueRow } from "./row.ts";

/** The label `task` is the person's prompt, or a name made from it (Coder PR #19965, #20147). */
const TO_OWNER = { person: "recipient", freeText: ["task"] } as const;
const STATE = {
  ...TO_OWNER,
  targets: ["workspace", "owner", "organization", "app"],
  offByDefault: true,
  versions: "about v2.27 to 2026",
} as const;
const PAUSE = { ...TO_OWNER, targets: ["workspace", "owner", "organization"], versions: "2026" } as const;

/**
 * What AI tasks do. Coder removed these notifications in September 2026 (PR #29084, migration 000592); older versions
 * go on sending them.
 *
 * Sources: Coder `coderd/workspaceagents.go` and `coderd/autobuild/lifecycle_executor.go`, before that.
 */
export const TASKS: readonly CatalogueRow[] = [
  {
    ...STATE,
    templateId: "bd4b7168-d05e-4e19-ad0f-3593b77aa90f",
    name: "Task Working",
    note: "A task began to work; told to its owner if they switched it on.",
  },
  {
    ...STATE,
    templateId: "d4a6271c-cced-4ed0-84ad-afd02a9c7799",
    name: "Task Idle",
    note: "A task waits for input; told to its owner if they switched it on.",
  },
  {
    ...STATE,
    templateId: "8c5a4d12-9f7e-4b3a-a1c8-6e4f2d9b5a7c",
    name: "Task Completed",
    note: "A task is done; told to its owner if they switched it on.",
  },
  {
    ...STATE,
    templateId: "3b7e8f1a-4c2d-49a6-b5e9-7f3a1c8d6b4e",
    name: "Task Failed",
    note: "A task failed; told to its owner if they switched it on.",
  },
  {
    ...PAUSE,
    templateId: "2a74f3d3-ab09-4123-a4a5-ca238f4f65a1",
    name: "Task Paused",
    note: "A task was put on hold, by hand or because it was idle; told to its owner.",
  },
  {
    ...PAUSE,
    templateId: "843ee9c3-a8fb-4846-afa9-977bec578649",
    name: "Task Resumed",
    note: "A task goes on; told to its owner.",
  },
];
