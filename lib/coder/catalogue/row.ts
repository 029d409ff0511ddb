/** Whose event a notification is: where its e-mail address stands in the webhook. */
export type Whose = "owner" | "user" | "recipient";

/** What the n-th UUID of `payload.targets` identifies. */
export type Target =
  | "workspace"
  | "template"
  | "template_version"
  | "organization"
  | "owner"
  | "user"
  | "preset"
  | "app"
  | "group"
  | "chat"
  | "project";

/** A fact that Coder puts into `payload.data` only (`data_facts.ts` reads it). */
export type DataFact = "volumes" | "chats" | "days";

/** What the service knows of one Coder notification. */
export interface CatalogueRow {
  /** Coder's `notification_template_id`: stable, while names are changed by migrations. */
  readonly templateId: string;
  /** Coder's newest display name: the name of the PlatformX event. */
  readonly name: string;
  /** Names it had in earlier versions, or has in Coder's documents and tracker: operators copy them from there. */
  readonly otherNames?: readonly string[];
  /**
   * `owner`: `data.owner.email`; `user`: `data.user.email`; `recipient`: `user_email`;
   * `none`: the webhook never holds the address of the person it is about.
   */
  readonly person: Whose | "none";
  /** Where the person stands whose address Coder can be asked for: a UUID in `targets`, a user name in a label. */
  readonly ask?: { readonly target: "owner" | "user"; readonly label: string };
  /** What the label `name` is the name of. */
  readonly nameIs?: "workspace" | "template";
  /** Meaning of `payload.targets`, by position. */
  readonly targets?: readonly Target[];
  /** Labels that hold text typed by a person: never forwarded. */
  readonly freeText?: readonly string[];
  /** What is forwarded of `payload.data`, beside the names and ids that every notification can have. */
  readonly facts?: readonly DataFact[];
  /** The webhook holds a secret: dropped before anything else. */
  readonly secret?: true;
  /** Not part of `*`: only when it is named in `EVENTS_TRACKED`. */
  readonly onlyByName?: true;
  /** Coder sends it only to people who switched it on for themselves. */
  readonly offByDefault?: true;
  /** Coder's versions that send it, or the year where that is all that is known; absent: every one from v2.19 on. */
  readonly versions?: string;
  /** One sentence for the operator. */
  readonly note: string;
}

/** Targets of most workspace notifications (Coder `coderd/workspaces.go` and the autobuild executor). */
export const WORKSPACE_OWNER_TEMPLATE_ORGANIZATION = [
  "workspace",
  "owner",
  "template",
  "organization",
] as const;

/** Whether a notification can become an event: it holds the person's address, or Coder may be asked for it. */
export function canHavePerson({ person, ask }: CatalogueRow, canAsk: boolean): boolean {
  return person !== "none" || (canAsk && ask !== undefined);
}
