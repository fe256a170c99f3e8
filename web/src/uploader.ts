// A form that uploads by itself: chosen files are checked, sent in turn, and shown.

import * as config from './config.ts'
import type { Config } from './config.ts'
import { clock } from './format.ts'
import { fromDrop, fromInput, fromRoots, withoutFiles, type Gathered } from './gather.ts'
import { allowed, Handles, ofDrop, type Root } from './handles.ts'
import { Item } from './item.ts'
import { arrivals, fetchKnown, hasContent, ofItem, openUpload, type Known } from './known.ts'
import { Memory } from './memory.ts'
import { isLeftOut } from './names.ts'
import { listed, renewToken, sessionToken, signedIn } from './page.ts'
import { totals } from './progress.ts'
import { isLarge, type Queue, type Source } from './queue.ts'
import { delay, type Alarm } from './retry.ts'
import type { Allowance } from './terms.ts'
import { isPassing, send, SignedOut, Unreadable, Refused, type Tools, type Trace } from './transfer.ts'
import * as tus from './tus.ts'
import { View, type Controls, type Shown } from './view.ts'
import { LineBroken, wire } from './wire.ts'
import { fill, type Words } from './words.ts'

/** The common state of a page's forms. */
export interface Shared {
  readonly words: Words
  readonly language: string
  /** The office's time zone, if the page names it. */
  readonly zone: string | undefined
  readonly queue: Queue
  readonly alarm: Alarm
  allowance(config: Config): Allowance
  /** All files of a form were sent. */
  finished(): void
}

/** Files that are looked at between two looks at the page. */
const SLICE = 200

/** Tells chosen files apart. */
function mark(item: Item): string {
  return `${item.path}\n${item.size}\n${item.mtime}`
}

export class Uploader implements Source, Controls {
  private items: Item[] = []
  /** Small and large files that wait; some may have been cancelled since. */
  private readonly waiting: [Item[], Item[]] = [[], []]
  private known: Known = { uploads: [], files: [] }
  private readonly memory: Memory
  private readonly handles: Handles
  /** References of an earlier visit that were not taken up yet. */
  private kept: readonly Root[] = []
  private readonly view: View
  private readonly allowance: Allowance
  private isPaused = false
  private isSignedOut = false
  private reading: number | null = null
  private notes: string[] = []
  /** Folders without a file that are still to be made. */
  private bare: string[] = []
  private isMaking = false
  private count = 0
  private saver = 0
  private isLoaded: Promise<void>
  private readonly form: HTMLFormElement
  private readonly config: Config
  private readonly shared: Shared

  constructor(form: HTMLFormElement, config: Config, shared: Shared) {
    this.form = form
    this.config = config
    this.shared = shared
    this.allowance = shared.allowance(config)
    const place = [location.pathname, config.endpoint, config.metadata['item'] ?? ''].join('\n')
    this.memory = new Memory(place, Date.now())
    // Another person at the same browser does not go on with them.
    this.handles = new Handles(`${place}\n${signedIn() ?? ''}`)
    this.view = new View(form, shared.words, shared.language, config.several, this.takesPdf(), this, () => this.shown())
    // The button of the plain form is hidden, but the Enter key in a field would still send it.
    form.addEventListener('submit', (event) => event.preventDefault())
    this.isLoaded = this.load()
    shared.queue.add(this)
  }

  private takesPdf(): boolean {
    const { types } = this.config.terms
    return types.length === 0 || types.includes('pdf')
  }

  /** Files that were dropped. The entries are taken at once, because the browser forgets them. */
  drop(data: DataTransfer): void {
    const roots = ofDrop(data).catch(() => [])
    void this.take(fromDrop(data, (count) => this.read(count)), roots)
  }

  files(files: Iterable<File>): void {
    void this.take(fromInput([...files], (count) => this.read(count)))
  }

  roots(roots: Root[]): void {
    void this.take(fromRoots(roots, (count) => this.read(count)), roots)
  }

  /** Reads what an earlier visit chose once more. */
  async goOn(): Promise<void> {
    const { kept } = this
    const roots = await allowed(kept)
    this.kept = kept.filter((root) => !roots.includes(root))
    if (roots.length > 0) return this.take(fromRoots(roots, (count) => this.read(count)))
    this.notes = [this.shared.words.not_allowed]
    this.changed()
  }

