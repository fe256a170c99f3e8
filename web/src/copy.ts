// A button beside each value that people copy: an input or a text area with `data-copy`, the words for the button, and `data-copied`,
// the words after it was pressed.

import { button, element } from './dom.ts'

/** How long a button says that it has copied, in milliseconds. */
const SAY_FOR = 3_000

function offer(field: HTMLInputElement | HTMLTextAreaElement, before: string, after: string): void {
  const of = field.labels?.[0]
  const about = of?.firstChild?.textContent?.trim() ?? ''
  let timer = 0
  const made = button(before, () => {
    // Without the right to write there, the person copies the marked text.
    field.select()
    void navigator.clipboard.writeText(field.value).then(() => {
      say(after)
      clearTimeout(timer)
      timer = window.setTimeout(() => say(before), SAY_FOR)
    }, () => undefined)
  })
  made.className = 'plain'
  made.setAttribute('aria-live', 'polite')
  function say(text: string): void {
    made.textContent = text
    made.setAttribute('aria-label', `${text}: ${about}`)
  }
  say(before)
  const line = element('div', { class: 'copied' })
  const beside = of ?? field
  beside.before(line)
  line.append(beside, made)
}

// Pages that came unencrypted have no clipboard.
if ('clipboard' in navigator) {
  for (const field of document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>('[data-copy]')) {
    const { copy, copied } = field.dataset
    if (copy !== undefined && copied !== undefined) offer(field, copy, copied)
  }
}
