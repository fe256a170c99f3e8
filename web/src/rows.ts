// The list of files. A long one has elements only for the rows in sight.

import { button, element, say } from './dom.ts'
import { percent, size } from './format.ts'
import type { Item } from './item.ts'
import { fill, type Words } from './words.ts'

/** Rows that are shown as they are; a longer list scrolls by itself, with rows of equal height. */
const WHOLE = 100
/** Height of a row of a long list until one was measured, in pixels. */
const USUAL_HEIGHT = 72
/** Rows above and below those in sight. */
const MARGIN = 5

/** Actions of a person on a file. */
export interface Acts {
  readonly cancel: (item: Item) => void
  readonly retry: (item: Item) => void
}

/** How a file stands, in words. */
export function describe(item: Item, words: Words): string {
  switch (item.state) {
    case 'waiting':
      return words.waiting
    case 'sending':
      return fill(words.sending, { percent: percent(item.sent, item.size) })
    case 'storing':
      return words.storing
    case 'no-line':
      return words.no_line
    case 'arrived': {
      const { clock, storedAs } = item
      return storedAs ? fill(words.renamed, { clock, name: storedAs }) : fill(words.arrived, { clock })
    }
    case 'there':
      return words.there
    case 'wanted':
      return fill(words.wanted, { percent: percent(item.sent, item.size) })
    case 'refused':
      return item.reason
  }
}

class Row {
  readonly root = element('li')
  private readonly state = element('span', { class: 'state' })
  private readonly actions = element('span', { class: 'actions' })
  private shown = ''
  private readonly item: Item
  private readonly words: Words
  private readonly acts: Acts

  constructor(item: Item, words: Words, language: string, acts: Acts) {
    this.item = item
    this.words = words
    this.acts = acts
    const name = element('span', { class: 'name', text: item.path })
    name.title = item.path
    this.root.append(name, element('span', { class: 'size', text: size(item.size, language) }), this.state, this.actions)
  }

  update(): void {
    const { item, words } = this
    say(this.state, describe(item, words))
    if (this.shown === item.state) return
    this.shown = item.state
    this.root.dataset['state'] = item.state
    // The name that is read out begins with the word that is seen.
    const offer = (word: string, act: (item: Item) => void) => button(word, () => act(item), `${word}: ${item.path}`)
    const buttons: HTMLButtonElement[] = []
    if (item.state === 'there') buttons.push(offer(words.anyway, this.acts.retry))
    if (item.state === 'refused' && item.canRetry) buttons.push(offer(words.retry, this.acts.retry))
    if (!item.isDone) buttons.push(offer(item.state === 'refused' ? words.remove : words.cancel, this.acts.cancel))
    const hadFocus = this.actions.contains(document.activeElement)
    this.actions.replaceChildren(...buttons)
    if (hadFocus) buttons[0]?.focus()
  }
}

export class Rows {
  /** Scrolls, once the list is long. */
  readonly root: HTMLElement
  /** As high as all rows together: padding stands for those out of sight. */
  private readonly list = element('ul', { class: 'files' })
  private readonly rows = new Map<number, Row>()
  private items: readonly Item[] = []
  /** Height of a row of a long list, in pixels. */
  private height = 0
  private readonly words: Words
  private readonly language: string
  private readonly acts: Acts

  constructor(words: Words, language: string, acts: Acts) {
    this.words = words
    this.language = language
    this.acts = acts
    this.root = element('div', { class: 'rows' }, this.list)
    this.list.setAttribute('aria-label', words.list)
    this.root.addEventListener('scroll', () => this.place(), { passive: true })
  }

  /** Names the list for screen readers. */
  name(text: string): void {
    this.list.setAttribute('aria-label', text)
  }

  show(items: readonly Item[]): void {
    const isLong = items.length > WHOLE
    if (isLong !== this.root.classList.contains('long')) {
      this.root.classList.toggle('long', isLong)
      if (isLong) this.root.tabIndex = 0
      else this.root.removeAttribute('tabindex')
      this.list.style.paddingBlock = ''
    }
    this.items = isLong ? inOrder(items) : items
    this.place()
  }

  /** Puts the rows in sight into the list. */
  private place(): void {
    const { items, list, root } = this
    const isLong = root.classList.contains('long')
    let [start, end] = [0, items.length]
    if (isLong) {
      this.height ||= USUAL_HEIGHT
      start = Math.max(0, Math.floor(root.scrollTop / this.height) - MARGIN)
      end = Math.min(items.length, Math.ceil((root.scrollTop + root.clientHeight) / this.height) + MARGIN)
    }
    const wanted = items.slice(start, end)
    const ids = new Set(wanted.map((item) => item.id))
    for (const [id, row] of this.rows) {
      // A row with the focus stays: without its element the focus would be lost.
      const isKept = ids.has(id) || (isLong && row.root.contains(document.activeElement))
      if (isKept) continue
      row.root.remove()
      this.rows.delete(id)
    }
    let next: Element | null = list.firstElementChild
    for (const [at, item] of wanted.entries()) {
      let row = this.rows.get(item.id)
      if (!row) {
        row = new Row(item, this.words, this.language, this.acts)
        this.rows.set(item.id, row)
      }
      row.update()
      if (isLong) {
        row.root.setAttribute('aria-setsize', String(items.length))
        row.root.setAttribute('aria-posinset', String(start + at + 1))
      }
      if (next === row.root) next = next.nextElementSibling
      else list.insertBefore(row.root, next)
    }
    if (!isLong) return
    list.style.paddingBlock = `${start * this.height}px ${(items.length - end) * this.height}px`
    const height = this.rows.get(wanted[0]?.id ?? -1)?.root.getBoundingClientRect().height ?? 0
    if (height > 0 && Math.abs(height - this.height) > 1) {
      this.height = height
      this.place()
    }
  }
}

/** Those under way first, those that have arrived last. */
function inOrder(items: readonly Item[]): Item[] {
  const rank = (item: Item) => (item.isUnderWay ? 0 : item.isDone ? 2 : 1)
  return [0, 1, 2].flatMap((wanted) => items.filter((item) => rank(item) === wanted))
}
