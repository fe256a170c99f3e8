// How long the person has done nothing, and the consequences. Reckoned with the clock and not with timers: a machine
// that slept, or a tab in the background, is locked at its first tick.

/** `soon`: the page says that it will be locked. */
export type State = 'open' | 'soon' | 'locked'

/** Longest warning, in milliseconds; half of a shorter time. */
const LONGEST_WARNING = 60_000

export class Idle {
  private active: number
  private readonly after: number

  /** `after`: time in milliseconds without input until the lock. */
  constructor(after: number, now: number) {
    this.after = after
    this.active = now
  }

  /** The person did something, here or in another tab. */
  act(at: number): void {
    this.active = Math.max(this.active, at)
  }

  state(now: number): State {
    const left = this.left(now)
    if (left <= 0) return 'locked'
    return left <= Math.min(LONGEST_WARNING, this.after / 2) ? 'soon' : 'open'
  }

  /** Milliseconds until the lock. A clock that was set back counts as if the person had just done something. */
  left(now: number): number {
    if (now < this.active) this.active = now
    return this.active + this.after - now
  }
}
