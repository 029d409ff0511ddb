/** Wakes whoever sleeps, once there is somebody. */
export class Alarm {
  #wake: (() => void) | undefined;

  /** Who is to be woken. */
  onRing(wake: () => void): void {
    this.#wake = wake;
  }

  /** Wakes them. */
  ring(): void {
    this.#wake?.();
  }
}
