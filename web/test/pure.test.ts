// Rules that need neither a server nor a page.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as format from '../src/format.ts'
import { members, withoutFiles } from '../src/gather.ts'
import { Item } from '../src/item.ts'
import { arrivals, hasContent, ofItem, openUpload } from '../src/known.ts'
import { hash } from '../src/memory.ts'
import { isLeftOut } from '../src/names.ts'
import { Pace, Quarters, totals } from '../src/progress.ts'
import { Queue, type Source } from '../src/queue.ts'
import { Alarm, delay } from '../src/retry.ts'
import { Allowance } from '../src/terms.ts'
import { WITH_CREATION } from '../src/tus.ts'
import { seconds } from '../src/wire.ts'
import { fill, type Words } from '../src/words.ts'

/** Each sentence is its own name. */
const WORDS = new Proxy({}, { get: (_, name) => String(name) }) as Words

function item(path: string, size: number, mtime = 1000): Item {
  const file = new File([], path, { lastModified: mtime * 1000 })
  return new Item(0, path, file, size)
}

test('places are filled in, unknown ones stay', () => {
  assert.equal(fill('{a} von {b} {c}', { a: 1, b: '$&' }), '1 von $& {c}')
})

test('sizes and times read as on the pages', () => {
  for (const [bytes, text] of [
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1_610_612_736, '1.5 GiB'],
    [2 ** 30 - 1, '1023.9 MiB'],
  ] as const) {
    assert.equal(format.size(bytes, 'en'), text)
    assert.equal(format.size(bytes, 'de'), text.replace('.', ','))
  }
  const time = new Date(Date.UTC(2026, 1, 3, 8, 5))
  assert.equal(format.clock(time, 'Europe/Berlin'), '09:05')
  assert.equal(format.clock(new Date(2026, 1, 3, 9, 5), 'nowhere'), '09:05')
  assert.equal(format.clock(new Date(2026, 1, 3, 0, 5), undefined), '00:05')
})

test('a hundred percent are all of it', () => {
  assert.equal(format.percent(999, 1000), 99)
  assert.equal(format.percent(1000, 1000), 100)
  assert.equal(format.percent(0, 0), 100)
})

test('the time left is named roughly', () => {
  for (const [left, word] of [
    [3, 'soon'],
    [60, 'minute_left'],
    [150, 'minutes_left'],
    [7000, 'hours_left'],
  ] as const) {
    assert.equal(format.left(left, WORDS), word)
  }
})

test('files of systems are left out of folders, and taken when they are meant', () => {
  for (const path of ['a/.DS_Store', 'a/b/thumbs.DB', 'a/desktop.ini', 'a/~$Brief.docx']) assert.ok(isLeftOut(path), path)
  for (const path of ['.DS_Store', '~$Brief.docx', 'a/Thumbs.db.txt', 'a~$/b']) assert.ok(!isLeftOut(path), path)
})

test('of folders without files the deepest are named', () => {
  const folders = ['a', 'a/b', 'a/b/c', 'a/d', 'e', 'e/f']
  assert.deepEqual(withoutFiles(folders, ['a/b/1.txt', '2.txt']), ['a/b/c', 'a/d', 'e/f'])
  assert.deepEqual(withoutFiles(folders, []), ['a/b/c', 'a/d', 'e/f'])
  assert.deepEqual(withoutFiles(['a', 'ab'], ['a/1.txt']), ['ab'])
  assert.deepEqual(withoutFiles([], ['a/1.txt']), [])
})

test('limits are judged before a byte is sent', () => {
  const allowance = new Allowance({ types: ['pdf', 'jpg'], files: 2, bytes: 10 }, WORDS)
  assert.equal(allowance.take('a.exe', 1), 'wrong_type')
  assert.equal(allowance.take('pdf', 1), 'wrong_type')
  assert.equal(allowance.take('a/b.PDF', 9), null)
  assert.equal(allowance.take('b.pdf', 2), 'too_much')
  assert.equal(allowance.take('c.jpg', 1), null)
  assert.equal(allowance.take('d.jpg', 0), 'too_many')
  allowance.giveBack(9)
  assert.equal(allowance.take('d.jpg', 9), null)
  const none = new Allowance({ types: [], files: null, bytes: null }, WORDS)
  assert.equal(none.take('x', 2 ** 40), null)
})

test('folders are read to their end, a hundred at a time', async () => {
  const all = Array.from({ length: 250 }, (_, at) => ({ name: String(at) }) as FileSystemEntry)
  const rest = [...all]
  const reader = { readEntries: (found: (some: FileSystemEntry[]) => void) => found(rest.splice(0, 100)) }
  const folder = { createReader: () => reader } as unknown as FileSystemDirectoryEntry
  assert.deepEqual(await members(folder), all)
})

