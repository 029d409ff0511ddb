/**
 * What the name of a label says about its value, in any notification:
 * - `secret`, `person`: the value is a secret, or the id of a person;
 * - `typed`: text typed by a person;
 * - `maybe_typed`: so it is, unless the catalogue knows the notification and does not say so.
 */
export type LabelKind = "secret" | "person" | "typed" | "maybe_typed" | "plain";

/** Characters of a label's name up to which it is looked at: Coder's have some twenty. */
export const LONGEST_LABEL = 200;

/** Names whose kind is remembered, so that senders cannot make the list grow: Coder has some sixty. */
const MOST_REMEMBERED = 500;

const remembered = new Map<string, LabelKind>();

/** The kind of a label. Remembered, as deciding takes ten times as long. */
export function kindOfLabel(label: string): LabelKind {
  const known = remembered.get(label);
  if (known !== undefined) return known;
  const kind = decide(label);
  if (remembered.size < MOST_REMEMBERED && label.length <= LONGEST_LABEL) remembered.set(label, kind);
  return kind;
}

/** Names under which a passcode can stand, whatever the spelling. */
const PASSCODE = /pass[^a-z0-9]?code|(?:^|[^a-z])otp(?:$|[^a-z])/i;

const PERSON_ID = /(?:user|owner|initiator|account|claimant|member|person|recipient|creator|actor)[_-]?id$/i;

/** Words for secrets, also run together with another word before them; `tokenizer` and `secretary` are none. */
const SECRET_WORD = /(?:passcode|password|passwd|passphrase|pwd|secret|token|credential|authorization)s?$/;
/** The word alone, or run together with what makes a secret of it: `monkey`, `turkey` and `keyboard` are none. */
const KEY_WORD =
  /^(?:api|access|auth|account|client|deploy|encryption|license|private|public|session|shared|signing|ssh)?keys?$/;

/** Coder's own: a task's prompt, and the name of a project of chats (facts of the Task and Chat notifications). */
const TYPED = new Set(["task", "project_name"]);
const MAYBE_TYPED = new Set(["task_name", "project", "chat", "chat_name"]);
const MAYBE_TYPED_WORD =
  /^(?:title|body|message|text|description|prompt|comment|question|answer|summary|subject|note)s?$/;

function decide(label: string): LabelKind {
  if (PERSON_ID.test(label)) return "person";
  const words = wordsOf(label);
  if (words.concat(runsOf(label)).some((word) => SECRET_WORD.test(word) || KEY_WORD.test(word))) {
    return "secret";
  }
  const name = words.join("_");
  if (TYPED.has(name)) return "typed";
  return MAYBE_TYPED.has(name) || MAYBE_TYPED_WORD.test(words.at(-1) ?? "") ? "maybe_typed" : "plain";
}

/** Whether a label's name says that its value is a passcode. */
export function isPasscode(label: string): boolean {
  return PASSCODE.test(label);
}

/** The words of a name in lower case: `api_key`, `apiKey`, `API-KEY` and `APIKey` are two words, `monkey` is one. */
function wordsOf(label: string): string[] {
  const words = label.normalize("NFKC").match(/\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|[^\P{L}\p{Lu}\p{Ll}]+/gu);
  return (words ?? []).map((word) => word.toLowerCase());
}

/** Runs of letters, whatever their case: `kEy` is one. */
function runsOf(label: string): string[] {
  return label.normalize("NFKC").toLowerCase().match(/\p{L}+/gu) ?? [];
}
