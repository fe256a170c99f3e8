// The person's view: first a warning at the edge of the page, which takes nothing away from the typing; then a dialog
// in front of everything. The page behind it stays as it is.

import { button, element, say } from '../dom.ts'
import { SIGN_OUT, sessionToken, signedIn } from '../page.ts'
import { ask, hasPasskeys, optionsAt } from '../passkey/ceremony.ts'
import { fill } from '../words.ts'
import type { Words } from './words.ts'

/** Seconds before the lock at which screen readers speak, besides the beginning of the warning. */
const LAST_CALL = 10

export class Warning {
  private readonly clock = element('p')
  /** Speaks; the clock, which changes each second, does not. */
  private readonly voice = element('p', { class: 'voice' })
  private readonly box: HTMLElement
  private readonly words: Words
  private called = Infinity

  constructor(words: Words, stay: () => void) {
    this.words = words
    this.clock.setAttribute('aria-hidden', 'true')
    this.voice.setAttribute('role', 'alert')
    this.box = element('div', { class: 'lock-soon' }, this.clock, this.voice, button(words.stay, stay))
    this.box.hidden = true
    document.body.append(this.box)
  }

  /** `left`: milliseconds until the lock. */
  show(left: number): void {
    const seconds = Math.max(1, Math.ceil(left / 1000))
    const text = fill(this.words.soon, { seconds })
    this.box.hidden = false
    say(this.clock, text)
    if (this.called === Infinity || (seconds <= LAST_CALL && this.called > LAST_CALL)) {
      this.called = seconds
      say(this.voice, text)
    }
  }

  hide(): void {
    if (this.box.hidden) return
    this.box.hidden = true
    this.called = Infinity
    say(this.voice, '')
  }
}

/** The outcome of an attempt to unlock: a reason for the person, or `true`. */
export type Unlocked = true | 'ended' | { readonly because: string }

/** The person's proof: a field of the form to the server. */
export type Proof = { password: string } | { passkey: string }

/** Where the options lie for a question for a passkey. */
const OPTIONS = '/session/passkey'

export class Curtain {
  private readonly dialog = element('dialog', { class: 'lock' })
  private readonly field = element('input')
  private readonly problem = element('p', { class: 'problem' })
  private readonly form = element('form')
  private readonly anew: HTMLElement
  private readonly title = document.title
  private readonly words: Words
  private readonly unlock: (proof: Proof) => Promise<Unlocked>
  /** Shown to a person who has a passkey. */
  private readonly byPasskey: HTMLButtonElement
  private isClosed = true

  constructor(words: Words, unlock: (proof: Proof) => Promise<Unlocked>) {
    this.words = words
    this.unlock = unlock
    const heading = element('h2', { text: words.title })
    heading.id = 'lock-title'
    this.dialog.setAttribute('aria-labelledby', heading.id)
    this.field.type = 'password'
    this.field.name = 'password'
    this.field.autocomplete = 'current-password'
    this.field.required = true
    // Password managers look for it.
    const user = element('input')
    user.name = 'user'
    user.autocomplete = 'username'
    user.hidden = true
    user.value = signedIn() ?? ''
    const label = element('label', { text: words.password }, this.field)
    const send = element('button', { text: words.unlock })
    this.problem.setAttribute('role', 'alert')
    this.problem.hidden = true
    this.form.append(user, label, send)
    this.form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.try(send, () => ({ password: this.field.value }))
    })
    this.byPasskey = button(words.by_passkey, () => void this.try(this.byPasskey, askForPasskey))
    this.byPasskey.className = 'other'
    this.byPasskey.hidden = true
    this.form.append(this.byPasskey)
    const login = element('a', { class: 'button', text: words.new_window })
    login.href = '/login'
    login.target = '_blank'
    login.rel = 'noopener'
    this.anew = element('p', {}, login)
    this.anew.hidden = true
    const leave = button(words.sign_out, () => document.querySelector<HTMLFormElement>(SIGN_OUT)?.requestSubmit())
    leave.className = 'plain'
    this.dialog.append(heading, element('p', { text: words.about }), this.problem, this.form, this.anew, leave)
    // Esc closes no lock; browsers heed only the first refusal of its event, so the key is refused, too.
    this.dialog.addEventListener('cancel', (event) => event.preventDefault())
    this.dialog.addEventListener('keydown', (event) => event.key === 'Escape' && event.preventDefault())
    this.dialog.addEventListener('close', () => this.isClosed || this.draw())
    document.body.append(this.dialog)
  }

  get isDrawn(): boolean {
    return !this.isClosed
  }

  draw(): void {
    if (this.isClosed) void this.offerPasskey()
    this.isClosed = false
    document.documentElement.classList.add('locked')
    document.title = this.words.title
    if (!this.dialog.open) this.dialog.showModal()
    this.field.focus()
  }

  open(): void {
    this.isClosed = true
    this.field.value = ''
    this.say('')
    this.form.hidden = false
    this.anew.hidden = true
    document.documentElement.classList.remove('locked')
    document.title = this.title
    // Closing gives the focus back to where it was.
    this.dialog.close()
  }

  /** The session has ended: the password alone is not enough any more. */
  end(): void {
    this.say(this.words.ended)
    this.form.hidden = true
    this.anew.hidden = false
  }

  private async offerPasskey(): Promise<void> {
    if (!hasPasskeys()) return
    const asked = await optionsAt(OPTIONS, sessionToken()).catch(() => null)
    this.byPasskey.hidden = asked === null
  }

  private async try(pressed: HTMLButtonElement, show: () => Proof | Promise<Proof | null>): Promise<void> {
    pressed.disabled = true
    const proof = await show()
    const outcome = proof ? await this.unlock(proof) : { because: this.words.no_passkey }
    pressed.disabled = false
    if (outcome === true) return this.open()
    if (outcome === 'ended') return this.end()
    this.say(outcome.because)
    this.field.select()
  }

  private say(text: string): void {
    this.problem.hidden = text === ''
    say(this.problem, text)
  }
}

async function askForPasskey(): Promise<Proof | null> {
  try {
    const asked = await optionsAt(OPTIONS, sessionToken())
    return asked && { passkey: await ask(asked) }
  } catch {
    return null
  }
}
