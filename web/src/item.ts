// A file of the list, and how it stands.

export type State =
  /** Its turn will come. */
  | 'waiting'
  /** Bytes are on their way. */
  | 'sending'
  /** All bytes are sent; the server makes them durable. */
  | 'storing'
  /** The line is broken, or the server is busy; it goes on by itself. */
  | 'no-line'
  /** The server has stored it. */
  | 'arrived'
  /** It was stored before this page was opened. */
  | 'there'
  /** The server has a part of it; the person must choose the file again. */
  | 'wanted'
  /** It will not arrive as it is. */
  | 'refused'

export class Item {
  state: State = 'waiting'
  /** Bytes that the server has, or that are on their way. */
  sent = 0
  /** Why it was refused. */
  reason = ''
  /** Whether trying again can help. */
  canRetry = true
  /** Its name in the folder, if that is another one than was sent. */
  storedAs = ''
  /** Whether the page lists it among the files that the server has. */
  isListed = false
  /** When it arrived, as clocks show it. */
  clock = ''
  /** Address of its upload, once that has begun. */
  url: string | null = null
  /** Whether a request that began an upload remained without an answer. */
  inDoubt = false
  /** Whether an earlier visit may have sent it without hearing of it. */
  isUncertain = false
  /** Ends the request under way. */
  abort: AbortController | null = null

  readonly id: number
  /** Path with `/`, as the device has it. */
  readonly path: string
  readonly size: number
  /** Seconds since 1970; `null` if only the server knows the file. */
  readonly mtime: number | null
  /** `null` if only the server knows the file. */
  readonly file: File | null

  constructor(id: number, path: string, file: File | null, size = file?.size ?? 0) {
    this.id = id
    this.path = path
    this.file = file
    this.size = size
    this.mtime = file ? Math.floor(file.lastModified / 1000) : null
  }

  /** Its bytes; only a chosen file has some. */
  get content(): Blob {
    return this.file ?? new Blob()
  }

  get isUnderWay(): boolean {
    return this.state === 'sending' || this.state === 'storing' || this.state === 'no-line'
  }

  get isDone(): boolean {
    return this.state === 'arrived' || this.state === 'there'
  }

  refuse(reason: string, canRetry: boolean): void {
    this.state = 'refused'
    this.reason = reason
    this.canRetry = canRetry
    this.sent = 0
  }
}
