// Firefox by Marionette, the protocol behind its WebDriver, because Debian has no geckodriver: on a socket, each
// message is its length, a colon, and `[0, id, command, parameters]` or `[1, id, error, result]`.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Driver, ELEMENT, ended, eventually, started } from './driver.mjs'

/** Settings of a browser that asks none of its maker's servers and copies the console of pages to its output. */
const SETTINGS = {
  'app.normandy.enabled': false,
  'app.update.disabledForTesting': true,
  'browser.region.network.url': '',
  'browser.safebrowsing.blockedURIs.enabled': false,
  'browser.safebrowsing.downloads.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.search.update': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'devtools.console.stdout.chrome': false,
  'devtools.console.stdout.content': true,
  'extensions.getAddons.cache.enabled': false,
  'extensions.update.enabled': false,
  'marionette.port': 0,
  'media.gmp-manager.updateEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.dns.disablePrefetch': true,
  'privacy.trackingprotection.enabled': false,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'toolkit.telemetry.enabled': false,
}

/** In the browser's own context: keeps each request of a page. */
const WATCH = `
  window.tresorAsked = []
  Services.obs.addObserver((channel) => {
    channel.QueryInterface(Ci.nsIHttpChannel)
    if (channel.loadInfo.browsingContextID !== 0) window.tresorAsked.push(channel.URI.spec)
  }, 'http-on-modify-request')`

/** In the process of a page: the person confirms that all files of a folder are really meant. */
const AGREE = `
  const { PromptCollection } = ChromeUtils.importESModule('resource:///modules/PromptCollection.sys.mjs')
  PromptCollection.prototype.confirmFolderUpload = () => true`

/** In the browser's own context: answers the dialog for a folder, and the question whether all its files are really meant. */
const DIALOG = `
  const [path] = arguments
  const file = Cc['@mozilla.org/file/local;1'].createInstance(Ci.nsIFile)
  file.initWithPath(path)
  const dialog = {
    QueryInterface: ChromeUtils.generateQI(['nsIFilePicker']),
    init() {}, appendFilters() {}, appendFilter() {}, appendRawFilter() {},
    mode: 0, defaultString: '', defaultExtension: '', filterIndex: 0, displayDirectory: null, displaySpecialDirectory: '',
    addToRecentDocs: false, okButtonLabel: '', capture: 0, file, fileURL: null, files: null, domFileOrDirectory: null,
    domFileOrDirectoryEnumerator: null,
    isModeSupported: async () => true,
    open(callback) { Services.tm.dispatchToMainThread(() => callback.done(Ci.nsIFilePicker.returnOK)) },
    close() {},
  }
  Components.manager.QueryInterface(Ci.nsIComponentRegistrar).registerFactory(
    Components.ID('{7ac1f7b0-5d5d-4c0e-9a0e-3f1f0c2b8a11}'), '', '@mozilla.org/filepicker;1',
    { createInstance: (iid) => dialog.QueryInterface(iid), QueryInterface: ChromeUtils.generateQI(['nsIFactory']) })
  const agree = ${JSON.stringify(AGREE)}
  gBrowser.selectedBrowser.messageManager.loadFrameScript('data:,' + encodeURIComponent(agree), false)`

/** In the browser's own context: messages about pages, such as errors of scripts and content policy reports. */
const TOLD = `
  const [base] = arguments
  const found = []
  for (const message of Services.console.getMessageArray()) {
    if (!(message instanceof Ci.nsIScriptError)) continue
    const isOfPage = message.sourceName.startsWith(base) || message.errorMessage.includes(base)
    if (isOfPage) found.push(message.category + ': ' + message.errorMessage)
  }
  return found`

export class Firefox extends Driver {
  /** Its program is `firefox`; files that are fetched come into the folder. */
  constructor({ firefox }, downloads, language) {
    super()
    this.program = firefox
    this.downloads = downloads
    this.language = language
    this.said = ''
    this.count = 0
    this.asked = new Map()
  }

