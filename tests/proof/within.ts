/**
 * Waits for work, but not for ever.
 *
 * @param ms the longest wait, in milliseconds
 * @throws {Error} after it, naming what was waited for; and what the work throws
 */
export async function within<T>(ms: number, work: Promise<T>, what: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`waited ${ms / 1_000} s for ${what}`)), ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
