// WebKit by WebDriver: WebKitWebDriver and the small browser that comes with WebKitGTK, on a display of their own.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as listen } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { Driver, ELEMENT, ended, eventually, started } from './driver.mjs'

/** Longest wait for a browser, in milliseconds, and how often another one is started after it. */
const PATIENCE = 10_000
const TRIES = 6

/** In a page: keeps its messages from now on. */
const HEED = `
  if (window.tresorFaults) return
  const faults = (window.tresorFaults = [])
  const keep = (kind) => (event) => faults.push(kind + ': ' + (event.message ?? event.reason ?? ''))
  addEventListener('error', keep('error'))
  addEventListener('unhandledrejection', keep('rejection'))
  addEventListener('securitypolicyviolation', (event) => faults.push('policy: ' + event.violatedDirective + ' ' + event.blockedURI))
  for (const level of ['error', 'warn']) console[level] = (...words) => faults.push(level + ': ' + words.join(' '))`

/** In a page: its messages, and the addresses of all its parts. */
const GATHER = 'return [window.tresorFaults ?? [], performance.getEntriesByType("resource").map(({ name }) => name)]'

export class WebKit extends Driver {
  /**
   * Its programs are `driver`, `display`, and `locales`, which makes what a browser knows of a language; files that
   * are fetched come into the folder.
   */
  constructor(programs, downloads, language) {
    super()
    this.programs = programs
    this.downloads = downloads
    this.locale = { de: 'de_DE', en: 'en_GB' }[language]
    this.told = []
    this.asked = []
  }

  async start() {
    const { driver, locales } = this.programs
    const own = mkdtempSync(join(tmpdir(), 'webkit-'))
    writeFileSync(join(own, 'user-dirs.dirs'), `XDG_DOWNLOAD_DIR="${this.downloads}"\n`)
    // The browser asks for the language of its locale, of which Debian installs none.
    const locale = `${this.locale}.UTF-8`
    execFileSync(locales, ['-i', this.locale, '-f', 'UTF-8', '--no-archive', join(own, locale)])
    // The server of the display writes the number that it took.
    this.display = started(this.programs.display, ['-displayfd', '3', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    })
    let number = ''
    this.display.stdio[3].on('data', (text) => (number += text))
    await eventually(() => 'no display', () => number.endsWith('\n'))
    const display = { DISPLAY: `:${number.trim()}`, GDK_BACKEND: 'x11', NO_AT_BRIDGE: '1' }
    const env = { ...process.env, ...display, LOCPATH: own, LC_ALL: locale, XDG_CONFIG_HOME: own }
    const proxy = `127.0.0.1:${await this.elsewhere()}`
    const alwaysMatch = {
      acceptInsecureCerts: true,
      proxy: { proxyType: 'manual', httpProxy: proxy, sslProxy: proxy, noProxy: ['127.0.0.1'] },
    }
    for (let tries = 1; ; tries += 1) {
      const port = await freePort()
      this.child = started(driver, [`--port=${port}`], { env, stdio: 'ignore' })
      this.base = `http://127.0.0.1:${port}`
      await eventually(() => 'no WebDriver', () => this.send('GET', '/status').then(() => true, () => false))
      // At times driver and browser miss each other, and the driver waits for ever.
      const { child } = this
      const begun = this.send('POST', '/session', { capabilities: { alwaysMatch } }).catch((error) => {
        if (!child.killed) throw error
      })
      const session = await Promise.race([begun, pause(PATIENCE)])
      if (session) {
        this.base += `/session/${session.sessionId}`
        return
      }
      assert.ok(tries < TRIES, `no browser after ${tries} tries`)
      await ended(this.child, 'SIGKILL')
    }
  }

  /** A proxy for all addresses but the server's: it keeps them, and reaches none. */
  async elsewhere() {
    const keep = (request) => this.asked.push(request.url)
    this.proxy = createServer((request, answer) => {
      keep(request)
      answer.writeHead(502).end()
    })
    this.proxy.on('connect', (request, socket) => {
      keep(request)
      socket.destroy()
    })
    await new Promise((resolve) => this.proxy.listen(0, '127.0.0.1', resolve))
    return this.proxy.address().port
  }

  /** Rejects with the driver's error, or if the driver cannot be reached. */
  async send(method, path, body) {
    const answer = await fetch(this.base + path, { method, body: body && JSON.stringify(body) })
    const { value } = await answer.json()
    if (!answer.ok) throw new Error(`${value.error}: ${value.message}`)
    return value
  }

  async end() {
    await this.send('DELETE', '').catch(() => undefined)
    await ended(this.child)
    await ended(this.display)
    this.proxy?.close()
  }

  async go(url) {
    await this.gather()
    await this.send('POST', '/url', { url })
    await this.run(HEED)
  }

  async follow(selector, text) {
    await this.gather()
    await super.follow(selector, text)
    await this.run(HEED)
  }

  /** Keeps the messages of the page, before it is left. */
  async gather() {
    const [told, parts] = await this.run(GATHER).catch(() => [[], []])
    this.told.push(...told)
    this.asked.push(...parts)
  }

  address() {
    return this.send('GET', '/url')
  }

  run(script, ...given) {
    return this.send('POST', '/execute/sync', { script, args: given })
  }

  elements(selector) {
    return this.send('POST', '/elements', { using: 'css selector', value: selector })
  }

  click(element) {
    return this.send('POST', `/element/${element[ELEMENT]}/click`, {})
  }

  type(element, text) {
    return this.send('POST', `/element/${element[ELEMENT]}/value`, { text })
  }

  /** The protocol cannot choose a folder, and neither can anything else. */
  async chooseFolder() {
    return false
  }

  /** The console output of pages, and the browser's messages about them. */
  async faults(base) {
    await this.gather()
    return this.told
  }

  /** Addresses elsewhere that pages asked for. */
  async strangers(base) {
    return this.asked.filter((url) => !url.startsWith(base))
  }
}

/** A port that was free just now. */
function freePort() {
  return new Promise((resolve) => {
    const server = listen().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}