  async start() {
    const profile = mkdtempSync(join(tmpdir(), 'firefox-'))
    const own = { 'browser.download.folderList': 2, 'browser.download.dir': this.downloads, 'intl.accept_languages': this.language }
    const settings = { ...SETTINGS, ...own }
    const lines = Object.entries(settings).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`)
    writeFileSync(join(profile, 'user.js'), lines.join(''))
    const options = ['--headless', '--marionette', '--remote-allow-system-access', '--no-remote', '--profile', profile]
    this.child = started(this.program, options, { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', (text) => (this.said += text))
    const port = await eventually(() => this.said, () => this.said.match(/Listening on port (\d+)/)?.[1])
    this.socket = connect(Number(port), '127.0.0.1')
    let rest = Buffer.alloc(0)
    this.socket.on('data', (bytes) => (rest = this.receive(Buffer.concat([rest, bytes]))))
    this.socket.on('close', () => this.asked.forEach(({ reject }) => reject(new Error('Firefox has ended'))))
    await this.ask('WebDriver:NewSession', { acceptInsecureCerts: true, strictFileInteractability: false })
    await this.inBrowser(WATCH)
  }

  /** Takes whole messages, and returns the rest. */
  receive(bytes) {
    for (;;) {
      const colon = bytes.indexOf(':')
      const length = Number(bytes.subarray(0, colon))
      if (colon < 0 || bytes.length < colon + 1 + length) return bytes
      const message = JSON.parse(bytes.subarray(colon + 1, colon + 1 + length))
      bytes = bytes.subarray(colon + 1 + length)
      // The first message is a greeting.
      if (!Array.isArray(message)) continue
      const [, id, error, result] = message
      const { resolve, reject } = this.asked.get(id)
      this.asked.delete(id)
      if (error) reject(new Error(`${error.error}: ${error.message}`))
      else resolve(result && 'value' in result ? result.value : result)
    }
  }

  ask(command, parameters = {}) {
    const id = ++this.count
    const message = JSON.stringify([0, id, command, parameters])
    return new Promise((resolve, reject) => {
      this.asked.set(id, { resolve, reject })
      this.socket.write(`${Buffer.byteLength(message)}:${message}`)
    })
  }

  async end() {
    this.socket?.destroy()
    await ended(this.child)
  }

  go(url) {
    return this.ask('WebDriver:Navigate', { url })
  }

  address() {
    return this.ask('WebDriver:GetCurrentURL')
  }

  run(script, ...given) {
    return this.ask('WebDriver:ExecuteScript', { script, args: given })
  }

  elements(selector) {
    return this.ask('WebDriver:FindElements', { using: 'css selector', value: selector })
  }

  click(element) {
    return this.ask('WebDriver:ElementClick', { id: element[ELEMENT] })
  }

  type(element, text) {
    return this.ask('WebDriver:ElementSendKeys', { id: element[ELEMENT], text })
  }

  /** Runs a script with all that the browser itself may do. */
  async inBrowser(script, ...given) {
    await this.ask('Marionette:SetContext', { value: 'chrome' })
    try {
      return await this.run(script, ...given)
    } finally {
      await this.ask('Marionette:SetContext', { value: 'content' })
    }
  }

  /** Presses a button and chooses a folder, for which the protocol has no word. */
  async chooseFolder(button, path) {
    await this.inBrowser(DIALOG, path)
    await this.click(button)
    return true
  }

  /** The console output of pages, and the browser's messages about them. */
  async faults(base) {
    // The browser's own lines begin with the name of a part, not with a value.
    const written = this.said.split('\n').filter((line) => /^console\.(error|warn): [^A-Za-z]/.test(line))
    return [...(await this.inBrowser(TOLD, base)), ...written]
  }

  /** Addresses elsewhere that pages asked for. */
  async strangers(base) {
    const asked = await this.inBrowser('return window.tresorAsked')
    return asked.filter((url) => !url.startsWith(base))
  }
}