  /**
   * Leaves out the rows of arrived files that the page lists above. The items stay: they count, and tell a file that is chosen
   * again.
   */
  hideListed(): void {
    const arrived = this.items.filter((item) => item.state === 'arrived' && !item.isListed)
    if (arrived.length === 0) return
    const names = listed(this.form)
    for (const item of arrived) item.isListed = names.has(item.path)
    this.view.now()
  }

  /** Forgets which files were chosen. */
  forget(): void {
    this.kept = []
    this.handles.forget()
  }

  next(large: boolean): Item | null {
    const waiting = this.waiting[large ? 1 : 0]
    while (!this.isPaused && waiting.length > 0) {
      const item = waiting.shift()
      if (item?.state === 'waiting') return item
    }
    return null
  }

  async run(item: Item): Promise<void> {
    item.state = 'sending'
    item.abort = new AbortController()
    this.changed()
    try {
      if (item.isUncertain && (await this.liesInFolder(item).catch(() => false))) {
        item.state = 'there'
      } else {
        item.storedAs = await send(item, this.tools(item, item.abort.signal))
        item.state = 'arrived'
        item.clock = clock(new Date(), this.shared.zone)
      }
      this.memory.note(item.path, item.size, item.mtime)
    } catch (error) {
      this.failed(item, error)
    }
    item.abort = null
    this.changed()
    await this.end()
  }

  pause(): void {
    this.isPaused = true
    for (const item of this.items) item.abort?.abort()
    this.changed()
  }

  resume(): void {
    this.isPaused = false
    this.isSignedOut = false
    this.changed()
    this.shared.queue.pump()
  }

  readonly cancel = (item: Item): void => {
    if (item.mtime !== null && item.state !== 'refused') this.allowance.giveBack(item.size)
    const isUnderWay = item.abort !== null
    this.items = this.items.filter((other) => other !== item)
    item.abort?.abort()
    item.refuse('', false)
    if (item.url !== null) {
      const question = tus.cancel(item.url)
      // The request under way must end first, so that the server does not find it in use.
      const end = () => void wire({ ...question, headers: { ...question.headers, ...this.headers() } }).catch(() => undefined)
      setTimeout(end, isUnderWay ? 500 : 0)
    }
    this.changed()
    this.settle()
  }

  readonly retry = (item: Item): void => {
    if (item.state === 'refused' || item.state === 'there') {
      const refused = this.allowance.take(item.path, item.size)
      if (refused !== null) return item.refuse(refused, false)
    }
    item.isUncertain = false
    this.enqueue(item)
    this.changed()
    this.shared.queue.pump()
  }

  retryAll(): void {
    for (const item of this.items) if (item.state === 'refused' && item.canRetry) this.retry(item)
  }

  sendAnyway(): void {
    for (const item of this.items) if (item.state === 'there') this.retry(item)
  }

  /** Keeps the facts needed to go on after the page was closed. */
  save(): void {
    const sum = totals(this.items)
    if (sum.open > 0 || sum.wanted > 0) this.memory.save(sum.files - sum.refused + sum.wanted, Date.now())
  }

  /** Restores the rest of an earlier visit. */
  private async load(): Promise<void> {
    try {
      this.known = ofItem(await this.ask(), this.config.metadata['item'])
    } catch {
      return
    }
    const { words } = this.shared
    for (const upload of this.known.uploads) {
      const item = new Item(this.count++, upload.path, null, upload.size)
      item.state = 'wanted'
      item.sent = upload.received
      item.url = new URL(upload.url, location.href).href
      this.items.push(item)
    }
    const unfinished = this.memory.unfinished
    if (unfinished) this.notes = [fill(words.rest_of, { done: unfinished.sent, total: unfinished.total })]
    else if (this.items.length > 0) this.notes = [words.rest]
    const isUnfinished = this.notes.length > 0
    void this.recall(isUnfinished)
    if (!isUnfinished) return
    this.unfold()
    this.changed()
  }

  /** Offers to read what an earlier visit chose. The page does not wait for that. */
  private async recall(isUnfinished: boolean): Promise<void> {
    this.kept = await this.handles.load(isUnfinished, Date.now())
    this.view.change()
  }

