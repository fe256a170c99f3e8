// What the server already has: unfinished uploads, and files that arrived.

import type { Item } from './item.ts'
import { LineBroken, seconds, type Wire } from './wire.ts'

export interface OpenUpload {
  readonly url: string
  readonly path: string
  readonly size: number
  readonly received: number
  readonly item?: string | number | null
  /** Seconds since 1970, or a date in words. */
  readonly modified?: number | string | null
}

export interface ArrivedFile {
  readonly path: string
  readonly size: number
  readonly item?: string | number | null
}

export interface Known {
  readonly uploads: readonly OpenUpload[]
  readonly files: readonly ArrivedFile[]
}

const NOTHING: Known = { uploads: [], files: [] }

/** Asks the server. What it does not know or tell is nothing. Rejects if the line is broken or the server is busy. */
export async function fetchKnown(wire: Wire, url: string, headers: Record<string, string>): Promise<Known> {
  const answer = await wire({ method: 'GET', url, headers })
  if (answer.status === 429 || answer.status >= 500) throw new LineBroken()
  if (answer.status !== 200) return NOTHING
  try {
    const { uploads, files } = JSON.parse(answer.body) as Partial<Known>
    return { uploads: uploads ?? [], files: files ?? [] }
  } catch {
    return NOTHING
  }
}

/** Only what belongs to one item of a request; `undefined` for forms that have none. */
export function ofItem(known: Known, item: string | undefined): Known {
  const is = (row: { item?: string | number | null }) => String(row.item ?? '') === (item ?? '')
  return { uploads: known.uploads.filter(is), files: known.files.filter(is) }
}

/** The unfinished upload of a file, if it is surely the same: path, size, and time as far as known. */
export function openUpload(known: Known, item: Item, taken: ReadonlySet<string>): OpenUpload | null {
  const is = (upload: OpenUpload) => {
    const modified = seconds(upload.modified)
    const isSameTime = modified === null || item.mtime === null || modified === item.mtime
    return upload.path === item.path && upload.size === item.size && isSameTime && !taken.has(upload.url)
  }
  return known.uploads.find(is) ?? null
}

/** How often the file has arrived; by path and size, as the server tells no more. */
export function arrivals(known: Known, item: Item): number {
  return known.files.filter((file) => file.path === item.path && file.size === item.size).length
}
