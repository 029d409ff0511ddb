import type { CatalogueRow } from "./row.ts";

/**
 * What happens to templates, and reports about them.
 *
 * Sources: Coder `coderd/templates.go`, `coderd/notifications/reports/generator.go`.
 */
export const TEMPLATES: readonly CatalogueRow[] = [
  {
    templateId: "29a09665-2a4c-403f-9648-54301670e7be",
    name: "Template Deleted",
    person: "none",
    nameIs: "template",
    targets: ["template", "organization"],
    note: "About a template; only administrators are told, and who did it is there as a user name only.",
  },
  {
    templateId: "f40fae84-55a2-42cd-99fa-b41c1ca64894",
    name: "Template Deprecated",
    person: "recipient",
    freeText: ["message"],
    note: "One event for each owner of a workspace of that template.",
  },
  {
    templateId: "34a20db2-e9cc-4a93-b0e4-8569699d7a00",
    name: "Report: Workspace Builds Failed",
    otherNames: ["Report: Workspace Builds Failed For Template"],
    person: "none",
    note: "A weekly report for template administrators, about many people; one above 1 MiB is answered 413.",
  },
];
