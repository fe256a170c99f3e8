// An upload as a person sees it: buttons to choose, a line and a bar for all of it, and the list of files.

import { button, element, say } from './dom.ts'
import { left, percent } from './format.ts'
import { canPick, pick, type Root } from './handles.ts'
import type { Item } from './item.ts'
import { Photos } from './photos.ts'
import { Pace, Quarters, totals, type Totals } from './progress.ts'
import { Rows, type Acts } from './rows.ts'
import { fill, type Words } from './words.ts'

/** Refused files that are shown; the others are counted. */
const MOST_LOST = 50
/** Time between two changes of the page, in milliseconds. */
const BEAT = 200

export interface Controls extends Acts {
  files(files: Iterable<File>): void
  roots(roots: Root[]): void
  goOn(): Promise<void>
  pause(): void
  resume(): void
  retryAll(): void
  sendAnyway(): void
}

/** The contents of the view. */
export interface Shown {
  readonly items: readonly Item[]
  readonly isPaused: boolean
  readonly isSignedOut: boolean
  /** Files read of a folder, while that lasts. */
  readonly reading: number | null
  /** Sentences about the last choice. */
  readonly notes: readonly string[]
  /** Whether the browser can read the files of an earlier visit. */
  readonly canGoOn: boolean
}

export class View {
  private readonly panel = element('div', { class: 'upload' })
  private readonly overall = element('p', { class: 'overall' })
  private readonly bar = element('progress')
  private readonly stay = element('p', { class: 'hint' })
  private readonly notes = element('div')
  private readonly goer: HTMLButtonElement
  private readonly pauser: HTMLButtonElement
  private readonly retrier: HTMLButtonElement
  private readonly insister: HTMLButtonElement
  private readonly signIn = element('p')
  private readonly lost = element('div', { class: 'lost' })
  private readonly lostRows: Rows
  private readonly more = element('p')
  private readonly rows: Rows
  private readonly polite = element('p', { class: 'unseen' })
  private readonly assertive = element('p', { class: 'unseen' })
  private readonly pace = new Pace()
  private readonly quarters = new Quarters()
  private timer = 0
  private wasOpen = false
  private told = 0
  private readonly form: HTMLFormElement
  private readonly words: Words
  private readonly controls: Controls
  private readonly state: () => Shown

  constructor(
    form: HTMLFormElement,
    words: Words,
    language: string,
    several: boolean,
    takesPdf: boolean,
    controls: Controls,
    state: () => Shown,
  ) {
    this.form = form
    this.words = words
    this.controls = controls
    this.state = state
    this.bar.max = 100
    this.bar.setAttribute('aria-label', words.progress)
    this.polite.setAttribute('role', 'status')
    this.assertive.setAttribute('role', 'alert')
    this.goer = button(words.go_on, () => void controls.goOn())
    this.pauser = button(words.pause, () => (this.state().isPaused ? controls.resume() : controls.pause()))
    this.retrier = button(words.retry_all, () => controls.retryAll())
    this.insister = button(words.anyway_all, () => controls.sendAnyway())
    this.rows = new Rows(words, language, controls)
    this.lostRows = new Rows(words, language, controls)
    this.lostRows.name(words.lost_title)
    say(this.stay, words.stay)
    const link = element('a', { text: words.sign_in })
    link.href = location.href
    link.target = '_blank'
    this.signIn.append(words.signed_out, ' ', link)
    this.signIn.className = 'problem'
    this.lost.append(element('p', { class: 'title', text: words.lost_title }), this.lostRows.root, this.more)
    const buttons = element('div', { class: 'controls' }, this.goer, this.pauser, this.retrier, this.insister)
    this.panel.append(this.overall, this.bar, this.stay, this.signIn, buttons, this.notes, this.lost, this.rows.root)
    this.panel.hidden = true
    this.chooser(several, takesPdf)
    form.append(this.panel, this.polite, this.assertive)
  }

  /** Shows changes soon, all of them at once. */
  change(): void {
    this.timer ||= window.setTimeout(() => {
      this.timer = 0
      this.draw()
    }, BEAT)
  }

  /** Shows changes at once. */
  now(): void {
    clearTimeout(this.timer)
    this.timer = 0
    this.draw()
  }

  private chooser(several: boolean, takesPdf: boolean): void {
    const { form, words } = this
    const inputs = [...form.querySelectorAll<HTMLInputElement>('input[type=file]')]
    const folder = inputs.find((input) => input.hasAttribute('webkitdirectory'))
    const buttons = element('div', { class: 'controls' })
    const offer = (input: HTMLInputElement, text: string) => {
      const opener = button(text, () => void this.choose(input, opener))
      input.addEventListener('change', () => {
        if (input.files && input.files.length > 0) this.controls.files(input.files)
        opener.focus()
      })
      input.addEventListener('cancel', () => opener.focus())
      buttons.append(opener)
    }
    for (const input of inputs.filter((input) => input !== folder)) {
      offer(input, several ? words.choose_files : words.choose_file)
    }
    // Where the browser cannot choose folders, the input would choose files.
    if (folder && 'webkitdirectory' in folder && !isPhone()) offer(folder, words.choose_folder)
    if (isPhone()) {
      const camera = element('input')
      camera.type = 'file'
      camera.accept = 'image/*'
      camera.setAttribute('capture', 'environment')
      form.append(camera)
      offer(camera, words.take_photo)
    }
    const photos = takesPdf ? new Photos(words, isPhone(), (files) => this.controls.files(files)) : null
    if (photos) buttons.append(photos.opener)
    const hint = element('p', { class: 'hint', text: words.at_once })
    const first = inputs[0]?.closest('label')
    const zone = element('div', { class: 'drop' }, element('p', { class: 'mouse', text: words.drop }), buttons, hint)
    form.insertBefore(zone, first ?? null)
    if (photos) zone.after(photos.panel)
    // The inputs leave their labels, which are no longer shown.
    form.append(...inputs)
    for (const input of form.querySelectorAll<HTMLInputElement>('input[type=file]')) input.hidden = true
    for (const plain of form.parentElement?.querySelectorAll<HTMLElement>('[data-plain]') ?? []) plain.hidden = true
  }

