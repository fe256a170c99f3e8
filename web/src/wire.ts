// Requests. `fetch` does not tell how much of a body is sent, so these are made by XMLHttpRequest.

export interface Answer {
  readonly status: number
  readonly location: string | null
  readonly offset: number | null
  readonly storedAs: string | null
  /** Why the server refused, in the page's language; empty if it did not say. */
  readonly text: string
  /** The whole body. */
  readonly body: string
  /** Length of the content, in bytes. */
  readonly length: number | null
  /** When the content was changed, in seconds since 1970. */
  readonly modified: number | null
  /** Seconds to wait. */
  readonly retryAfter: number | null
}

export interface Question {
  readonly method: string
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: ArrayBuffer
  /** Bytes of the body that left. */
  readonly progress?: (sent: number) => void
  readonly signal?: AbortSignal
}

export type Wire = (question: Question) => Promise<Answer>

/** The request got no answer. */
export class LineBroken extends Error {}

/** Longest time without any progress, in milliseconds; a line that fell silent is given up. */
const LONGEST_SILENCE = 90_000
/** The same once all bytes are sent: the server checks and stores them. */
const LONGEST_STORING = 600_000

/** Sends a request. Rejects with [`LineBroken`], or with the signal's reason. */
export const wire: Wire = (question) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const { signal, body } = question
    let timer = 0
    const watch = (limit: number) => {
      clearTimeout(timer)
      timer = window.setTimeout(() => request.abort(), limit)
    }
    const stop = () => request.abort()
    request.open(question.method, question.url)
    for (const [name, value] of Object.entries(question.headers ?? {})) request.setRequestHeader(name, value)
    if (body && body.byteLength > 0) {
      request.upload.onprogress = (event) => {
        watch(LONGEST_SILENCE)
        question.progress?.(event.loaded)
      }
      request.upload.onload = () => watch(LONGEST_STORING)
    }
    request.onload = () => resolve(answer(request))
    request.onerror = () => reject(new LineBroken())
    request.onabort = () => reject(signal?.aborted ? signal.reason : new LineBroken())
    request.onloadend = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', stop)
    }
    if (signal?.aborted) return reject(signal.reason)
    signal?.addEventListener('abort', stop)
    // Asked how far it is, or for the end, the server may have to make the file first.
    const makesFile = question.method === 'HEAD' || (question.method === 'PATCH' && body?.byteLength === 0)
    watch(makesFile ? LONGEST_STORING : LONGEST_SILENCE)
    request.send(body ?? null)
  })

function answer(request: XMLHttpRequest): Answer {
  const body = request.responseText
  return {
    status: request.status,
    location: request.getResponseHeader('Location'),
    offset: number(request.getResponseHeader('Upload-Offset')),
    storedAs: decoded(request.getResponseHeader('Tresor-Stored-As')),
    text: text(request, body),
    body,
    length: number(request.getResponseHeader('Content-Length')),
    modified: seconds(request.getResponseHeader('Last-Modified')),
    retryAfter: number(request.getResponseHeader('Retry-After')),
  }
}

function number(value: string | null): number | null {
  return value !== null && /^\d{1,15}$/.test(value) ? Number(value) : null
}

/** Seconds since 1970 of a date in words or in seconds. */
export function seconds(value: string | number | null | undefined): number | null {
  if (typeof value === 'number') return value
  const time = Date.parse(value ?? '')
  return Number.isNaN(time) ? null : Math.floor(time / 1000)
}

function decoded(value: string | null): string | null {
  try {
    return value === null ? null : decodeURIComponent(value)
  } catch {
    return null
  }
}

function text(request: XMLHttpRequest, body: string): string {
  if (request.status < 400 || !request.getResponseHeader('Content-Type')?.startsWith('application/json')) return ''
  try {
    const said: unknown = (JSON.parse(body) as { text?: unknown }).text
    return typeof said === 'string' ? said : ''
  } catch {
    return ''
  }
}
