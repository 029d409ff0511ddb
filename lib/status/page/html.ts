/** HTML that cannot hold unescaped text: {@link markup} escapes every value that is not itself made by it. */

/** Markup. Only {@link markup} makes it. */
export class Html {
  readonly #markup: string;

  /** @param markup trusted: call {@link markup} instead */
  constructor(markup: string) {
    this.#markup = markup;
  }

  /** The markup as it goes into the page. */
  toString(): string {
    return this.#markup;
  }
}

/** What may stand in a template. Texts and numbers are escaped; nothing is written for undefined. */
export type Content = string | number | undefined | Html | readonly Html[];

/**
 * A template of markup. Its tag is not called `html`: `deno fmt` would lay out what is between the marks, and spaces
 * count there. Values may stand in element content and in quoted attribute values, nowhere else.
 */
export function markup(parts: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(parts.map((part, index) => part + written(values[index])).join(""));
}

function written(value: Content): string {
  if (value === undefined) return "";
  if (value instanceof Html) return value.toString();
  return typeof value === "object" ? value.join("") : escapeText(String(value));
}

const ESCAPED: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** The one function through which every text goes. Half a surrogate pair becomes U+FFFD: UTF-8 has no such thing. */
export function escapeText(text: string): string {
  return text.toWellFormed().replace(/[&<>"']/g, (character) => ESCAPED[character]!);
}
