/**
 * Bytes of a body, as its sender declares them; NaN: not at all, or in chunks as well. Chunks count then, however many
 * there are, and Deno shows both headers (requests with 2.4, answers with 2.9 too).
 */
export function declaredLength(headers: { get(name: string): string | null }): number {
  const length = headers.get("transfer-encoding") === null ? headers.get("content-length") : null;
  return length !== null && /^\d+$/.test(length) ? Number(length) : NaN;
}

/**
 * Reads a stream up to a limit, until the signal is aborted.
 *
 * @param take asked before a chunk of so many bytes is kept
 * @returns the bytes, or undefined when there are more than `limit`, `take` said no, or the signal was aborted: no more
 * is then read
 * @throws what the stream throws
 */
export async function readAtMost(
  stream: ReadableStream<Uint8Array> | null,
  limit: number,
  signal?: AbortSignal,
  take: (bytes: number) => boolean = () => true,
): Promise<Uint8Array | undefined> {
  if (stream === null) return new Uint8Array();
  const reader = stream.getReader();
  // Cancelling ends a pending read; that the stream cannot be cancelled properly any more concerns nobody.
  const stop = () => void reader.cancel().catch(() => {});
  signal?.addEventListener("abort", stop);
  try {
    if (signal?.aborted) {
      stop();
      return undefined;
    }
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      length += read.value.byteLength;
      if (length > limit || !take(read.value.byteLength)) {
        stop();
        return undefined;
      }
      chunks.push(read.value);
    }
    return signal?.aborted ? undefined : joined(chunks);
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

/** Chunks as one. */
export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [only] = chunks;
  if (only !== undefined && chunks.length === 1) return only;
  const bytes = new Uint8Array(chunks.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