  /** Once nothing is to be sent, the folders without a file are made: a hand-in begins with a file. */
  private async end(): Promise<void> {
    if (totals(this.items).open > 0) return
    await this.makeFolders()
    this.settle()
    this.shared.finished()
  }

  private async makeFolders(): Promise<void> {
    const { words, alarm } = this.shared
    if (this.isMaking || this.bare.length === 0 || this.config.folders === null) return
    this.isMaking = true
    const url = new URL(this.config.folders, location.href).href
    let [made, lost, attempt] = [0, 0, 0]
    for (let path = this.bare[0]; path !== undefined; path = this.bare[0]) {
      const question = tus.folder(url, { ...this.config.metadata, filename: path })
      const status = await wire({ ...question, headers: { ...question.headers, ...this.headers() } }).then(
        (answer) => answer.status,
        (error) => (error instanceof LineBroken ? 0 : 400),
      )
      if (isPassing(status)) {
        await alarm.wait(delay(attempt++, Math.random()), new AbortController().signal)
        continue
      }
      this.bare.shift()
      attempt = 0
      if (status < 300) made += 1
      else lost += 1
    }
    this.isMaking = false
    if (made > 0) this.notes.push(fill(words.folders_made, { count: made }))
    if (lost > 0) this.notes.push(fill(words.folders_lost, { count: lost }))
    this.changed()
  }

  /** Nothing is kept of a selection once all of it has arrived. */
  private settle(): void {
    const sum = totals(this.items)
    if (sum.open > 0 || sum.wanted > 0 || this.bare.length > 0) return
    this.memory.forget()
    this.forget()
  }

  private ask(): Promise<Known> {
    return fetchKnown(wire, new URL(this.config.list, location.href).href, this.headers())
  }

  /** Waits until the person has filled in the required fields, such as a name. */
  private async complete(): Promise<void> {
    // Not the inputs for files, which the plain form demands and this script empties.
    const fields = [...this.form.querySelectorAll<HTMLInputElement>('input:not([type=file])')]
    while (!fields.every((field) => field.reportValidity())) {
      await new Promise((resolve) => this.form.addEventListener('change', resolve, { once: true }))
    }
  }

  private async take(gathering: Promise<Gathered>, roots: Root[] | Promise<Root[]> = []): Promise<void> {
    const { words } = this.shared
    await this.complete()
    this.read(0)
    // A drop may meet a form that is folded in.
    this.unfold()
    const [{ picked, folders, isIncomplete }] = await Promise.all([gathering, this.isLoaded])
    this.reading = null
    this.notes = []
    const chosen = picked.filter(({ path }) => !isLeftOut(path))
    const leftOut = picked.length - chosen.length
    if (leftOut > 0) this.notes.push(leftOut === 1 ? words.left_out_one : fill(words.left_out, { count: leftOut }))
    if (isIncomplete) this.notes.push(words.unreadable_folder)
    const files = chosen.map(({ path }) => path)
    if (this.config.folders !== null) this.bare.push(...withoutFiles(folders, files))
    const wanted = new Map(this.items.filter((item) => item.state === 'wanted').map((item) => [item.url, item]))
    const taken = new Set<string>()
    // The last answers of the earlier visit may have come after its end. Of a hand-in the server lists all files.
    const isResumed = this.config.members !== null && this.memory.unfinished !== null
    const listed = new Set(this.items.filter((item) => item.isUnderWay || item.isDone || item.state === 'waiting').map(mark))
    for (const [at, { path, file }] of chosen.entries()) {
      // Size and time of a file are asked of the system, which takes long for thousands.
      if (at % SLICE === SLICE - 1) await new Promise((resolve) => setTimeout(resolve))
      const item = new Item(this.count++, path, file)
      this.items.push(item)
      if (at > 0 && !this.config.several) {
        item.refuse(words.only_one, false)
        continue
      }
      const open = openUpload(this.known, item, taken)
      if (open === null && (listed.has(mark(item)) || (await this.isThere(item)))) {
        item.state = 'there'
        continue
      }
      const refused = this.allowance.take(path, item.size)
      if (refused !== null) {
        item.refuse(refused, false)
        continue
      }
      if (open !== null) {
        taken.add(open.url)
        item.url = new URL(open.url, location.href).href
        item.sent = open.received
        const row = wanted.get(item.url)
        this.items = row ? this.items.filter((other) => other !== row) : this.items
      }
      item.isUncertain = isResumed
      this.enqueue(item)
    }
    this.known = { ...this.known, uploads: this.known.uploads.filter((upload) => !taken.has(upload.url)) }
    this.changed()
    this.shared.queue.pump()
    // A browser may first ask about a folder that is the system's own.
    const found = await roots
    if (totals(this.items).open > 0) this.handles.keep(found, Date.now())
    else if (this.bare.length > 0) await this.end()
  }

