// The page of a signed-in person. Signing out leaves no references to files in the browser. Where the office wants it, the page is
// locked when the person leaves the screen: it warns, hides it behind a dialog, and tells the server, which opens
// nothing until the password is given. Nothing that was typed is lost, and what is being sent goes on.

import { Idle } from './desk/idle.ts'
import { Curtain, Warning, type Proof, type Unlocked } from './desk/screen.ts'
import { tell } from './desk/session.ts'
import { active, locked, told } from './desk/tabs.ts'
import type { Words } from './desk/words.ts'
import { forgetAll } from './handles.ts'
import { SIGN_OUT, UNLOCKED, renewToken } from './page.ts'

/** The server hears at most this often that the person is there, in milliseconds. */
const TELL_EVERY = 60_000
/** Input is noted at most this often, in milliseconds. */
const NOTE_EVERY = 1_000
const INPUT = ['keydown', 'pointerdown', 'pointermove', 'wheel', 'touchmove'] as const

function watch(words: Words, after: number): void {
  const idle = new Idle(after, Date.now())
  const warning = new Warning(words, () => act())
  // Made when it is needed: until then no program that fills in passwords finds a field.
  let made: Curtain | null = null
  const curtain = () => (made ??= new Curtain(words, unlock))
  const isLocked = () => made?.isDrawn ?? false
  let noted = 0
  let hasEnded = false

  function act(): void {
    const now = Date.now()
    if (isLocked() || Math.abs(now - noted) < NOTE_EVERY) return
    noted = now
    // The lock may be due, while no timer ran: the machine slept.
    if (tick() === 'locked') return
    idle.act(now)
    active.note(now)
    warning.hide()
    if (Math.abs(now - told.last()) < TELL_EVERY) return
    told.note(now)
    void tell('here').then((said) => {
      if (said?.status === 423) lock()
      if (said?.status === 401) end()
    })
  }

  function tick(): string {
    const now = Date.now()
    const last = active.last()
    // One from the future was noted before the clock was set back.
    if (last <= now) idle.act(last)
    const state = isLocked() ? 'open' : idle.state(now)
    if (state === 'soon') warning.show(idle.left(now))
    else warning.hide()
    if (state === 'locked') {
      lock()
      locked.note(true)
      void tell('lock')
    }
    return state
  }

  function lock(): void {
    warning.hide()
    curtain().draw()
  }

  function end(): void {
    hasEnded = true
    lock()
    curtain().end()
  }

  function open(): void {
    hasEnded = false
    idle.act(Date.now())
    active.note(Date.now())
    if (isLocked()) curtain().open()
    dispatchEvent(new Event(UNLOCKED))
  }

  async function unlock(proof: Proof): Promise<Unlocked> {
    const said = await tell('unlock', new URLSearchParams(proof))
    if (said === null || said.status >= 500) return { because: words.no_line }
    if (said.status === 401) {
      hasEnded = true
      return 'ended'
    }
    if (said.status >= 300) return { because: said.text || words.wrong }
    locked.note(false)
    open()
    return true
  }

  /** The person unlocked another tab, or signed in there: then as a new session, whose token the forms need. */
  async function reopen(): Promise<void> {
    const renewal = await renewToken().catch(() => null)
    if (renewal === 'signed-out') end()
    else if (renewal !== null) open()
  }

  function returned(): void {
    tick()
    if (hasEnded) void reopen()
  }

  locked.note(false)
  locked.onChange((is) => (is ? lock() : void reopen()))
  for (const kind of INPUT) addEventListener(kind, act, { capture: true, passive: true })
  document.addEventListener('visibilitychange', returned)
  addEventListener('focus', returned)
  setInterval(tick, 1_000)
  act()
}

// What was chosen for uploads is not for the next person at this browser.
document.querySelector(SIGN_OUT)?.addEventListener('submit', forgetAll)
const { words, after } = document.currentScript?.dataset ?? {}
if (words && after) watch(JSON.parse(words) as Words, Number(after) * 1_000)
