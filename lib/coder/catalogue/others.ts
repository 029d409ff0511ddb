import type { CatalogueRow } from "./row.ts";

const BUDGET = { person: "recipient", targets: ["group"] } as const;
const BUDGET_TO_ADMINISTRATORS = {
  person: "none",
  ask: { target: "user", label: "username" },
  targets: ["user", "group"],
} as const;

/**
 * Chats, AI budgets, and notifications that people send themselves.
 *
 * Sources: Coder `coderd/notifications/events.go` and the migrations of these templates, `coderd/notifications.go` (test and
 * custom ones), `coderd/notifications/reports/generator.go` (prices).
 */
export const OTHERS: readonly CatalogueRow[] = [
  {
    templateId: "764031be-4863-4220-867b-6ce1a1b7a5f5",
    name: "Chats Auto-Archived",
    versions: "2026 on",
    person: "recipient",
    facts: ["chats", "days"],
    note: "Old chats were put away; one for each owner and run, without the chats' titles.",
  },
  {
    templateId: "b789bd75-d7c6-4cab-9757-1147ab184903",
    name: "Chat Shared",
    versions: "2026 on",
    person: "recipient",
    targets: ["chat"],
    freeText: ["chat_title"],
    note: "About the one who may read the chat now, not about the one who shared it.",
  },
  {
    templateId: "3f1c6d8a-5b2e-4f7a-9c0d-7e8b2a4c6d1f",
    name: "Chat Project Shared",
    versions: "2026 on",
    person: "recipient",
    targets: ["project"],
    freeText: ["project_name"],
    note: "About the one who may see the project now, not about the one who shared it.",
  },
  {
    ...BUDGET,
    templateId: "b5db9597-de2a-4dea-87e9-25cee6906b86",
    name: "AI Budget Warning",
    versions: "2026 on",
    note: "A person has used a part of the AI budget; told to that person, once in a period.",
  },
  {
    ...BUDGET,
    templateId: "cdcf2ecd-f003-4169-9800-abb2661ea522",
    name: "AI Budget Limit Reached",
    versions: "2026 on",
    note: "A person has used up the AI budget; told to that person, once in a period.",
  },
  {
    ...BUDGET_TO_ADMINISTRATORS,
    templateId: "2a7b0ac1-00e1-4625-9cd5-1e5933972c77",
    name: "User Approaching AI Budget Limit",
    versions: "2026 on",
    note: "Only administrators are told, by user name; track 'AI Budget Warning' instead.",
  },
  {
    ...BUDGET_TO_ADMINISTRATORS,
    templateId: "0bafe0ea-a78b-4217-ad05-1ef12e92e025",
    name: "User Reached AI Budget Limit",
    versions: "2026 on",
    note: "Only administrators are told, by user name; track 'AI Budget Limit Reached' instead.",
  },
  {
    templateId: "1b7d9fa7-f5a8-4e46-8078-5cf53abfed94",
    name: "Missing AI Model Prices",
    versions: "2026 on",
    person: "none",
    note: "A weekly report for site owners, about no person.",
  },
  {
    templateId: "c425f63e-716a-4bf4-ae24-78348f706c3f",
    name: "Test Notification",
    versions: "v2.20 on",
    person: "recipient",
    onlyByName: true,
    note:
      "An administrator tried the connection; name it to see the whole way work, and mind that it can survey them.",
  },
  {
    templateId: "39b1e189-c857-4b0c-877a-511144c18516",
    name: "Custom Notification",
    versions: "about v2.27 on",
    person: "recipient",
    freeText: ["custom_title", "custom_message"],
    onlyByName: true,
    note: "People can send it to themselves as often as they like; its texts are never forwarded.",
  },
];
