/**
 * The 1000-byte budget of an event's metadata.
 *
 * DX documents that metadata "must not exceed 1KB", without saying of which kilobyte or serialisation: 1000 bytes
 * of compact UTF-8 JSON keeps every reading.
 */
import type { Field } from "./metadata.ts";
import { jsonBytes, jsonBytesOf } from "../base/utf8.ts";

/** Bytes of compact UTF-8 JSON that an event's metadata may have. */
export const METADATA_LIMIT = 1000;

/** Code points below which no value is cut: a UUID has 36. */
const SHORTEST = 36;

/** Bytes of `…` in UTF-8. */
const ELLIPSIS_BYTES = 3;

/** Metadata within the budget, and what that took. */
export interface FittedMetadata {
  readonly metadata: Readonly<Record<string, string>>;
  /** Bytes of the metadata as compact UTF-8 JSON. */
  readonly bytes: number;
  /** Keys whose values were cut to the common length. */
  readonly cut: readonly string[];
  /** Keys that were left out, the last ones of the list. */
  readonly dropped: readonly string[];
}

/**
 * Fits fields into the budget: as they are; else all values cut to the greatest common length that fits; else,
 * as 36 code points is the least, without the last fields.
 */
export function fitMetadata(fields: readonly Field[], limit = METADATA_LIMIT): FittedMetadata {
  const bytes = sizeOf(fields);
  if (bytes <= limit) return { metadata: Object.fromEntries(fields), bytes, cut: [], dropped: [] };

  const kept = longestHead(fields, limit);
  const values = kept.map(([, value]) => new Cuttable(value, limit));
  const length = commonLength(kept, values, limit) ?? SHORTEST;
  return {
    metadata: Object.fromEntries(kept.map(([key], i) => [key, values[i]!.at(length)])),
    bytes: frameSize(kept) + sizeAt(values, length),
    cut: kept.filter((_, i) => values[i]!.isCutAt(length)).map(([key]) => key),
    dropped: fields.slice(kept.length).map(([key]) => key),
  };
}

/**
 * The greatest length that fits. A cut value can be a byte longer than an uncut one (`…` is three), so the size is not
 * monotonic in the length, and the search goes down step by step. No value that fits is longer than the limit.
 */
function commonLength(
  fields: readonly Field[],
  values: readonly Cuttable[],
  limit: number,
): number | undefined {
  // Once, and not for every length: a key may be a million characters long.
  const frame = frameSize(fields);
  if (frame > limit) return undefined;
  for (let length = Math.max(limit, SHORTEST); length >= SHORTEST; length--) {
    if (frame + sizeAt(values, length) <= limit) return length;
  }
  return undefined;
}

/** Bytes of the values. */
function sizeAt(values: readonly Cuttable[], length: number): number {
  return values.reduce((sum, value) => sum + value.bytesAt(length), 0);
}

/** Bytes of everything but the values. */
function frameSize(fields: readonly Field[]): number {
  return fields.reduce((sum, [key]) => sum + jsonBytes(key) + 2, emptySize(fields));
}

/** Braces, less the comma that the last field does not have. */
function emptySize(fields: readonly Field[]): number {
  return fields.length === 0 ? 2 : 1;
}

function sizeOf(fields: readonly Field[]): number {
  let bytes = emptySize(fields);
  for (const field of fields) bytes += jsonBytes(field[0]) + jsonBytes(field[1]) + 2;
  return bytes;
}

/** The most fields, counted from the front, for which there is a common length. */
function longestHead(fields: readonly Field[], limit: number): readonly Field[] {
  let bytes = 1;
  let count = 0;
  // A field that fits at the shortest length is sure to fit: most are decided by that, in one pass.
  for (const [key, value] of fields) {
    bytes += jsonBytes(key) + new Cuttable(value, SHORTEST).bytesAt(SHORTEST) + 2;
    if (bytes > limit) break;
    count++;
  }
  for (; count < fields.length; count++) {
    const head = fields.slice(0, count + 1);
    if (commonLength(head, head.map(([, value]) => new Cuttable(value, limit)), limit) === undefined) break;
  }
  return fields.slice(0, count);
}

/** A value and the sizes of its beginnings, up to `longest` code points. */
class Cuttable {
  /** `#ends[n]`: code units of the first n code points; `#sizes[n]`: their bytes inside a JSON string. */
  readonly #ends: number[] = [0];
  readonly #sizes: number[] = [0];
  readonly #whole: boolean;
  readonly #value: string;

  constructor(value: string, longest: number) {
    this.#value = value;
    let end = 0;
    let size = 0;
    while (end < value.length && this.#ends.length <= longest) {
      const codePoint = value.codePointAt(end)!;
      end += codePoint > 0xffff ? 2 : 1;
      size += jsonBytesOf(codePoint);
      this.#ends.push(end);
      this.#sizes.push(size);
    }
    this.#whole = end === value.length;
  }

  isCutAt(length: number): boolean {
    return !this.#whole || this.#ends.length - 1 > length;
  }

  bytesAt(length: number): number {
    return 2 + (this.isCutAt(length) ? this.#sizes[length - 1]! + ELLIPSIS_BYTES : this.#sizes.at(-1)!);
  }

  at(length: number): string {
    return this.isCutAt(length) ? this.#value.slice(0, this.#ends[length - 1]) + "…" : this.#value;
  }
}
