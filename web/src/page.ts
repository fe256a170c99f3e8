// The page around the forms: asked again, it shows the files that have arrived, and nothing that was typed is lost.

import { TOKEN } from './config.ts'
import type { Renewal } from './transfer.ts'
import { LineBroken } from './wire.ts'

/** The page as the server shows it now. A document from a request runs no scripts and is no sink of Trusted Types. */
function fetchPage(): Promise<Document | null> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('GET', location.pathname + location.search)
    request.responseType = 'document'
    request.onload = () => resolve(request.status === 200 ? (request.response as Document | null) : null)
    request.onerror = () => reject(new LineBroken())
    request.send()
  })
}

/** The event of a page that shows which files the server has now. */
export const REFRESHED = 'tresor-refreshed'

/** Replaces the parts of the page that list arrived files (`data-part`). */
export async function refresh(): Promise<void> {
  const fresh = await fetchPage().catch(() => null)
  for (const old of document.querySelectorAll<HTMLElement>('[data-part]')) {
    const name = old.dataset['part'] ?? ''
    const part = fresh?.querySelector<HTMLElement>(`[data-part="${CSS.escape(name)}"]`)
    if (!part) continue
    // The part that a person is in stays until the focus has left it.
    if (old.contains(document.activeElement)) old.addEventListener('focusout', () => void refresh(), { once: true })
    else replace(old, document.importNode(part, true))
  }
  if (fresh) dispatchEvent(new Event(REFRESHED))
}

/** The names of the files that the page lists for a form: those of its item, or of the page as a whole. */
export function listed(form: HTMLFormElement): ReadonlySet<string> {
  const around: ParentNode = form.closest('.item') ?? form.closest('#other') ?? document
  const names = around.querySelectorAll('[data-part] .files .name')
  return new Set([...names].map((name) => name.textContent))
}

function replace(old: HTMLElement, part: HTMLElement): void {
  keepTyped(old, part)
  old.replaceWith(part)
}

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement

/** Carries over the person's text, choices and opened parts. */
function keepTyped(old: HTMLElement, part: HTMLElement): void {
  const name = (control: Control) => `${control.name}\n${isPicked(control) ? control.value : ''}`
  const typed = new Map(controls(old).map((control) => [name(control), control]))
  for (const control of controls(part)) {
    const was = typed.get(name(control))
    if (!was || control.type === 'hidden') continue
    if (isPicked(control) && isPicked(was)) control.checked = was.checked
    else control.value = was.value
  }
  const opened = [...old.querySelectorAll('details')].map((details) => details.open)
  part.querySelectorAll('details').forEach((details, at) => (details.open = opened[at] ?? details.open))
}

function controls(part: HTMLElement): Control[] {
  return [...part.querySelectorAll<Control>('input[name], select[name], textarea[name]')]
}

function isPicked(control: Control): control is HTMLInputElement {
  return control.type === 'checkbox' || control.type === 'radio'
}

/** The form to sign out, which every page of a signed-in person has. */
export const SIGN_OUT = 'header.bar form[action="/logout"]'

/** The login name of the person whose page this is; nothing on pages of others. */
export function signedIn(): string | undefined {
  return document.querySelector<HTMLFormElement>(SIGN_OUT)?.dataset['user']
}

/** The token of the session, from the form to sign out. */
export function sessionToken(): string {
  return document.querySelector<HTMLInputElement>(`${SIGN_OUT} input[name="${TOKEN}"]`)?.value ?? ''
}

/** The event of a page that was locked and is not any more. */
export const UNLOCKED = 'tresor-unlocked'

/** Puts the session's present token into all forms. */
export async function renewToken(): Promise<Renewal> {
  const fresh = await fetchPage()
  const field = fresh?.querySelector<HTMLInputElement>(`${SIGN_OUT} input[name="${TOKEN}"]`)
  // Another person at the same browser gets neither this page nor the text typed in it.
  if (!field || field.form?.dataset['user'] !== signedIn()) return 'signed-out'
  let renewal: Renewal = 'same'
  for (const old of document.querySelectorAll<HTMLInputElement>(`input[name="${TOKEN}"]`)) {
    if (old.value !== field.value) renewal = 'renewed'
    old.value = field.value
  }
  return renewal
}
