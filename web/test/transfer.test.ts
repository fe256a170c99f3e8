// A file is sent to a server that behaves as each test says; the line and the clock are made up.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Alarm } from '../src/retry.ts'
import { PART, WITH_CREATION } from '../src/tus.ts'
import { Refused, SignedOut, Unreadable, send, type Renewal, type Tools, type Trace, type Transfer } from '../src/transfer.ts'
import { LineBroken, type Answer, type Question, type Wire } from '../src/wire.ts'

const ENDPOINT = 'https://office.example/s/x/tus'

function answer(status: number, more: Partial<Answer> = {}): Answer {
  return {
    status,
    location: null,
    offset: null,
    storedAs: null,
    text: '',
    body: '',
    length: null,
    modified: null,
    retryAfter: null,
    ...more,
  }
}

/** Waits end at once. */
class NoWait extends Alarm {
  waits: number[] = []

  override wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    this.waits.push(milliseconds)
    return signal.aborted ? Promise.reject(signal.reason) : Promise.resolve()
  }
}

/** A server that keeps one upload. */
class Server {
  size = 0
  received: Uint8Array = new Uint8Array()
  exists = false
  questions: string[] = []
  /** Takes an answer's place. */
  faults: ((question: Question) => Promise<Answer> | null)[] = []

  wire: Wire = async (question) => {
    this.questions.push(question.method)
    const fault = this.faults.shift()?.(question)
    return fault ?? this.answer(question)
  }

  answer({ method, headers, body }: Question): Answer {
    if (method === 'POST') {
      this.exists = true
      this.size = Number(headers?.['Upload-Length'])
      this.received = new Uint8Array(body ?? new ArrayBuffer(0))
      return answer(201, { location: '/s/x/tus/1', offset: this.received.length })
    }
    if (!this.exists) return answer(404)
    if (method === 'HEAD') return answer(200, { offset: this.received.length })
    if (Number(headers?.['Upload-Offset']) !== this.received.length) return answer(409)
    this.take(body)
    return answer(204, { offset: this.received.length })
  }

  take(body: ArrayBuffer | undefined): void {
    this.received = Buffer.concat([this.received, new Uint8Array(body ?? new ArrayBuffer(0))])
  }
}

function content(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size)
  for (let at = 0; at < size; at += 1) bytes[at] = (at * 31) % 251
  return bytes
}

function file(size: number): Transfer {
  return { path: 'a/ü.txt', size, content: new Blob([content(size)]), url: null, inDoubt: false }
}

function tools(server: Server, more: Partial<Tools> = {}): Tools & { alarm: NoWait } {
  return {
    endpoint: ENDPOINT,
    wire: server.wire,
    signal: new AbortController().signal,
    random: () => 0,
    headers: () => ({}),
    metadata: () => ({ mtime: '1' }),
    trace: () => Promise.resolve<Trace>(null),
    renew: () => Promise.resolve<Renewal>('same'),
    progress: () => undefined,
    interrupted: () => undefined,
    ...more,
    alarm: new NoWait(),
  }
}

const broken = () => Promise.reject(new LineBroken())
const status = (code: number, more: Partial<Answer> = {}) => () => Promise.resolve(answer(code, more))

/** Takes half of the body before the line breaks. */
function cut(server: Server): (question: Question) => Promise<Answer> {
  return ({ body }) => {
    server.take(body?.slice(0, body.byteLength / 2))
    return broken()
  }
}

for (const size of [0, 1, WITH_CREATION]) {
  test(`${size} bytes travel with the first request`, async () => {
    const server = new Server()
    assert.equal(await send(file(size), tools(server)), '')
    assert.deepEqual(server.questions, ['POST'])
    assert.ok(Buffer.from(content(size)).equals(server.received))
  })
}

test('larger files are sent in parts of bounded size', async () => {
  const server = new Server()
  const size = 2 * PART + 1
  const largest: number[] = []
  const wire: Wire = (question) => {
    largest.push(question.body?.byteLength ?? 0)
    return server.wire(question)
  }
  await send(file(size), tools(server, { wire }))
  assert.deepEqual(largest, [0, PART, PART, 1])
  assert.ok(Buffer.from(content(size)).equals(server.received))
})

test('a broken line is asked how far it came, and the rest is sent', async () => {
  const server = new Server()
  const size = WITH_CREATION + 10
  server.faults = [() => null, cut(server), broken]
  const used = tools(server)
  await send(file(size), used)
  assert.deepEqual(server.questions, ['POST', 'PATCH', 'HEAD', 'HEAD', 'PATCH'])
  assert.ok(Buffer.from(content(size)).equals(server.received))
  assert.deepEqual(used.alarm.waits, [500, 1000])
})