  /** In the dialogue that gives references, where the browser has it; in that of the input otherwise. */
  private async choose(input: HTMLInputElement, opener: HTMLButtonElement): Promise<void> {
    if (!canPick() || isPhone()) return input.click()
    try {
      this.controls.roots(await pick(input.hasAttribute('webkitdirectory'), input.multiple))
      opener.focus()
    } catch (error) {
      // The browser or those who administer it may forbid it.
      if (error instanceof DOMException && error.name === 'AbortError') opener.focus()
      else input.click()
    }
  }

  private draw(): void {
    const { words, overall } = this
    const { items, isPaused, isSignedOut, reading, notes, canGoOn } = this.state()
    this.panel.hidden = items.length === 0 && reading === null && notes.length === 0 && !canGoOn
    const sum = totals(items)
    const now = performance.now()
    const seconds = this.pace.left(now, sum.done, sum.work)
    const isOpen = sum.open > 0
    say(overall, this.line(sum, isPaused, reading, seconds, items))
    overall.classList.toggle('success', sum.files > 0 && sum.arrived === sum.files)
    this.bar.hidden = sum.files === sum.refused
    this.bar.value = percent(sum.done, sum.work)
    this.stay.hidden = !isOpen
    this.signIn.hidden = !isSignedOut
    say(this.pauser, isPaused ? words.resume : words.pause)
    this.hide(this.pauser, !isOpen)
    this.hide(this.goer, !canGoOn)
    const refused = items.filter((item) => item.state === 'refused')
    this.hide(this.retrier, refused.filter((item) => item.canRetry).length < 2)
    this.hide(this.insister, isOpen || items.filter((item) => item.state === 'there').length < 2)
    const said = canGoOn ? [...notes, words.go_on_about] : notes
    this.notes.replaceChildren(...said.map((text) => element('p', { class: 'note', text })))
    this.lost.hidden = refused.length === 0
    this.lostRows.show(refused.slice(0, MOST_LOST))
    say(this.more, refused.length > MOST_LOST ? fill(words.more, { count: refused.length - MOST_LOST }) : '')
    this.rows.show(items.filter((item) => item.state !== 'refused' && !item.isListed))
    this.announce(sum, refused, isOpen)
    if (isOpen && !isPaused) this.change()
    else this.pace.reset()
  }

  private line(sum: Totals, isPaused: boolean, reading: number | null, seconds: number | null, items: readonly Item[]): string {
    const { words } = this
    if (reading !== null) return fill(words.reading, { count: reading })
    if (sum.files === 0) return ''
    if (sum.open === 0) return this.end(sum)
    const parts = [fill(words.overall, { done: sum.arrived, total: sum.files - sum.refused })]
    if (isPaused) parts.push(words.paused)
    else if (items.some((item) => item.state === 'no-line')) parts.push(words.no_line)
    else if (seconds !== null) parts.push(left(seconds, words))
    return parts.join(', ')
  }

  private end(sum: Totals): string {
    const { words } = this
    if (sum.refused > 0) return fill(words.some, { done: sum.arrived, total: sum.files })
    return sum.files === 1 ? words.all_one : fill(words.all, { total: sum.files })
  }

  /** The start, each quarter, the end, and files that were refused; nothing else is read out. */
  private announce(sum: Totals, refused: readonly Item[], isOpen: boolean): void {
    const { words } = this
    if (isOpen && !this.wasOpen) {
      this.quarters.reset()
      say(this.polite, sum.open === 1 ? words.begun_one : fill(words.begun, { total: sum.open }))
    } else if (isOpen) {
      const quarter = this.quarters.passed(sum.done, sum.work)
      if (quarter !== null) say(this.polite, fill(words.quarter, { percent: quarter * 25 }))
    } else if (this.wasOpen) {
      say(this.polite, this.end(sum))
    }
    this.wasOpen = isOpen
    if (refused.length > this.told) {
      const [only] = refused
      const one = only && refused.length === 1
      say(this.assertive, one ? fill(words.lost_one, { name: only.path, reason: only.reason }) : fill(words.lost, { count: refused.length }))
    }
    this.told = refused.length
  }

  /** Hides a button without losing the focus that it may have. */
  private hide(target: HTMLButtonElement, isHidden: boolean): void {
    if (isHidden && document.activeElement === target) this.form.querySelector<HTMLElement>('.drop button')?.focus()
    target.hidden = isHidden
  }
}

/** A device that is held in the hand: it has a camera, and no folders to choose. */
function isPhone(): boolean {
  return matchMedia('(pointer: coarse) and (hover: none)').matches
}
