/** What an administrator sets in Coder so that it sends to this service. */

/** Coder's settings; `SECRET` and `<your host>` stand for what is not known or not shown. */
export interface CoderSettings {
  readonly CODER_NOTIFICATIONS_METHOD: "webhook";
  readonly CODER_NOTIFICATIONS_WEBHOOK_ENDPOINT: string;
}

/**
 * The settings for this service.
 *
 * @param secret current `WEBHOOK_SECRET`; undefined: none is set
 * @param show whether the secret itself is part of the address
 */
export function coderSettings(secret: string | undefined, show: boolean): CoderSettings {
  const password = secret === undefined || !show ? "SECRET" : percentEncoded(secret);
  const credentials = secret === undefined ? "" : `coder:${password}@`;
  return {
    CODER_NOTIFICATIONS_METHOD: "webhook",
    CODER_NOTIFICATIONS_WEBHOOK_ENDPOINT: `https://${credentials}<your host>/`,
  };
}

/**
 * Everything but RFC 3986's unreserved characters, as UTF-8: Go's `url.Parse` refuses some of the others in a password
 * (net/url `validUserinfo`), and shells and YAML change some of the rest.
 */
function percentEncoded(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (character) => `%${character.codePointAt(0)!.toString(16).toUpperCase()}`,
  );
}