  /** Whether a file arrived during an earlier visit. */
  private async isThere(item: Item): Promise<boolean> {
    return this.memory.has(item.path, item.size, item.mtime) || (await hasContent(this.known, item))
  }

  private unfold(): void {
    const folded = this.form.closest('details')
    if (folded) folded.open = true
  }

  private enqueue(item: Item): void {
    item.state = 'waiting'
    this.waiting[isLarge(item) ? 1 : 0].push(item)
  }

  private failed(item: Item, error: unknown): void {
    const { words } = this.shared
    if (!this.items.includes(item)) return
    if (error instanceof SignedOut) this.isSignedOut = true
    if (error instanceof SignedOut && !this.isPaused) this.pause()
    if (error instanceof SignedOut || this.isPaused) {
      // First in turn when it goes on.
      item.state = 'waiting'
      this.waiting[isLarge(item) ? 1 : 0].unshift(item)
      return
    }
    this.allowance.giveBack(item.size)
    if (error instanceof Unreadable) item.refuse(words.unreadable, true)
    else item.refuse((error instanceof Refused && error.message) || words.failed, true)
  }

  private tools(item: Item, signal: AbortSignal): Tools {
    return {
      endpoint: new URL(this.config.endpoint, location.href).href,
      wire,
      alarm: this.shared.alarm,
      signal,
      random: Math.random,
      headers: () => this.headers(),
      metadata: () => ({
        ...config.metadata(this.config, this.form),
        ...(item.mtime === null ? {} : { mtime: String(item.mtime) }),
      }),
      trace: () => this.trace(item),
      renew: () => (this.config.session ? renewToken() : Promise.resolve('same')),
      progress: (sent) => {
        item.sent = sent
        item.state = sent >= item.size ? 'storing' : 'sending'
        this.view.change()
      },
      interrupted: () => {
        item.state = 'no-line'
        this.view.change()
      },
    }
  }

  /** Looks for a file whose upload was begun without an answer. Rejects if the line is still broken. */
  private async trace(item: Item): Promise<Trace> {
    const known = ofItem(await this.ask(), this.config.metadata['item'])
    const inUse = new Set(this.items.map((other) => other.url))
    const isMine = (url: string) => !inUse.has(new URL(url, location.href).href)
    const open = openUpload({ ...known, uploads: known.uploads.filter(({ url }) => isMine(url)) }, item, new Set())
    if (open) return { url: new URL(open.url, location.href).href }
    const isSame = (other: Item) => other.state === 'arrived' && other.path === item.path && other.size === item.size
    const before = arrivals(this.known, item) + this.items.filter(isSame).length
    if (arrivals(known, item) > before) return 'stored'
    return (await this.liesInFolder(item)) ? 'stored' : null
  }

  /** Whether the folder of the page has this file, with this size and time. */
  private async liesInFolder(item: Item): Promise<boolean> {
    if (this.config.members === null) return false
    const path = item.path.split('/').map(encodeURIComponent).join('/')
    const url = new URL(path, new URL(this.config.members, location.href)).href
    const answer = await wire({ method: 'HEAD', url })
    return answer.status === 200 && answer.length === item.size && answer.modified === item.mtime
  }

  private headers(): Record<string, string> {
    const token = (this.config.session ? config.token(this.form) : sessionToken()) ?? ''
    return token === '' ? {} : { 'Tresor-Token': token }
  }

  private read(count: number): void {
    this.reading = count
    this.view.change()
  }

  private changed(): void {
    this.view.change()
    this.saver ||= window.setTimeout(() => {
      this.saver = 0
      this.save()
    }, 2000)
  }

  private shown(): Shown {
    const { items, isPaused, isSignedOut, reading, notes } = this
    return { items, isPaused, isSignedOut, reading, notes, canGoOn: this.kept.length > 0 }
  }
}

