import type { CatalogueRow, Target } from "./row.ts";

const WITH_APP: readonly Target[] = ["workspace", "owner", "organization", "app"];
const WITHOUT_APP: readonly Target[] = ["workspace", "owner", "organization"];

/** What AI tasks do. Coder removed these notifications during 2026. */
export const TASKS: readonly CatalogueRow[] = [
  {
    templateId: "bd4b7168-d05e-4e19-ad0f-3593b77aa90f",
    name: "Task Working",
    person: "recipient",
    targets: WITH_APP,
    offByDefault: true,
    note: "A task began to work; told to its owner if they switched it on.",
  },
  {
    templateId: "d4a6271c-cced-4ed0-84ad-afd02a9c7799",
    name: "Task Idle",
    person: "recipient",
    targets: WITH_APP,
    offByDefault: true,
    note: "A task waits for input; told to its owner if they switched it on.",
  },
  {
    templateId: "8c5a4d12-9f7e-4b3a-a1c8-6e4f2d9b5a7c",
    name: "Task Completed",
    person: "recipient",
    targets: WITH_APP,
    offByDefault: true,
    note: "A task is done; told to its owner if they switched it on.",
  },
  {
    templateId: "3b7e8f1a-4c2d-49a6-b5e9-7f3a1c8d6b4e",
    name: "Task Failed",
    person: "recipient",
    targets: WITH_APP,
    offByDefault: true,
    note: "A task failed; told to its owner if they switched it on.",
  },
  {
    templateId: "2a74f3d3-ab09-4123-a4a5-ca238f4f65a1",
    name: "Task Paused",
    person: "recipient",
    targets: WITHOUT_APP,
    note: "A task was put on hold, by hand or because it was idle; told to its owner.",
  },
  {
    templateId: "843ee9c3-a8fb-4846-afa9-977bec578649",
    name: "Task Resumed",
    person: "recipient",
    targets: WITHOUT_APP,
    note: "A task goes on; told to its owner.",
  },
];
