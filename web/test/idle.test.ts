import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Idle } from '../src/desk/idle.ts'

const MINUTE = 60_000

test('a page is locked after five minutes, and says so a minute before', () => {
  const idle = new Idle(5 * MINUTE, 0)
  assert.equal(idle.state(4 * MINUTE - 1), 'open')
  assert.equal(idle.state(4 * MINUTE), 'soon')
  assert.equal(idle.left(4 * MINUTE + 1), MINUTE - 1)
  assert.equal(idle.state(5 * MINUTE), 'locked')
})

test('half of a short time is warning', () => {
  const idle = new Idle(10_000, 0)
  assert.equal(idle.state(4_999), 'open')
  assert.equal(idle.state(5_000), 'soon')
  assert.equal(idle.state(10_000), 'locked')
})

test('input in this tab or another one puts the lock off, and an older one does not bring it nearer', () => {
  const idle = new Idle(5 * MINUTE, 0)
  idle.act(3 * MINUTE)
  idle.act(MINUTE)
  assert.equal(idle.state(7 * MINUTE - 1), 'open')
  assert.equal(idle.state(7 * MINUTE), 'soon')
  assert.equal(idle.state(8 * MINUTE), 'locked')
})

test('a clock that is set back locks no later than the time from then', () => {
  const idle = new Idle(5 * MINUTE, 100 * MINUTE)
  assert.equal(idle.state(10 * MINUTE), 'open')
  assert.equal(idle.state(15 * MINUTE), 'locked')
})
