// Several photos become one PDF: the person chooses or takes them, puts them in order, and sends the file. The photos are made smaller
// here, so that a phone sends little; they stay on the device.

import { button, element, say } from './dom.ts'
import { paper, type Page } from './paper.ts'
import { fill, type Words } from './words.ts'

/** Longest side of a page in pixels: A4 with about 200 dots to the inch. */
const LONGEST = 2_400
/** Quality of a page between 0 and 1: writing stays sharp. */
const QUALITY = 0.82
/** Longest side of a small picture in the list, in pixels. */
const SMALL = 96
/** Most pages of a file. */
const MOST_PAGES = 50

interface Photo {
  readonly file: File
  readonly small: HTMLCanvasElement
}

/** A canvas with a photo, whose sides are at most this long. */
async function drawn(file: File, longest: number): Promise<HTMLCanvasElement> {
  const bitmap = await createImageBitmap(file)
  const scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height))
  const canvas = element('canvas')
  canvas.width = Math.max(1, Math.round(bitmap.width * scale))
  canvas.height = Math.max(1, Math.round(bitmap.height * scale))
  const context = canvas.getContext('2d')
  if (!context) throw new Error('no canvas')
  // JPEG knows no transparency, and would show black.
  context.fillStyle = '#fff'
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
  bitmap.close()
  return canvas
}

async function page(file: File): Promise<Page> {
  const canvas = await drawn(file, LONGEST)
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', QUALITY))
  if (!blob) throw new Error('no picture')
  return { jpeg: new Uint8Array(await blob.arrayBuffer()), width: canvas.width, height: canvas.height }
}

/** `2026-11-30 14.05`, by the clock of the device; without characters that a system forbids in names. */
export function stamp(now: Date): string {
  const two = (part: number) => String(part).padStart(2, '0')
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`
  return `${day} ${two(now.getHours())}.${two(now.getMinutes())}`
}

export class Photos {
  /** The button that opens the list. */
  readonly opener: HTMLButtonElement
  readonly panel = element('div', { class: 'photos' })
  private readonly list = element('ol')
  private readonly notes = element('p', { class: 'problem' })
  private readonly status = element('p', { class: 'unseen' })
  private readonly sender: HTMLButtonElement
  private photos: Photo[] = []
  private isBusy = false
  private readonly words: Words
  private readonly send: (files: File[]) => void

  constructor(words: Words, isPhone: boolean, send: (files: File[]) => void) {
    this.words = words
    this.send = send
    this.opener = button(words.photos, () => this.open())
    this.sender = button(words.photos_send, () => void this.make())
    this.status.setAttribute('role', 'status')
    this.notes.setAttribute('role', 'alert')
    const buttons = element('div', { class: 'controls' })
    const offer = (text: string, takes: boolean) => {
      const input = element('input')
      input.type = 'file'
      input.accept = 'image/*'
      input.hidden = true
      if (takes) input.setAttribute('capture', 'environment')
      else input.multiple = true
      const chooser = button(text, () => input.click())
      input.addEventListener('change', () => {
        void this.add([...(input.files ?? [])])
        // The same photo may be chosen again.
        input.value = ''
        chooser.focus()
      })
      this.panel.append(input)
      buttons.append(chooser)
    }
    if (isPhone) offer(words.take_photo, true)
    offer(words.photos_add, false)
    const close = button(words.photos_cancel, () => this.close())
    const about = element('p', { text: words.photos_about })
    const acts = element('div', { class: 'controls' }, this.sender, close)
    this.panel.append(about, buttons, this.list, this.notes, this.status, acts)
    this.panel.hidden = true
    this.tell('')
    this.show()
  }

  private open(): void {
    this.panel.hidden = false
    this.panel.querySelector('button')?.focus()
  }

  private close(): void {
    this.photos = []
    this.tell('')
    this.show()
    this.panel.hidden = true
    this.opener.focus()
  }

  private async add(files: File[]): Promise<void> {
    this.tell('')
    const lost = []
    for (const file of files) {
      if (this.photos.length >= MOST_PAGES) {
        this.tell(fill(this.words.photos_most, { count: MOST_PAGES }))
        break
      }
      try {
        this.photos.push({ file, small: await drawn(file, SMALL) })
      } catch {
        lost.push(file.name)
      }
      this.show()
    }
    if (lost.length > 0) this.tell(fill(this.words.photos_unreadable, { name: lost.join(', ') }))
  }

  private tell(text: string): void {
    say(this.notes, text)
    this.notes.hidden = text === ''
  }

  private show(): void {
    const { words, photos } = this
    this.sender.disabled = photos.length === 0 || this.isBusy
    this.list.replaceChildren(
      ...photos.map(({ file, small }, at) => {
        const number = { page: at + 1 }
        small.setAttribute('role', 'img')
        small.setAttribute('aria-label', file.name)
        const act = (sign: string, sentence: string, to: number | null) => {
          const made = button(sign, () => this.move(at, to), fill(sentence, number))
          made.disabled = this.isBusy || (to !== null && (to < 0 || to >= photos.length))
          return made
        }
        const acts = element(
          'div',
          { class: 'moves' },
          act('↑', words.photos_up, at - 1),
          act('↓', words.photos_down, at + 1),
          act('✕', words.photos_remove, null),
        )
        return element('li', {}, small, element('span', { text: fill(words.photos_page, number) }), acts)
      }),
    )
  }

  /** Moves a photo to another place, or away. */
  private move(from: number, to: number | null): void {
    const [photo] = this.photos.splice(from, 1)
    if (photo && to !== null) this.photos.splice(to, 0, photo)
    this.show()
    if (to === null) {
      this.panel.querySelector('button')?.focus()
      return
    }
    say(this.status, fill(this.words.photos_moved, { from: from + 1, to: to + 1 }))
    // The focus follows the photo; at an end of the list the button of the other way takes it.
    const buttons = [...(this.list.children[to]?.querySelectorAll('button') ?? [])]
    const same = buttons[to < from ? 0 : 1]
    const target = same?.disabled ? buttons[to < from ? 1 : 0] : same
    target?.focus()
  }

  private async make(): Promise<void> {
    const { words } = this
    this.isBusy = true
    this.show()
    const pages: Page[] = []
    try {
      // One after the other: a photo takes 50 MB of memory while it is drawn.
      for (const { file } of this.photos) {
        say(this.status, fill(words.photos_making, { page: pages.length + 1, total: this.photos.length }))
        pages.push(await page(file))
      }
    } catch {
      this.isBusy = false
      this.tell(fill(words.photos_unreadable, { name: this.photos[pages.length]?.file.name ?? '' }))
      this.show()
      return
    }
    const now = new Date()
    const name = `${words.photos_file} ${stamp(now)}.pdf`
    this.isBusy = false
    say(this.status, '')
    this.send([new File(paper(pages), name, { type: 'application/pdf', lastModified: now.getTime() })])
    this.close()
  }
}
