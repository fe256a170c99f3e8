// Keys for the elements of a page: one with `data-key="a"` is pressed by the key A, a field is entered. A person who
// writes in a field is left alone, and the keys can be switched off.

import { nameOf } from './shortcuts.ts'
import { read, write } from './storage.ts'

const OFF = 'tresor-keys-off'
const FIELDS = 'input, textarea, select, [contenteditable]'

function start(help: HTMLDetailsElement): void {
  const box = help.querySelector('input')
  let off = read(OFF) !== null
  help.hidden = false
  if (box) {
    box.checked = !off
    box.addEventListener('change', () => {
      off = !box.checked
      write(OFF, off ? '1' : null)
    })
  }
  document.addEventListener('keydown', (event) => {
    const at = event.target instanceof Element ? event.target : document.body
    if (event.key === 'Escape' && at instanceof HTMLTextAreaElement) at.blur()
    const name = nameOf(event)
    if (off || event.defaultPrevented || name === undefined || at.closest(FIELDS)) return
    // Behind a dialog, such as the lock of the screen, nothing is pressed.
    if (document.querySelector('dialog[open]')) return
    if (name === '?') {
      help.open = !help.open
      if (help.open) help.querySelector('summary')?.focus()
      event.preventDefault()
      return
    }
    const target = document.querySelector<HTMLElement>(`[data-key="${name}"]`)
    if (!target) return
    event.preventDefault()
    if (target.matches(FIELDS)) target.focus()
    else target.click()
  })
}

const help = document.querySelector<HTMLDetailsElement>('details[data-keys]')
if (help) start(help)
