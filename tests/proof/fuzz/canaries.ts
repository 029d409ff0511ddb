/** Texts that are planted where secrets and addresses stand, to be looked for where they must not be. */

/** Secrets: `canary-` is in every one of them, and nowhere else. */
export const SECRETS = {
  webhook: "canary-webhook",
  previous: "canary-previous",
  read: "canary-read",
  wrong: "canary-wrong",
  key: "canary-key",
  passcode: "canary-passcode",
  label: "canary-label",
  freeText: "canary-freetext",
  unread: "canary-unread",
} as const;

/** Addresses: `canary.` is in every one of them, and nowhere else. */
export const ADDRESSES = {
  person: "canary.person@example.com",
  recipient: "canary.recipient@example.com",
  elsewhere: "canary.elsewhere@example.com",
} as const;

/** A secret, as it is or in base64 behind `coder:`, as Coder sends it. */
const SECRET = /canary-|Y29kZXI6Y2FuYXJ5L/i;

/** A whole address, not what damage left of one; what `%40` stands for is one as well. */
const ADDRESS = /canary\.(?:person|recipient|elsewhere)(?:@|%40)example\.com/i;

/** Whether a text holds a secret. */
export function holdsSecret(text: string): boolean {
  return SECRET.test(text);
}

/** Whether a text holds an address. */
export function holdsAddress(text: string): boolean {
  return ADDRESS.test(text);
}
