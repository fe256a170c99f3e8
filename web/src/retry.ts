// How long to wait before trying again.

/** First and longest wait, in milliseconds. */
const FIRST = 1000
const LONGEST = 60_000

/** The wait before a new attempt: doubled each time, and varied so that many browsers do not come back at once. */
export function delay(attempt: number, random: number): number {
  return Math.min(LONGEST, FIRST * 2 ** Math.min(attempt, 16)) * (0.5 + random / 2)
}

/** Lets all who wait go on at once: the line is back, or the page is looked at again. */
export class Alarm {
  private readonly waiting = new Set<() => void>()

  ring(): void {
    for (const wake of this.waiting) wake()
  }

  /** Waits for a time or the alarm. Rejects with the signal's reason. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer)
        this.waiting.delete(wake)
        signal.removeEventListener('abort', stop)
      }
      const wake = () => {
        end()
        resolve()
      }
      const stop = () => {
        end()
        reject(signal.reason)
      }
      const timer = setTimeout(wake, milliseconds)
      this.waiting.add(wake)
      if (signal.aborted) stop()
      else signal.addEventListener('abort', stop)
    })
  }
}
