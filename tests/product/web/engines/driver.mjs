// The common parts of the drivers of both browsers: a window with pages, found and touched as a person does it.
import { spawn } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'

/** Longest wait for something to appear, in milliseconds. */
const PATIENCE = 60_000
/** Time between two looks, in milliseconds. */
const BEAT = 50

/** The key under which WebDriver passes elements. */
export const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf'

/** Asks again and again until there is an answer, which is anything but `undefined` and `false`. */
export async function eventually(what, ask, patience = PATIENCE) {
  const end = performance.now() + patience
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== false) return answer
    if (performance.now() > end) throw new Error(`not within ${patience / 1000} s: ${await what()}`)
    await pause(BEAT)
  }
}

/**
 * A browser under a driver. Subclasses have the primitives: `start`, `end`, `go(url)`, `address()`, `run(script, ...given)`,
 * `elements(selector)`, `click(element)`, `type(element, text)`, `faults(base)` and `strangers(base)`.
 */
export class Driver {
  /** The element that is found by a selector, shows a text and is visible. */
  async find(selector, text = '') {
    const script = `
      const [selector, text, flags] = arguments
      const pattern = new RegExp(text, flags)
      const all = [...document.querySelectorAll(selector)]
      return all.findIndex((one) => one.checkVisibility() && pattern.test(one.textContent))`
    const [source, flags] = text instanceof RegExp ? [text.source, text.flags] : [escape(text), '']
    const isThere = async () => {
      // While a page is left there is neither the old nor the new one.
      const at = await this.run(script, selector, source, flags).catch(() => -1)
      const found = at >= 0 ? await this.elements(selector).catch(() => []) : []
      return found[at] ?? false
    }
    return eventually(async () => `${selector} with ${text}\n${await this.seen()}`, isThere)
  }

  /** Waits for a text in an element. */
  async shows(selector, text) {
    await this.find(selector, text)
  }

  /** Presses a button, a link or the heading of a folded part. */
  async press(selector, text = '') {
    // The page may renew a part of itself between the look and the touch.
    const touch = async () => {
      const found = await this.find(selector, text)
      return this.click(found).then(
        () => true,
        (error) => (error.message.startsWith('stale element') ? false : Promise.reject(error)),
      )
    }
    await eventually(() => `${selector} with ${text}`, touch)
  }

  /** Presses an element that leads to another page, and waits for that. */
  async follow(selector, text = '') {
    await this.run('document.documentElement.dataset.left = "1"')
    await this.press(selector, text)
    const script = 'return document.readyState === "complete" && !document.documentElement.dataset.left'
    const isNew = () => this.run(script).catch(() => false)
    await eventually(() => `another page after ${selector} with ${text}`, isNew)
  }

  /** Types into a field. */
  async fill(selector, text) {
    await this.type(await this.find(selector), text)
  }

  /** Chooses files in an input, which the page need not show. */
  async choose(selector, paths) {
    const [input] = await eventually(() => `no ${selector}`, async () => {
      const found = await this.elements(selector)
      return found.length > 0 && found
    })
    await this.type(input, paths.join('\n'))
  }

  /** The text of the page, for the reader of a failure. */
  async seen() {
    return `${await this.address()}\n${await this.run('return document.body.innerText')}`
  }

  /** Ends the session after a function, whether it fails or not. */
  async during(act) {
    try {
      return await act()
    } finally {
      await this.end()
    }
  }
}

/** A text as a regular expression that finds only itself. */
function escape(text) {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
}

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

/** Starts a program, which ends with this one at the latest. */
export function started(program, options, more) {
  const child = spawn(program, options, more)
  process.once('exit', () => child.kill('SIGKILL'))
  return child
}

/** Waits for a child process to end, which it is asked to do. */
export async function ended(child, signal = 'SIGTERM') {
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  const left = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  await Promise.race([left, pause(5_000).then(() => child.kill('SIGKILL'))])
}
