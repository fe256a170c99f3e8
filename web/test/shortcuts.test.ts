// Which presses are keys of a page.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nameOf, type Press } from '../src/shortcuts.ts'

const NONE: Press = {
  key: '',
  shiftKey: false,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  repeat: false,
  isComposing: false,
}

test('letters and arrows are keys, what the browser uses is not', () => {
  const named = (more: Partial<Press>) => nameOf({ ...NONE, ...more })
  assert.equal(named({ key: 'a' }), 'a')
  assert.equal(named({ key: 'A' }), 'a')
  assert.equal(named({ key: 'A', shiftKey: true }), undefined)
  assert.equal(named({ key: '?', shiftKey: true }), '?')
  assert.equal(named({ key: 'ArrowLeft' }), 'ArrowLeft')
  assert.equal(named({ key: 'ArrowRight', shiftKey: true }), 'Shift+ArrowRight')
  for (const other of ['ArrowUp', 'Enter', ' ', 'ä', '"', 'F5', 'Tab']) assert.equal(named({ key: other }), undefined)
  for (const held of ['ctrlKey', 'altKey', 'metaKey', 'repeat', 'isComposing'] as const) {
    assert.equal(named({ key: 'a', [held]: true }), undefined, held)
    assert.equal(named({ key: 'ArrowLeft', [held]: true }), undefined, held)
  }
})
