// The limits, checked before the first byte is sent.

import type { Terms } from './config.ts'
import { ending } from './names.ts'
import { fill, type Words } from './words.ts'

/** Counts the sent files against the limits of a form. The server judges again. */
export class Allowance {
  private files = 0
  private bytes = 0
  private readonly terms: Terms
  private readonly words: Words

  constructor(terms: Terms, words: Words) {
    this.terms = terms
    this.words = words
  }

  /** Takes a file into account, or says why it may not be sent. */
  take(path: string, size: number): string | null {
    const { types, files, bytes } = this.terms
    if (types.length > 0 && !types.includes(ending(path))) {
      return fill(this.words.wrong_type, { types: types.map((type) => type.toUpperCase()).join(', ') })
    }
    if (files !== null && this.files + 1 > files) return this.words.too_many
    if (bytes !== null && this.bytes + size > bytes) return this.words.too_much
    this.files += 1
    this.bytes += size
    return null
  }

  /** Gives back the share of a file that will not arrive. */
  giveBack(size: number): void {
    this.files -= 1
    this.bytes -= size
  }
}
