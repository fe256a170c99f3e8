// The files that a person chose or dropped, with their paths.

import type { Root } from './handles.ts'

export interface Picked {
  readonly path: string
  readonly file: File
}

export interface Gathered {
  readonly picked: Picked[]
  /** Paths of all folders that were read; an input tells of none. */
  readonly folders: string[]
  /** Whether a folder or a file in it could not be read. */
  readonly isIncomplete: boolean
}

/** Files read between two looks at the page, so that it stays fluid. */
const SLICE = 500

/** The files of an input, with the paths that a chosen folder gives them. */
export async function fromInput(files: Iterable<File>, progress: (count: number) => void): Promise<Gathered> {
  const picked: Picked[] = []
  for (const file of files) {
    picked.push({ path: file.webkitRelativePath || file.name, file })
    if (picked.length % SLICE === 0) await pause(progress, picked.length)
  }
  return { picked, folders: [], isIncomplete: false }
}

/**
 * The files of a drop, with all folders read to their end.
 *
 * The entries must be taken before the event ends: afterwards the browser forgets them.
 */
export async function fromDrop(data: DataTransfer, progress: (count: number) => void): Promise<Gathered> {
  const entries = [...data.items].map((item) => item.webkitGetAsEntry?.() ?? null)
  const files = [...data.files]
  const known = entries.filter((entry): entry is FileSystemEntry => entry !== null)
  if (known.length === 0) return fromInput(files, progress)
  const picked: Picked[] = []
  const folders: string[] = []
  let isIncomplete = false
  const open = known.reverse()
  for (let entry = open.pop(); entry; entry = open.pop()) {
    try {
      const path = entry.fullPath.replace(/^\//, '')
      if (isFolder(entry)) {
        open.push(...(await members(entry)).reverse())
        folders.push(path)
      } else {
        picked.push({ path, file: await content(entry as FileSystemFileEntry) })
      }
    } catch {
      isIncomplete = true
    }
    if (picked.length % SLICE === SLICE - 1) await pause(progress, picked.length)
  }
  return { picked, folders, isIncomplete }
}

/** The files behind references, with all folders read to their end. */
export async function fromRoots(roots: readonly Root[], progress: (count: number) => void): Promise<Gathered> {
  const picked: Picked[] = []
  const folders: string[] = []
  let isIncomplete = false
  const open = roots.map((root): [string, Root] => [root.name, root]).reverse()
  for (let next = open.pop(); next; next = open.pop()) {
    const [path, root] = next
    try {
      if (root.kind === 'directory') {
        for await (const member of root.values()) open.push([`${path}/${member.name}`, member])
        folders.push(path)
      } else {
        picked.push({ path, file: await root.getFile() })
      }
    } catch {
      isIncomplete = true
    }
    if (picked.length % SLICE === SLICE - 1) await pause(progress, picked.length)
  }
  return { picked, folders, isIncomplete }
}

/** The folders that have no file at any depth; without those above another one, which come with it. */
export function withoutFiles(folders: readonly string[], files: readonly string[]): string[] {
  const full = new Set<string>()
  for (const path of files) noteAbove(full, path)
  const bare = folders.filter((folder) => !full.has(folder))
  const above = new Set<string>()
  for (const folder of bare) noteAbove(above, folder)
  return bare.filter((folder) => !above.has(folder))
}

/** Adds the folders above a path. */
function noteAbove(to: Set<string>, path: string): void {
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
    const folder = path.slice(0, at)
    if (to.has(folder)) return
    to.add(folder)
  }
}

function isFolder(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory
}

/** All members of a folder. One call gives at most 100; only an empty answer is the end. */
export async function members(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader()
  const all: FileSystemEntry[] = []
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) return all
    all.push(...some)
  }
}

function content(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject))
}

async function pause(progress: (count: number) => void, count: number): Promise<void> {
  progress(count)
  await new Promise((resolve) => setTimeout(resolve))
}
