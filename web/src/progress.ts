// How far it is, and how long it will take.

import type { Item } from './item.ts'

/** The cost of a file beside its bytes, in bytes: a request and an answer take time, too. */
const PER_FILE = 32 * 1024
/** Seconds over which the pace is measured. */
const WINDOW = 20
/** Seconds before a time is named. */
const SOONEST = 4

/** Sums over all files of a list. */
export interface Totals {
  /** Files that arrive or have arrived; without those that were refused or must be chosen again. */
  files: number
  arrived: number
  refused: number
  wanted: number
  /** Still to be sent. */
  open: number
  work: number
  done: number
}

export function totals(items: Iterable<Item>): Totals {
  const sum: Totals = { files: 0, arrived: 0, refused: 0, wanted: 0, open: 0, work: 0, done: 0 }
  for (const item of items) {
    if (item.state === 'wanted') {
      sum.wanted += 1
      continue
    }
    sum.files += 1
    if (item.state === 'refused') {
      sum.refused += 1
      continue
    }
    sum.work += item.size + PER_FILE
    if (item.isDone) {
      sum.arrived += 1
      sum.done += item.size + PER_FILE
    } else {
      sum.open += 1
      sum.done += Math.min(item.sent, item.size)
    }
  }
  return sum
}

/** Measures the pace of the last seconds. */
export class Pace {
  private readonly points: [time: number, done: number][] = []

  reset(): void {
    this.points.length = 0
  }

  /** Seconds that the rest will take, or `null` if that is not known yet. Times are in milliseconds. */
  left(now: number, done: number, work: number): number | null {
    this.points.push([now, done])
    while (this.points.length > 2 && now - (this.points[1]?.[0] ?? now) > WINDOW * 1000) this.points.shift()
    const [first] = this.points
    if (!first) return null
    const seconds = (now - first[0]) / 1000
    const sent = done - first[1]
    return seconds < SOONEST || sent <= 0 ? null : ((work - done) * seconds) / sent
  }
}

/** Quarters to be announced: 1, 2 and 3, each once. */
export class Quarters {
  private last = 0

  reset(): void {
    this.last = 0
  }

  /** The quarter that was just passed, or `null`. */
  passed(done: number, work: number): number | null {
    const quarter = work > 0 ? Math.min(3, Math.floor((done * 4) / work)) : 0
    if (quarter <= this.last) return null
    this.last = quarter
    return quarter
  }
}
