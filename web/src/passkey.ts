// Signs in with a passkey, and adds one: fills in the page's form `data-passkey` and sends it. Where the browser can, it offers
// passkeys beside the names that it knows, too. The server answers by a page.

import { TOKEN } from './config.ts'
import { ask, hasPasskeys, make, optionsAt } from './passkey/ceremony.ts'

/** Time after which a waiting question is asked anew, in milliseconds; the server takes answers for five minutes. */
const RENEW_AFTER = 240_000

/** The question that waits in the background; a browser answers one at a time. */
let waiting: AbortController | null = null
/** Whether the person asked by the button. */
let isPressed = false

function field(form: HTMLFormElement, name: string): HTMLInputElement | null {
  return form.querySelector(`input[name="${name}"]`)
}

function options(form: HTMLFormElement): ReturnType<typeof optionsAt> {
  return optionsAt(form.dataset.options ?? '', field(form, TOKEN)?.value ?? '')
}

function send(form: HTMLFormElement, answer: string, by: HTMLElement | null = null): void {
  const to = field(form, 'passkey')
  if (!to) return
  to.value = answer
  // Not `requestSubmit`: that would ask again. So the button's own field goes along by hand.
  if (by instanceof HTMLButtonElement && by.name) {
    const pressed = document.createElement('input')
    pressed.type = 'hidden'
    pressed.name = by.name
    pressed.value = by.value
    form.append(pressed)
  }
  form.submit()
}

async function press(form: HTMLFormElement, by: HTMLElement | null): Promise<void> {
  const problem = form.querySelector<HTMLElement>('.problem')
  if (problem) problem.hidden = true
  isPressed = true
  waiting?.abort()
  try {
    if (form.dataset.passkey === 'make') return send(form, await make(form.dataset.options ?? ''), by)
    const asked = await options(form)
    if (asked) return send(form, await ask(asked), by)
  } catch {
    // Browsers do not say why: https://www.w3.org/TR/webauthn-3/#sctn-assertion-privacy
  }
  if (problem) problem.hidden = false
}

/** Waits for the person to choose a passkey that the browser offers in the field of the user name. */
async function wait(form: HTMLFormElement): Promise<void> {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.()) || isPressed) return
  let isOver = false
  while (!isOver) {
    // Before the options are here, the button may be pressed: then nothing is asked in the background any more.
    const question = new AbortController()
    waiting = question
    const timer = setTimeout(() => question.abort(RENEW_AFTER), RENEW_AFTER)
    try {
      const asked = await options(form)
      question.signal.throwIfAborted()
      if (!asked) return
      send(form, await ask(asked, { mediation: 'conditional', signal: question.signal }))
      return
    } catch {
      isOver = question.signal.reason !== RENEW_AFTER
    } finally {
      clearTimeout(timer)
    }
  }
}

function start(form: HTMLFormElement | null): void {
  for (const one of document.querySelectorAll<HTMLElement>('[data-passkey-only]')) one.hidden = false
  for (const one of document.querySelectorAll<HTMLElement>('[data-passkey-none]')) one.hidden = true
  if (!form) return
  form.hidden = false
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void press(form, event.submitter)
  })
  // Where a name is asked for.
  if (document.querySelector('input[autocomplete~="webauthn"]')) void wait(form).catch(() => null)
}

if (hasPasskeys()) start(document.querySelector<HTMLFormElement>('form[data-passkey]'))
