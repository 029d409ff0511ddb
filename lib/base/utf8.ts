/** Sizes of texts in UTF-8, without an encoder: the core has no platform API. */

/** Bytes that one code point takes inside a JSON string, as `JSON.stringify` writes it. */
export function jsonBytesOf(codePoint: number): number {
  if (codePoint < 0x20) {
    // \b \t \n \f \r have a short form, the others are \u00XX.
    return codePoint >= 0x08 && codePoint <= 0x0d && codePoint !== 0x0b ? 2 : 6;
  }
  if (codePoint === 0x22 || codePoint === 0x5c) return 2;
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  // JSON.stringify spells a lone surrogate as \uXXXX.
  if (codePoint >= 0xd800 && codePoint <= 0xdfff) return 6;
  return codePoint < 0x10000 ? 3 : 4;
}

/** Bytes of a text as a JSON string, its two quotation marks included. */
export function jsonBytes(text: string): number {
  let bytes = 2;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x20 && unit < 0x80 && unit !== 0x22 && unit !== 0x5c) {
      bytes++;
      continue;
    }
    const codePoint = text.codePointAt(i)!;
    if (codePoint > 0xffff) i++;
    bytes += jsonBytesOf(codePoint);
  }
  return bytes;
}

/** Bytes of a well-formed text in UTF-8. */
export function utf8Bytes(text: string): number {
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    // Half of a pair counts two: a pair is four bytes.
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 2 : 3;
  }
  return bytes;
}
