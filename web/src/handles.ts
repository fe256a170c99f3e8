// References to the files and folders of a selection, as Chromium gives them: with one, and the person's consent, the same files
// are read again after the page was closed. A reference has a name, which lies in the browser's profile meanwhile; so it is
// kept only while something of the selection is missing, and for a week at most.

import { hash } from './memory.ts'

/** What a reference leads to. */
export type Root = FileSystemFileHandle | FileSystemDirectoryHandle

interface Asking {
  requestPermission(about: { mode: 'read' }): Promise<PermissionState>
}

interface Referring {
  getAsFileSystemHandle(): Promise<FileSystemHandle | null>
}

interface Pickers {
  showOpenFilePicker(options: { multiple: boolean }): Promise<FileSystemFileHandle[]>
  showDirectoryPicker(options: { mode: 'read' }): Promise<FileSystemDirectoryHandle>
}

interface Kept {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly roots: Root[]
}

const DATABASE = 'tresor-uploads'
const STORE = 'roots'
/** References are forgotten after a week, in milliseconds. */
const LONGEST = 7 * 24 * 3600 * 1000
/** References of a form: a browser may ask the person about each one. A larger selection is chosen again. */
const MOST_ROOTS = 50

/** The references of one form. */
export class Handles {
  private readonly key: string
  private roots: Root[] = []
  /** Changes come one after the other. */
  private turn: Promise<void> = Promise.resolve()

  constructor(place: string) {
    this.key = hash(place)
  }

  /** What an earlier visit kept, if that is unfinished. Empties the database of what is not needed any more. */
  async load(isUnfinished: boolean, now: number): Promise<readonly Root[]> {
    if (!areKnown()) return []
    await this.after(async () => {
      const [keys, all] = await Promise.all([
        within('readonly', (store) => store.getAllKeys()),
        within<Kept[]>('readonly', (store) => store.getAll()),
      ])
      for (const [at, key] of keys.entries()) {
        const kept = all[at]
        const isOwn = key === this.key
        const isFresh = kept !== undefined && Math.abs(now - kept.at) <= LONGEST
        if (!isFresh || (isOwn && !isUnfinished)) await within('readwrite', (store) => store.delete(key))
        else if (isOwn) this.roots = kept.roots
      }
    })
    return this.roots
  }

  /** Keeps references beside those that it has. */
  keep(more: readonly Root[], now: number): void {
    if (more.length === 0) return
    void this.after(async () => {
      const roots = [...this.roots]
      for (const root of more) {
        const same = await Promise.all(roots.map((other) => other.isSameEntry(root)))
        if (!same.includes(true)) roots.push(root)
        if (roots.length > MOST_ROOTS) return
      }
      this.roots = roots
      await within('readwrite', (store) => store.put({ at: now, roots } satisfies Kept, this.key))
    })
  }

  forget(): void {
    if (!areKnown()) return
    void this.after(async () => {
      this.roots = []
      await within('readwrite', (store) => store.delete(this.key))
    })
  }

  /** The browser's storage may be full or forbidden: then nothing is kept. */
  private after(act: () => Promise<void>): Promise<void> {
    this.turn = this.turn.then(act).catch(() => undefined)
    return this.turn
  }
}

/** Forgets the references of all forms. */
export function forgetAll(): void {
  if (!areKnown()) return
  try {
    indexedDB.deleteDatabase(DATABASE)
  } catch {
    // Forbidden: nothing was kept.
  }
}

/** Asks the person for those that may be read. To be called while a click is handled; all at once, so that one click is enough. */
export async function allowed(roots: readonly Root[]): Promise<Root[]> {
  const ask = (root: Root) => (root as unknown as Asking).requestPermission({ mode: 'read' }).catch(() => 'denied' as const)
  const answers = await Promise.all(roots.map(ask))
  return roots.filter((_, at) => answers[at] === 'granted')
}

/** References to what is dropped. To be called while the event is handled: afterwards the browser forgets it. */
export async function ofDrop(data: DataTransfer): Promise<Root[]> {
  const refer = (item: DataTransferItem) => (item as unknown as Partial<Referring>).getAsFileSystemHandle?.()
  const asked = [...data.items].filter((item) => item.kind === 'file').map((item) => refer(item)?.catch(() => null))
  const found = await Promise.all(asked)
  return found.filter((root): root is Root => root != null)
}

/**
 * Whether the browser's dialogue gives references. Not at a programmed browser, which fills the inputs. Phones offer more in the
 * dialogue of an input: their camera, and photos in the format of their choice.
 */
export function canPick(): boolean {
  return 'showOpenFilePicker' in window && !navigator.webdriver && matchMedia('(pointer: fine)').matches
}

/** What the person chooses in the browser's dialogue. Rejects with an `AbortError` if that is nothing. */
export async function pick(isFolder: boolean, multiple: boolean): Promise<Root[]> {
  const pickers = window as unknown as Pickers
  return isFolder ? [await pickers.showDirectoryPicker({ mode: 'read' })] : pickers.showOpenFilePicker({ multiple })
}

/** Whether the browser has references at all. */
function areKnown(): boolean {
  return 'getAsFileSystemHandle' in DataTransferItem.prototype || 'showOpenFilePicker' in window
}

/** Does one thing with the database, which stays closed otherwise, so that another tab can remove it. */
async function within<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const opening = indexedDB.open(DATABASE, 1)
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE)
  const database = await answer(opening)
  try {
    return await answer(act(database.transaction(STORE, mode).objectStore(STORE)))
  } finally {
    database.close()
  }
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error())
  })
}
