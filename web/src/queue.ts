// Whose turn it is, over all forms of a page.

import type { Item } from './item.ts'
import { WITH_CREATION } from './tus.ts'

/**
 * Small files that are sent at once. With a large one that makes five: over HTTP/1.1 browsers keep six connections to a
 * server, and one stays free for the page itself.
 */
const SMALL_AT_ONCE = 4
const LARGE_AT_ONCE = 1

/** A form with files to send. */
export interface Source {
  /** The next file that waits, small or large. */
  next(isLarge: boolean): Item | null
  /** Sends it; never rejects. */
  run(item: Item): Promise<void>
}

export function isLarge(item: Item): boolean {
  return item.size > WITH_CREATION
}

export class Queue {
  private readonly sources: Source[] = []
  private small = 0
  private large = 0
  private readonly changed: (isBusy: boolean) => void

  constructor(changed: (isBusy: boolean) => void) {
    this.changed = changed
  }

  add(source: Source): void {
    this.sources.push(source)
  }

  /** Begins as many files as may be under way. */
  pump(): void {
    while (this.small < SMALL_AT_ONCE && this.start(false));
    while (this.large < LARGE_AT_ONCE && this.start(true));
    this.changed(this.small + this.large > 0)
  }

  private start(large: boolean): boolean {
    for (const source of this.sources) {
      const item = source.next(large)
      if (item) {
        void this.run(source, item, large)
        return true
      }
    }
    return false
  }

  private async run(source: Source, item: Item, large: boolean): Promise<void> {
    if (large) this.large += 1
    else this.small += 1
    await source.run(item)
    if (large) this.large -= 1
    else this.small -= 1
    this.pump()
  }
}
