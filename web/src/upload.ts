// Turns the upload forms of a page (`form[data-upload]`) into ones that upload by themselves. Without this script the forms
// work as any form does.

import { Awake } from './awake.ts'
import { read, type Config } from './config.ts'
import { REFRESHED, UNLOCKED, refresh } from './page.ts'
import { Queue } from './queue.ts'
import { Alarm } from './retry.ts'
import { Allowance } from './terms.ts'
import { Uploader, type Shared } from './uploader.ts'
import type { Words } from './words.ts'

function start(words: Words, zone: string | undefined): void {
  const [alarm, awake] = [new Alarm(), new Awake()]
  const queue = new Queue((isBusy) => awake.set(isBusy))
  const allowances = new Map<string, Allowance>()
  const allowance = ({ endpoint, terms }: Config) => {
    const found = allowances.get(endpoint) ?? new Allowance(terms, words)
    allowances.set(endpoint, found)
    return found
  }
  const language = document.documentElement.lang
  const shared: Shared = {
    words,
    language,
    zone,
    queue,
    alarm,
    allowance,
    finished: () => void refresh(),
  }
  const uploaders = new Map<HTMLFormElement, Uploader>()
  for (const form of document.querySelectorAll<HTMLFormElement>('form[data-upload]')) {
    const config = read(form)
    if (config) uploaders.set(form, new Uploader(form, config, shared))
  }
  addEventListener('online', () => alarm.ring())
  addEventListener(UNLOCKED, () => void refresh())
  // At once, in the same picture as the other list: no file is seen twice or not at all.
  addEventListener(REFRESHED, () => uploaders.forEach((uploader) => uploader.hideListed()))
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') alarm.ring()
  })
  // A hand-in that is finished takes nothing more.
  document.addEventListener('submit', ({ target }) => {
    const isFinish = target instanceof HTMLFormElement && new FormData(target).get('do') === 'finish'
    if (isFinish) uploaders.forEach((uploader) => uploader.forget())
  })
  addEventListener('pagehide', () => uploaders.forEach((uploader) => uploader.save()))
  takeDrops(uploaders)
}

/**
 * Files may be dropped on a form, and anywhere if the page has only one. Elsewhere a drop does nothing: the browser would
 * leave the page for the file.
 */
function takeDrops(uploaders: ReadonlyMap<HTMLFormElement, Uploader>): void {
  const only = uploaders.size === 1 ? [...uploaders.keys()][0] : undefined
  const target = (event: DragEvent) => {
    const form = event.target instanceof Element ? event.target.closest('form') : null
    return form && uploaders.has(form) ? form : only
  }
  const mark = (marked?: HTMLFormElement) => {
    for (const form of uploaders.keys()) form.classList.toggle('over', form === marked)
  }
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false
  addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return
    event.preventDefault()
    mark(target(event))
  })
  addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) mark()
  })
  addEventListener('drop', (event) => {
    if (!hasFiles(event)) return
    event.preventDefault()
    mark()
    const form = target(event)
    if (form && event.dataTransfer) uploaders.get(form)?.drop(event.dataTransfer)
  })
}

const { words, zone } = document.currentScript?.dataset ?? {}
if (words) start(JSON.parse(words) as Words, zone)
