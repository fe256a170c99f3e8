// This browser's memory of a selection until all of it has arrived: how many files it had, and marks of those that
// were sent. A mark is a hash, so no name stays behind on the device. The server's own list goes first.

import { read, write } from './storage.ts'

/** A selection that was not finished is forgotten after a week, in milliseconds. */
const LONGEST = 7 * 24 * 3600 * 1000

interface Kept {
  at: number
  total: number
  sent: string[]
}

export class Memory {
  private readonly sent = new Set<string>()
  private readonly key: string
  private total = 0

  constructor(place: string, now: number) {
    this.key = `tresor-upload-${hash(place)}`
    try {
      const kept = JSON.parse(read(this.key) ?? 'null') as Kept | null
      if (!kept) return
      if (now - kept.at > LONGEST) {
        this.forget()
        return
      }
      this.total = kept.total
      kept.sent.forEach((mark) => this.sent.add(mark))
    } catch {
      // Another version of this script may have kept it.
    }
  }

  /** Files of the selection, and how many of them were sent; `null` if nothing is unfinished. */
  get unfinished(): { total: number; sent: number } | null {
    return this.total > this.sent.size ? { total: this.total, sent: this.sent.size } : null
  }

  has(path: string, size: number, mtime: number | null): boolean {
    return this.sent.has(hash(`${path}\n${size}\n${mtime ?? ''}`))
  }

  note(path: string, size: number, mtime: number | null): void {
    this.sent.add(hash(`${path}\n${size}\n${mtime ?? ''}`))
  }

  save(total: number, now: number): void {
    this.total = total
    write(this.key, JSON.stringify({ at: now, total, sent: [...this.sent] } satisfies Kept))
  }

  forget(): void {
    this.sent.clear()
    this.total = 0
    write(this.key, null)
  }
}

/** 64 bits of FNV-1a over two orders of the text: enough to tell files of one selection apart. */
export function hash(text: string): string {
  let [a, b] = [0x811c9dc5, 0xc9dc5118]
  for (let at = 0; at < text.length; at += 1) {
    a = Math.imul(a ^ text.charCodeAt(at), 0x01000193)
    b = Math.imul(b ^ text.charCodeAt(text.length - 1 - at), 0x01000193)
  }
  return (a >>> 0).toString(36) + (b >>> 0).toString(36)
}
