// Files that the server already has: unfinished uploads, and arrived ones.

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
  /** Hexadecimal digits. */
  readonly sha256?: string | null
  readonly item?: string | number | null
}

export interface Known {
  readonly uploads: readonly OpenUpload[]
  readonly files: readonly ArrivedFile[]
}

const NOTHING: Known = { uploads: [], files: [] }

/** Asks the server. No usable answer counts as nothing. Rejects if the line is broken or the server is busy. */
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

/** Only the files of one item of a request; `undefined` for forms that have none. */
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

/** Largest file that is hashed to find out whether the server has it, in bytes: it is read into memory for that. */
const MOST_HASHED = 64 * 2 ** 20

/**
 * Whether the server has just this content under the file's path. Name and size are not enough: a corrected table has both.
 * A content that cannot be compared counts as another one, and is sent.
 */
export async function hasContent(known: Known, item: Item): Promise<boolean> {
  const { file, path, size } = item
  const digests = known.files.filter((arrived) => arrived.path === path && arrived.size === size).map(({ sha256 }) => sha256)
  if (digests.length === 0 || file === null || size > MOST_HASHED) return false
  try {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()))
    return digests.includes([...digest].map((byte) => byte.toString(16).padStart(2, '0')).join(''))
  } catch {
    // The file cannot be read, which its upload will say; or the page came without TLS, where browsers do not hash.
    return false
  }
}
