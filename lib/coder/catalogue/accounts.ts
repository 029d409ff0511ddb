import type { CatalogueRow } from "./row.ts";

const TO_ADMINISTRATORS = { person: "user", targets: ["user"] } as const;
const TO_PERSON = { person: "recipient", targets: ["user"] } as const;

/**
 * What happens to user accounts.
 *
 * Source: Coder `coderd/users.go`. A first sign-in by OIDC or GitHub creates an account too; what SCIM does to accounts
 * causes no notification.
 */
export const ACCOUNTS: readonly CatalogueRow[] = [
  {
    ...TO_ADMINISTRATORS,
    templateId: "4e19c0ac-94e1-4532-9515-d1801aa283b2",
    name: "User account created",
    note:
      "Told to user administrators, about the new user; SCIM causes none; Coder before v2.19 leaves the person out.",
  },
  {
    templateId: "f44d9314-ad03-4bc8-95d0-5cad491da6b6",
    name: "User account deleted",
    person: "none",
    ask: { target: "user", label: "deleted_account_name" },
    targets: ["user"],
    note: "Only administrators are told, and the webhook holds the user name but no address.",
  },
  {
    ...TO_ADMINISTRATORS,
    templateId: "b02ddd82-4733-4d02-a2d7-c36f3598997d",
    name: "User account suspended",
    note:
      "Told to user administrators; the person is told the same act as 'Your account has been suspended'.",
  },
  {
    ...TO_ADMINISTRATORS,
    templateId: "9f5af851-8408-4e73-a7a1-c6502ba46689",
    name: "User account activated",
    note:
      "Told to user administrators; the person is told the same act as 'Your account has been activated'.",
  },
  {
    ...TO_PERSON,
    templateId: "6a2f0609-9b69-4d36-a989-9f5925b6cbff",
    name: "Your account has been suspended",
    otherNames: ["YourAccountSuspended"],
    note: "The person's own copy of 'User account suspended': track one of the two, or count one act twice.",
  },
  {
    ...TO_PERSON,
    templateId: "1a6a6bea-ee0a-43e2-9e7c-eabdb53730e4",
    name: "Your account has been activated",
    otherNames: ["YourAccountActivated"],
    note: "The person's own copy of 'User account activated': track one of the two, or count one act twice.",
  },
  {
    ...TO_PERSON,
    templateId: "62f86a30-2330-4b61-a26d-311ff3b608cf",
    name: "One-Time Passcode",
    secret: true,
    note: "Holds a password-reset code: always dropped unread; let Coder send this one by e-mail.",
  },
];
