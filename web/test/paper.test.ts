import assert from 'node:assert/strict'
import { test } from 'node:test'

import { paper, sizeOf } from '../src/paper.ts'
import { stamp } from '../src/photos.ts'

test('a page has the shape of its photo and fits on A4', () => {
  assert.deepEqual(sizeOf(2_400, 1_800), [793, 595])
  assert.deepEqual(sizeOf(1_800, 2_400), [595, 793])
  assert.deepEqual(sizeOf(1_000, 10), [842, 8])
  assert.deepEqual(sizeOf(1, 100_000), [1, 842])
})

test('every object lies where the table says, and the photos are in order and unchanged', () => {
  const jpegs = [1, 2, 3].map((n) => Uint8Array.from({ length: 1_000 * n }, (_, at) => (at * n) % 256))
  const parts = paper(jpegs.map((jpeg) => ({ jpeg, width: 30, height: 40 })))
  const file = Buffer.concat(parts)
  const text = file.toString('latin1')
  const table = Number(/startxref\n(\d+)\n%%EOF\n$/.exec(text)?.[1])
  assert.ok(text.startsWith('xref\n0 12\n', table))
  const rows = [...text.slice(table).matchAll(/^(\d{10}) 00000 n $/gm)].map((row) => Number(row[1]))
  assert.equal(rows.length, 11)
  rows.forEach((place, at) => assert.ok(text.startsWith(`${at + 1} 0 obj\n`, place), String(at + 1)))
  const found = jpegs.map((jpeg) => file.indexOf(Buffer.from(jpeg)))
  assert.ok(found.every((place) => place > 0) && [...found].sort((a, b) => a - b).join() === found.join())
})

test('a file is named by the clock of the device', () => {
  assert.equal(stamp(new Date(2026, 0, 5, 9, 7)), '2026-01-05 09.07')
})
