/** Bytes that an operator brought → the JSON in them, or why there is none. */

/** The JSON, and what stood around it. */
export type Pasted =
  | { readonly value: unknown; readonly around?: "fences" | "text" }
  /** The end of a sentence that begins with what was read. */
  | { readonly problem: string };

/**
 * Reads JSON as it stands, or from between what came with it: Markdown's fences, a log's prefix. `bytes`: of a webhook's
 * body, at most.
 */
export function pastedJson(bytes: Uint8Array): Pasted {
  const text = textOf(bytes);
  if (text === undefined) return { problem: "must be JSON in UTF-8, and is in another encoding" };
  if (text.trim() === "") return { problem: "is empty: it must hold the body of a webhook as JSON" };
  const whole = parsed(text);
  if ("value" in whole) return whole;
  const inside = parsed(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1));
  if ("value" in inside) return { ...inside, around: /^\s*(?:```|~~~)/.test(text) ? "fences" : "text" };
  return { problem: `must be JSON, and breaks its rules${whole.place}` };
}

/** Undefined: it is not UTF-8, or looks like UTF-16 or UTF-32, as PowerShell's `>` writes it. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}

function parsed(text: string): { readonly value: unknown } | { readonly place: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    // V8's message quotes what was read, and tells the place of some faults only.
    const message = error instanceof Error ? error.message : "";
    const at = Number(/at position (\d+)/.exec(message)?.[1] ?? NaN);
    const isCutOff = /unexpected end|unterminated/i.test(message) || at >= text.trimEnd().length;
    if (isCutOff) return { place: " at its end: is all of it there?" };
    if (Number.isNaN(at)) return { place: "" };
    const before = text.slice(0, at).split("\n");
    return { place: ` in line ${before.length}, column ${before.at(-1)!.length + 1}` };
  }
}
