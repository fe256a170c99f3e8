// One file from its first byte to the answer that it is stored, across broken lines.

import { delay, type Alarm } from './retry.ts'
import * as tus from './tus.ts'
import { LineBroken, type Answer, type Question, type Wire } from './wire.ts'

/** The part of a file that transfers need. */
export interface Content {
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> }
}

export interface Transfer {
  readonly path: string
  readonly size: number
  readonly content: Content
  /** Address of the upload, once it has begun. */
  url: string | null
  /** Whether a request that began an upload remained without an answer. */
  inDoubt: boolean
}

/** The server's knowledge of a file whose upload was begun without an answer. */
export type Trace = 'stored' | { readonly url: string } | null

export interface Tools {
  readonly endpoint: string
  readonly wire: Wire
  readonly alarm: Alarm
  readonly signal: AbortSignal
  readonly random: () => number
  /** Headers of the session. */
  headers(): Record<string, string>
  metadata(): Record<string, string>
  /** Looks for a file whose upload may have begun. */
  trace(): Promise<Trace>
  /** Renews the session's token, if the page has one. */
  renew(): Promise<Renewal>
  /** Bytes that the server has or that are on their way; all of them while it stores the file. */
  progress(sent: number): void
  /** The line is broken or the server is busy. */
  interrupted(): void
}

/** Whether the page has a new token, none, or the one that was refused. */
export type Renewal = 'renewed' | 'same' | 'signed-out'

/** The server refused the file for good; the message is for the person, or empty. */
export class Refused extends Error {}
/** The device cannot read the file. */
export class Unreadable extends Error {}
/** The person must sign in again. */
export class SignedOut extends Error {}

/** Times that an upload is begun anew after the server lost it. */
const MOST_BEGINNINGS = 3

/**
 * Sends a file. Resolves with the name that it got, if that is another than was sent; empty otherwise.
 *
 * Rejects with [`Refused`], [`Unreadable`], [`SignedOut`], or with the signal's reason.
 */
export async function send(file: Transfer, tools: Tools): Promise<string> {
  let offset: number | null = null
  let [attempt, beginnings, renewals] = [0, 0, 0]
  for (;;) {
    let answer: Answer
    let asks = false
    try {
      if (file.inDoubt) {
        const trace = await tools.trace()
        if (trace === 'stored') return ''
        file.url = trace?.url ?? null
        file.inDoubt = false
        offset = null
      }
      if (file.url === null) {
        answer = await begin(file, tools)
      } else if (offset === null) {
        asks = true
        answer = await ask(tus.ask(file.url), tools)
      } else {
        answer = await append(file, file.url, offset, tools)
      }
    } catch (error) {
      if (!(error instanceof LineBroken)) throw error
      offset = null
      tools.interrupted()
      await tools.alarm.wait(delay(attempt++, tools.random()), tools.signal)
      continue
    }
    const { status } = answer
    if (status >= 200 && status < 300) {
      attempt = 0
      renewals = 0
      if (file.url === null) file.url = address(answer, tools.endpoint)
      else if (!asks && offset === file.size) return answer.storedAs ?? ''
      const arrived = answer.offset ?? (asks ? null : file.size)
      if (!asks && arrived === file.size) return answer.storedAs ?? ''
      offset = arrived
      tools.progress(offset ?? 0)
    } else if (isPassing(status)) {
      // Also after a beginning that was answered: the server may have kept the bytes that it received.
      file.url ??= answer.location === null ? null : address(answer, tools.endpoint)
      offset = null
      tools.interrupted()
      const wait = delay(attempt++, tools.random())
      await tools.alarm.wait(Math.max(wait, (answer.retryAfter ?? 0) * 1000), tools.signal)
    } else if (status === 409 && file.url !== null && !asks) {
      offset = null
      await tools.alarm.wait(delay(attempt++, tools.random()) / 4, tools.signal)
    } else if ((status === 404 || status === 410) && file.url !== null) {
      // The server may have forgotten the upload because it became a file.
      if (++beginnings > MOST_BEGINNINGS) throw new Refused(answer.text)
      file.inDoubt = true
      file.url = null
      offset = null
    } else if (status === 401 || status === 403) {
      const renewal = ++renewals > 1 ? 'same' : await renewed(tools)
      if (renewal === 'signed-out') throw new SignedOut()
      if (renewal === 'same') throw new Refused(answer.text)
    } else {
      throw new Refused(answer.text)
    }
  }
}

/** Without a line it is not known; then the request is refused as it was. */
async function renewed(tools: Tools): Promise<Renewal> {
  try {
    return await tools.renew()
  } catch (error) {
    if (error instanceof LineBroken) return 'same'
    throw error
  }
}

/** Whether trying again later can help. */
export function isPassing(status: number): boolean {
  return status === 0 || status === 408 || status === 423 || status === 429 || (status >= 500 && status !== 507 && status !== 501)
}

async function begin(file: Transfer, tools: Tools): Promise<Answer> {
  const body = file.size <= tus.WITH_CREATION ? await read(file, 0, file.size) : undefined
  const question = tus.begin(tools.endpoint, file.size, { ...tools.metadata(), filename: file.path }, body)
  tools.progress(0)
  file.inDoubt = true
  const answer = await ask({ ...question, progress: tools.progress }, tools)
  file.inDoubt = false
  return answer
}

async function append(file: Transfer, url: string, offset: number, tools: Tools): Promise<Answer> {
  const body = await read(file, offset, Math.min(file.size, offset + tus.PART))
  const progress = (sent: number) => tools.progress(offset + Math.min(sent, body.byteLength))
  return ask({ ...tus.append(url, offset, body), progress }, tools)
}

function ask(question: Question, tools: Tools): Promise<Answer> {
  return tools.wire({ ...question, headers: { ...question.headers, ...tools.headers() }, signal: tools.signal })
}

async function read(file: Transfer, start: number, end: number): Promise<ArrayBuffer> {
  let bytes: ArrayBuffer
  try {
    bytes = await file.content.slice(start, end).arrayBuffer()
  } catch {
    throw new Unreadable()
  }
  // A file that became shorter gives fewer bytes.
  if (bytes.byteLength !== end - start) throw new Unreadable()
  return bytes
}

/** The address of an upload, which is on this server. */
function address(answer: Answer, endpoint: string): string {
  const url = new URL(answer.location ?? '', endpoint)
  if (answer.location === null || url.origin !== new URL(endpoint).origin) throw new Refused('')
  return url.href
}