test('waits double up to a minute, and vary', () => {
  assert.deepEqual([0, 1, 5, 6, 1000].map((attempt) => delay(attempt, 1)), [1000, 2000, 32_000, 60_000, 60_000])
  assert.equal(delay(0, 0), 500)
})

test('the alarm ends all waits', async () => {
  const alarm = new Alarm()
  const waits = [1, 2].map(() => alarm.wait(2 ** 30, new AbortController().signal))
  alarm.ring()
  await Promise.all(waits)
  const stop = new AbortController()
  const stopped = alarm.wait(2 ** 30, stop.signal)
  stop.abort()
  await assert.rejects(stopped, { name: 'AbortError' })
})

test('four small files and one large one are under way', async () => {
  const items = [...Array.from({ length: 9 }, () => item('s', 1)), item('l', WITH_CREATION + 1), item('m', WITH_CREATION + 1)]
  const under = [0, 0]
  const most = [0, 0]
  const ends: (() => void)[] = []
  const source: Source = {
    next: (isLarge) => {
      const at = items.findIndex(({ size }) => size > WITH_CREATION === isLarge)
      return at < 0 ? null : (items.splice(at, 1)[0] ?? null)
    },
    run: async ({ size }) => {
      const kind = size > 1 ? 1 : 0
      under[kind]! += 1
      most[kind] = Math.max(most[kind]!, under[kind]!)
      await new Promise<void>((end) => ends.push(end))
      under[kind]! -= 1
    },
  }
  const busy: boolean[] = []
  const queue = new Queue((isBusy) => busy.push(isBusy))
  queue.add(source)
  queue.pump()
  for (let end = ends.shift(); end; end = ends.shift()) {
    end()
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.deepEqual([most, items.length, busy[0], busy.at(-1)], [[4, 1], 0, true, false])
})

test('the same file is known by path, size and time', () => {
  const row = { url: '/tus/1', path: 'a/b', size: 3, received: 1, modified: 1000 }
  const known = { uploads: [row], files: [{ path: 'a/c', size: 3 }] }
  assert.equal(openUpload(known, item('a/b', 3), new Set()), row)
  for (const other of [item('b', 3), item('a/b', 4), item('a/b', 3, 1001)]) assert.equal(openUpload(known, other, new Set()), null)
  assert.equal(openUpload(known, item('a/b', 3), new Set(['/tus/1'])), null)
  assert.equal(arrivals(known, item('a/c', 3)), 1)
  assert.equal(arrivals(known, item('a/c', 2)), 0)
  assert.deepEqual(ofItem({ uploads: [{ ...row, item: 7 }], files: [] }, '7').uploads.length, 1)
  assert.deepEqual(ofItem(known, '7'), { uploads: [], files: [] })
})

test('a file has arrived if its content has, whatever its name and size', async () => {
  const sha256 = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
  const known = { uploads: [], files: [{ path: 'a.txt', size: 3, sha256: null }, { path: 'a.txt', size: 3, sha256 }] }
  const file = (content: string, path = 'a.txt') => new Item(1, path, new File([content], path))
  assert.equal(await hasContent(known, file('abc')), true)
  for (const other of [file('abd'), file('abcd'), file('abc', 'b.txt')]) assert.equal(await hasContent(known, other), false)
})

test('dates in words and in seconds are the same', () => {
  assert.equal(seconds('1970-01-01T00:16:40Z'), 1000)
  assert.equal(seconds('Thu, 01 Jan 1970 00:16:40 GMT'), 1000)
  assert.equal(seconds(1000), 1000)
  assert.equal(seconds(null), null)
  assert.equal(seconds('x'), null)
})

test('marks of files differ', () => {
  const marks = new Set(Array.from({ length: 10_000 }, (_, at) => hash(`a/${at}\n${at % 7}\n1`)))
  assert.equal(marks.size, 10_000)
})

test('sums count what was refused and what waits for the person apart', () => {
  const all = ['waiting', 'sending', 'arrived', 'there', 'refused', 'wanted'].map((state) => {
    const one = item(state, 100)
    one.state = state as Item['state']
    one.sent = state === 'sending' ? 40 : 0
    return one
  })
  const sum = totals(all)
  assert.deepEqual([sum.files, sum.arrived, sum.refused, sum.wanted, sum.open], [5, 2, 1, 1, 2])
  assert.equal(sum.done, 2 * (100 + 32 * 1024) + 40)
})

test('the pace says how long the rest takes', () => {
  const pace = new Pace()
  assert.equal(pace.left(0, 0, 1000), null)
  assert.equal(pace.left(1000, 100, 1000), null)
  assert.equal(pace.left(5000, 500, 1000), 5)
})

test('each quarter is announced once', () => {
  const quarters = new Quarters()
  const passed = [0, 24, 25, 30, 80, 100].map((done) => quarters.passed(done, 100))
  assert.deepEqual(passed, [null, null, 1, null, 3, null])
})