test('the last answer may be lost: the end is asked for again', async () => {
  const server = new Server()
  const size = WITH_CREATION + 10
  server.faults = [
    () => null,
    ({ body }) => {
      server.take(body)
      return broken()
    },
  ]
  await send(file(size), tools(server))
  assert.deepEqual(server.questions, ['POST', 'PATCH', 'HEAD', 'PATCH'])
  assert.equal(server.received.length, size)
})

test('a beginning without an answer is looked for before it is repeated', async () => {
  for (const [trace, expected] of [
    [null, ['POST', 'POST']],
    ['stored', ['POST']],
    [{ url: 'https://office.example/s/x/tus/1' }, ['POST', 'HEAD', 'PATCH']],
  ] as const) {
    const server = new Server()
    server.exists = true
    server.faults = [broken]
    await send(file(3), tools(server, { trace: () => Promise.resolve(trace) }))
    assert.deepEqual(server.questions, expected)
  }
})

test('busy servers are asked again, and not before they say', async () => {
  for (const code of [423, 429, 500, 502, 503]) {
    const server = new Server()
    server.faults = [status(code, { retryAfter: 7 })]
    const used = tools(server)
    await send(file(3), used)
    assert.deepEqual(used.alarm.waits, [7000], String(code))
  }
})

test('a wrong offset is asked for', async () => {
  const server = new Server()
  server.faults = [() => null, status(409)]
  await send(file(WITH_CREATION + 1), tools(server))
  assert.deepEqual(server.questions, ['POST', 'PATCH', 'HEAD', 'PATCH'])
})

test('an upload that the server lost is begun anew, but not for ever', async () => {
  const server = new Server()
  server.faults = [() => null, status(404)]
  await send(file(WITH_CREATION + 1), tools(server))
  assert.deepEqual(server.questions, ['POST', 'PATCH', 'POST', 'PATCH'])
  const wire: Wire = ({ method }) =>
    Promise.resolve(method === 'POST' ? answer(201, { location: '/s/x/tus/1', offset: 0 }) : answer(410))
  await assert.rejects(send(file(WITH_CREATION + 1), tools(server, { wire })), Refused)
})

test('refusals are final and say why', async () => {
  for (const code of [400, 403, 413, 415, 507]) {
    const server = new Server()
    server.faults = [status(code, { text: 'Nein.' })]
    await assert.rejects(send(file(3), tools(server)), { message: 'Nein.' })
    assert.deepEqual(server.questions, ['POST'])
  }
})

test('an ended session is renewed, or the person must sign in', async () => {
  const server = new Server()
  server.faults = [status(401)]
  await send(file(3), tools(server, { renew: () => Promise.resolve('renewed') }))
  assert.deepEqual(server.questions, ['POST', 'POST'])
  server.faults = [status(401)]
  await assert.rejects(send(file(3), tools(server, { renew: () => Promise.resolve('signed-out') })), SignedOut)
  server.faults = [status(401), status(401)]
  await assert.rejects(send(file(3), tools(server, { renew: () => Promise.resolve('renewed') })), Refused)
})

test('a file that cannot be read, or that shrank, is no broken line', async () => {
  const gone = { slice: () => ({ arrayBuffer: () => Promise.reject(new Error('NotReadableError')) }) }
  await assert.rejects(send({ ...file(3), content: gone }, tools(new Server())), Unreadable)
  await assert.rejects(send({ ...file(3), content: new Blob([content(2)]) }, tools(new Server())), Unreadable)
})

test('an upload on another server is refused', async () => {
  const server = new Server()
  server.faults = [status(201, { location: 'https://elsewhere.example/1', offset: 0 })]
  await assert.rejects(send(file(WITH_CREATION + 1), tools(server)), Refused)
  assert.deepEqual(server.questions, ['POST'])
})

test('the name that the file got is handed on', async () => {
  const server = new Server()
  server.faults = [status(201, { location: '/s/x/tus/1', offset: 3, storedAs: 'ü (2).txt' })]
  assert.equal(await send(file(3), tools(server)), 'ü (2).txt')
})

test('metadata are UTF-8 in Base64', async () => {
  const server = new Server()
  let sent = ''
  const wire: Wire = (question) => {
    sent = question.headers?.['Upload-Metadata'] ?? ''
    return server.wire(question)
  }
  await send(file(3), tools(server, { wire }))
  assert.equal(sent, `mtime MQ==,filename ${Buffer.from('a/ü.txt').toString('base64')}`)
})

test('what is stopped stays stopped', async () => {
  const server = new Server()
  const stop = new AbortController()
  server.faults = [
    () => {
      stop.abort()
      return broken()
    },
  ]
  await assert.rejects(send(file(3), tools(server, { signal: stop.signal })), { name: 'AbortError' })
  assert.deepEqual(server.questions, ['POST'])
})
