import { type CatalogueRow, WORKSPACE_OWNER_TEMPLATE_ORGANIZATION as WOTO } from "./row.ts";

const TO_ADMINISTRATORS = { person: "owner", targets: WOTO, offByDefault: true } as const;
const TO_OWNER = { person: "recipient", targets: WOTO } as const;
const TO_OWNER_OF_RESOURCES = {
  person: "recipient",
  targets: ["workspace", "owner", "organization"],
} as const;

/**
 * What happens to workspaces.
 *
 * Sources: Coder `coderd/workspaces.go` and `coderd/workspacebuilds.go` (created, updated, dormant),
 * `coderd/autobuild/lifecycle_executor.go` (what autobuild does), `coderd/provisionerdserver` (failed, deleted),
 * `coderd/agentapi/resources_monitoring.go` (memory, disk), `enterprise/coderd/prebuilds` (prebuilt ones).
 */
export const WORKSPACES: readonly CatalogueRow[] = [
  {
    ...TO_ADMINISTRATORS,
    templateId: "281fdf73-c6d6-4cbb-8ff5-888baf8a2fff",
    name: "Workspace Created",
    note:
      "Somebody asked for a new workspace; told to administrators who switched it on, minus the one who did it.",
  },
  {
    ...TO_ADMINISTRATORS,
    templateId: "d089fe7b-d5c5-4c0c-aaf5-689859f7d392",
    name: "Workspace Manually Updated",
    note: "A build on another template version was asked for; told to administrators who switched it on.",
  },
  {
    ...TO_OWNER,
    templateId: "f517da0b-cdc9-410f-ab89-a86107c420ed",
    name: "Workspace Deleted",
    nameIs: "workspace",
    note: "A workspace was removed by somebody other than its owner; told to the owner.",
  },
  {
    ...TO_OWNER,
    templateId: "381df2a9-c0c0-4749-420f-80a9280c66f9",
    name: "Workspace Autobuild Failed",
    otherNames: ["Workspace Automatic Build Failure"],
    nameIs: "workspace",
    note: "A build that nobody started by hand failed; told to the workspace's owner.",
  },
  {
    ...TO_OWNER,
    templateId: "0ea69165-ec14-4314-91f1-69566ac3c5a0",
    name: "Workspace Marked as Dormant",
    otherNames: ["Workspace Dormant"],
    nameIs: "workspace",
    note: "A workspace was put to sleep, not by its owner; told to the owner.",
  },
  {
    ...TO_OWNER,
    templateId: "c34a0c09-0704-4cac-bd1c-0c0146811c2b",
    name: "Workspace Updated Automatically",
    otherNames: ["Workspace updated automatically", "Workspace Automatically Updated"],
    nameIs: "workspace",
    freeText: ["template_version_message"],
    note: "Autobuild moved a workspace to the template's active version; told to the owner.",
  },
  {
    ...TO_OWNER,
    templateId: "51ce2fdf-c9ca-4be1-8d70-628674f9bc42",
    name: "Workspace Marked for Deletion",
    nameIs: "workspace",
    note: "A change of the template's policy will delete this dormant workspace; told to the owner.",
  },
  {
    ...TO_OWNER,
    templateId: "6f6cb984-c167-4fa5-bb87-1058dd642779",
    name: "Workspace Autostop Reminder",
    versions: "2026 on",
    note: "The workspace will be stopped shortly; told to the owner, once for each deadline.",
  },
  {
    templateId: "2faeee0f-26cb-4e96-821c-85ccb9f71513",
    name: "Workspace Manual Build Failed",
    otherNames: ["Workspace Manual Build Failure"],
    person: "none",
    ask: { target: "owner", label: "workspace_owner_username" },
    nameIs: "workspace",
    targets: WOTO,
    note: "Only administrators are told, and the webhook holds the owner's user name but no address.",
  },
  {
    ...TO_OWNER_OF_RESOURCES,
    templateId: "a9d027b4-ac49-4fb1-9f6d-45af15f64e7a",
    name: "Workspace Out Of Memory",
    versions: "v2.20 on",
    otherNames: ["Out of memory (OOM)", "Out of memory"],
    note: "A workspace is above its memory threshold; told to the owner.",
  },
  {
    ...TO_OWNER_OF_RESOURCES,
    templateId: "f047f6a3-5713-40f7-85aa-0394cce9fa3a",
    name: "Workspace Out Of Disk",
    versions: "v2.20 on",
    otherNames: ["Out of disk (OOD)", "Out of disk"],
    facts: ["volumes"],
    note: "A volume of a workspace is above its threshold; told to the owner.",
  },
  {
    templateId: "89d9745a-816e-4695-a17f-3d0a229e2b8d",
    name: "Prebuilt Workspace Resource Replaced",
    versions: "about v2.23 on",
    person: "none",
    ask: { target: "owner", label: "claimant" },
    targets: ["workspace", "owner", "template", "template_version", "preset", "organization"],
    note: "Only administrators are told, and the webhook holds the claimant's user name but no address.",
  },
  {
    templateId: "414d9331-c1fc-4761-b40c-d1f4702279eb",
    name: "Prebuild Failure Limit Reached",
    versions: "about v2.23",
    person: "none",
    targets: ["template", "template_version", "preset", "organization"],
    note: "About a template's preset, not about a person; Coder sent it only around v2.23.",
  },
];
