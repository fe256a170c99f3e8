// A person at Chromium, by playwright-core: browser.mjs SCENARIO PARAMETERS, the latter as JSON with
//   base      address of the server
//   work      folder with the files to send
//   screens   folder for screenshots, if they are wanted
//   chromium  the browser
// Prints what the Rust side checks further as JSON. Anything unexpected on the console, a report of the content policy and a
// request to another host end it.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

// Packages lie where they were installed, which is the working directory.
const require = createRequire(`${process.cwd()}/`)
const { chromium } = require('playwright-core')
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

const [scenario, parameters] = process.argv.slice(2)
const given = JSON.parse(parameters)
const browser = await chromium.launch({ executablePath: given.chromium, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
const faults = []
/** While the line is cut or uploads are stopped, failed requests are expected on the console. */
let isCut = false
/** The same for answers to a wrong password, after the session has ended, and to the end of a hand-in that is not complete. */
let isRefused = false

/** Most pixels from the top of a page that are kept as a picture. */
const MOST_PICTURED = 1_600

/** A browser with cookies of its own. */
async function person(locale, more = {}) {
  const context = await browser.newContext({ locale, ...more })
  context.setDefaultTimeout(given.patience ?? 60_000)
  await context.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`))
  })
  context.on('console', (message) => {
    const isLine = /ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|ERR_FAILED|status of 404/.test(message.text())
    const isRefusal = /status of 40[139]/.test(message.text())
    const isExpected = (isCut && isLine) || (isRefused && isRefusal)
    if (['error', 'warning'].includes(message.type()) && !isExpected) faults.push(message.text())
  })
  // A page asks before it is left only while something is under way.
  context.on('dialog', (dialog) => {
    faults.push(`asks before it is left: ${dialog.type()}`)
    void dialog.accept()
  })
  context.on('weberror', (error) => faults.push(String(error.error())))
  context.on('request', (request) => {
    if (!request.url().startsWith(given.base)) faults.push(`asks ${request.url()}`)
  })
  return context
}

const inspectors = new WeakMap()

/** The inspector of a page. One for each, and never detached: that would take the page's authenticator away. */
async function inspector(page) {
  if (!inspectors.has(page)) inspectors.set(page, await page.context().newCDPSession(page))
  return inspectors.get(page)
}

/** No serious finding in light and dark, no sideways scrolling on a narrow phone, and pictures if they are wanted. */
async function looks(page, name) {
  const size = page.viewportSize()
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme })
    // Past the policy of the page, as an inspector does it.
    await (await inspector(page)).send('Runtime.evaluate', { expression: AXE })
    const { violations } = await page.evaluate(() => axe.run({ resultTypes: ['violations'] }))
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    const told = serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`)}`)
    assert.deepEqual(told, [], `${name}, ${colorScheme}`)
    if (given.screens) {
      const height = Math.min(MOST_PICTURED, await page.evaluate(() => document.documentElement.scrollHeight))
      const path = join(given.screens, `${name}-${size.width}-${colorScheme}.png`)
      await page.screenshot({ path, fullPage: true, clip: { x: 0, y: 0, width: size.width, height } })
    }
  }
  await page.setViewportSize({ width: 320, height: 700 })
  const wide = await page.evaluate(() => document.documentElement.scrollWidth)
  assert.ok(wide <= 320, `${name} is ${wide} px wide on 320 px`)
  await page.setViewportSize(size)
}

const overall = (page) => page.locator('.overall')
const hasText = (locator, pattern) => locator.filter({ hasText: pattern }).first().waitFor()
const FILES = 'input[type=file][name]:not([webkitdirectory])'

/** A JPEG of one colour as phones store it: it lies on its side, and Exif says how the camera was held (orientation 6). */
async function photo(page, colour) {
  const plain = await page.evaluate(async (colour) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 })
    const context = canvas.getContext('2d')
    context.fillStyle = colour
    context.fillRect(0, 0, 640, 480)
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg'))
    return [...new Uint8Array(await blob.arrayBuffer())]
  }, colour)
  // A big-endian TIFF with one entry.
  const exif = Buffer.from('4578696600004d4d002a00000008000101120003000000010006000000000000', 'hex')
  const head = Buffer.from([0xff, 0xd8, 0xff, 0xe1, 0, exif.length + 2])
  return Buffer.concat([head, exif, Buffer.from(plain.slice(2))])
}

/** Requests of a page that begin uploads. */
function countBeginnings(page) {
  const count = { posts: 0 }
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/sending')) count.posts += 1
  })
  return count
}

/** Drops a folder on the page, as a person does with a mouse. */
async function drop(page, path) {
  await page.locator('.drop').scrollIntoViewIfNeeded()
  const box = await page.locator('.drop').boundingBox()
  const session = await page.context().newCDPSession(page)
  const at = { x: box.x + box.width / 2, y: box.y + 20 }
  const data = { items: [], files: [path], dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop']) await session.send('Input.dispatchDragEvent', { type, ...at, data })
  await session.detach()
}

/** A line that takes about a second for 4 MiB, so that something can happen meanwhile, and that can be cut. */
async function slowLine(page) {
  const session = await page.context().newCDPSession(page)
  const set = (offline) =>
    session.send('Network.emulateNetworkConditions', {
      offline,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: 4 * 2 ** 20,
    })
  await set(false)
  return { cut: () => set(true), mend: () => set(false) }
}

/** Presses the button that pauses as soon as the page says something; the browser watches, as it is the quickest. */
async function pauseWhen(page, pattern, word) {
  await page.evaluate(
    ([pattern, word]) => {
      const watch = setInterval(() => {
        const button = [...document.querySelectorAll('.upload button')].find((one) => one.textContent === word)
        if (!button || !new RegExp(pattern).test(document.querySelector('.upload').textContent)) return
        clearInterval(watch)
        button.click()
      }, 10)
    },
    [pattern, word],
  )
}

const scenarios = {
  /** A folder of many files and a large one is dropped; the line is cut, the tab closed, the folder chosen again. */
  async staff() {
    const context = await person('de-DE')
    const page = await context.newPage()
    await signIn(page, `/files/${given.space}/`)
    await looks(page, 'empty')
    const line = await slowLine(page)
    // Bytes that may have been on their way are looked for afterwards, and some are not found.
    isCut = true
    // The large file must have begun, or the server knows nothing of it afterwards.
    await pauseWhen(page, '^[1-9]\\d+ von.*gross\\.bin.{0,30}gesendet, [1-9]', 'Anhalten')
    await drop(page, join(given.work, 'Belege'))
    const total = given.files
    await hasText(overall(page), new RegExp(`^[1-9]\\d+ von ${total} angekommen, angehalten`))
    await hasText(page.locator('.note'), 'weggelassen')
    await looks(page, 'paused')
    await line.cut()
    await page.click('button:text-is("Weiter")')
    await hasText(overall(page), 'Verbindung unterbrochen')
    await pauseWhen(page, '^(1[2-9]|[23]\\d)\\d von', 'Anhalten')
    await line.mend()
    await hasText(overall(page), /^[1-3]\d\d von .*angehalten/)
    await page.close()

    const again = await context.newPage()
    const { posts } = await resumed(again, total)
    await looks(again, 'done')
    // A long list has elements only for the rows in sight.
    const rows = await again.locator('.rows.long .files li').count()
    assert.ok(rows > 0 && rows < 100, `${rows} rows of ${total}`)
    assert.ok((await again.locator('[data-part=members] td.name').count()) > 0, 'the list of the folder is not renewed')
    return { posts }
  },

  /**
   * What was dropped is read again by the browser itself, also a file that was changed; a browser that may not says so, and nothing
   * stays in it afterwards. What the browser's own dialogue gives is sent, too.
   */
  async goOn() {
    const context = await person('de-DE')
    // A browser keeps a permission while a page of the site is open; it cannot be steered to ask for another one.
    const other = await context.newPage()
    await signIn(other, `/files/`)
    const page = async (url) => {
      const page = await context.newPage()
      await page.goto(url)
      return page
    }
    const folder = `${given.base}/files/${given.space}/Eingang/`
    const breakOff = async (url, name) => {
      const broken = await page(url)
      if (url === folder) await broken.locator('details').first().evaluate((details) => (details.open = true))
      await slowLine(broken)
      await pauseWhen(broken, `${name}.*wird gesendet, \\d\\d %`, 'Anhalten')
      await drop(broken, join(given.work, 'Akten'))
      await hasText(overall(broken), /2 von 3 angekommen, angehalten/)
      return broken
    }
    const kept = (page) =>
      page.evaluate(async () => {
        const found = await indexedDB.databases()
        if (!found.some(({ name }) => name === 'tresor-uploads')) return 0
        const opening = indexedDB.open('tresor-uploads')
        const database = await new Promise((resolve) => (opening.onsuccess = () => resolve(opening.result)))
        if (!database.objectStoreNames.contains('roots')) return 0
        const counting = database.transaction('roots').objectStore('roots').count()
        await new Promise((resolve) => (counting.onsuccess = resolve))
        database.close()
        return counting.result
      })
    const isForgotten = async (page) => {
      for (let at = 0; at < 100 && (await kept(page)) > 0; at += 1) await page.waitForTimeout(50)
      assert.equal(await kept(page), 0)
    }
    // Of what may have been on its way, some is looked for and not found.
    isCut = true
    const goer = (page) => page.locator('button:text-is("Hochladen fortsetzen")')

    const first = await breakOff(folder, 'gross.bin')
    assert.equal(await kept(first), 1)
    await first.close()
    writeFileSync(join(given.work, 'Akten/Notiz.txt'), 'geändert')
    const again = await context.newPage()
    const counted = countBeginnings(again)
    await again.goto(folder)
    await goer(again).waitFor()
    await hasText(again.locator('.note'), 'Sobald Sie es Ihrem Browser erlauben')
    await looks(again, 'go-on')
    await goer(again).click()
    await hasText(overall(again), 'Alle 3 Dateien sind angekommen.')
    assert.equal(counted.posts, 1, 'only what was changed is begun')
    await goer(again).waitFor({ state: 'hidden' })
    await isForgotten(again)

    // Signing out, and the end of a hand-in, leave nothing.
    const second = await breakOff(`${given.base}/files/${given.space}/Zweiter/`, 'gross.bin')
    await second.close()
    const denied = await context.newPage()
    await denied.addInitScript(() => (FileSystemHandle.prototype.requestPermission = async () => 'denied'))
    await denied.goto(`${given.base}/files/${given.space}/Zweiter/`)
    await goer(denied).click()
    await hasText(denied.locator('.note'), 'darf diese Dateien nicht lesen')
    assert.ok(await goer(denied).isVisible())
    await signOut(denied)
    await isForgotten(denied)
    const guest = await breakOff(given.link, 'gross.bin')
    await guest.reload()
    await goer(guest).waitFor()
    assert.equal(await kept(guest), 1)
    isRefused = true
    await guest.click('[data-part=finish] button')
    await hasText(guest.locator('h1'), 'Es fehlt noch etwas')
    await isForgotten(guest)

    // By the dialogue, which stands here for the one that a person sees; and by the input where the browser forbids that one.
    const picking = await context.newPage()
    await picking.addInitScript(() => {
      Object.defineProperty(Navigator.prototype, 'webdriver', { get: () => false })
      window.showOpenFilePicker = async () => {
        if (window.isForbidden) throw new DOMException('', 'SecurityError')
        const root = await navigator.storage.getDirectory()
        const file = await root.getFileHandle('gewählt.txt', { create: true })
        const writer = await file.createWritable()
        await writer.write('gewählt')
        await writer.close()
        return [file]
      }
    })
    await picking.goto(given.link)
    await picking.click('button:text-is("Dateien auswählen")')
    await hasText(overall(picking), 'Die Datei ist angekommen.')
    await picking.evaluate(() => (window.isForbidden = true))
    const chosen = picking.waitForEvent('filechooser')
    await picking.click('button:text-is("Dateien auswählen")')
    await (await chosen).setFiles(join(given.work, 'Akten/Notiz.txt'))
    await hasText(overall(picking), 'Alle 2 Dateien sind angekommen.')
    return {}
  },

  /**
   * Folders are dropped that have no file: on a folder of the office, on a hand-in and on a link to work in a folder, where an upload
   * breaks off with its page, too.
   */
  async folders() {
    const context = await person('de-DE')
    const staff = await context.newPage()
    await signIn(staff, `/files/${given.space}/`)
    await drop(staff, join(given.work, 'Leer'))
    await hasText(staff.locator('.note'), 'Angelegte Ordner ohne Dateien: 1')
    await hasText(staff.locator('[data-part=members] td.name'), 'Leer/')
    // Those that exist are no fault.
    await drop(staff, join(given.work, 'Leer'))
    await hasText(staff.locator('.note'), 'Angelegte Ordner ohne Dateien: 1')

    const guest = await context.newPage()
    await guest.goto(given.handIn)
    await drop(guest, join(given.work, 'Akten'))
    await hasText(overall(guest), 'Alle 2 Dateien sind angekommen.')
    await hasText(guest.locator('.note'), 'Angelegte Ordner ohne Dateien: 1')

    const page = await context.newPage()
    await page.goto(given.shared)
    await looks(page, 'shared-empty')
    await slowLine(page)
    await pauseWhen(page, 'gross.bin.*wird gesendet, \\d\\d %', 'Anhalten')
    await drop(page, join(given.work, 'Akten'))
    await hasText(overall(page), /1 von 2 angekommen, angehalten/)
    await looks(page, 'shared-paused')
    await page.close()
    const again = await context.newPage()
    isCut = true
    const counted = countBeginnings(again)
    await again.goto(given.shared)
    await hasText(again.locator('.files li'), /gross.bin.*zu \d+ % angekommen/)
    await again.click('button:text-is("Hochladen fortsetzen")')
    await hasText(overall(again), 'Alle 2 Dateien sind angekommen.')
    await hasText(again.locator('.note'), 'Angelegte Ordner ohne Dateien: 1')
    assert.equal(counted.posts, 0, 'what has arrived is sent again')
    await hasText(again.locator('[data-part=members] td.name'), 'Akten/')
    // The same again gets a number, as by the plain form, but only if the person wants it.
    await again.setInputFiles(FILES, join(given.work, 'Akten/Brief.txt'))
    await hasText(again.locator('.files li'), /^Brief.txt.*angekommen/)
    await hasText(again.locator('[data-part=members] td.name'), 'Brief.txt')
    await looks(again, 'shared-done')
    return {}
  },

  /** A guest on a phone: too many kinds, a name that is kept, a large file across two visits, the end. */
  async guest() {
    const context = await person('en-GB', { viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true })
    const page = await context.newPage()
    await page.goto(given.link)
    assert.ok(await page.locator('button:text-is("Take a photo")').isVisible())
    const heights = await page.locator('.drop button').evaluateAll((all) => all.map((one) => one.offsetHeight))
    assert.ok(heights.length === 2 && heights.every((height) => height >= 44), `targets are ${heights} px high`)
    await page.fill('input[name=name]', 'Erika Mustermann')
    await page.setInputFiles(FILES, [join(given.work, 'one.txt'), join(given.work, 'program.exe')])
    await hasText(overall(page), '1 of 2 files have arrived')
    await hasText(page.locator('[role=alert]'), 'program.exe')
    await looks(page, 'failed')
    await hasText(page.locator('[data-part=sent]'), 'one.txt')
    const names = await page.locator('.files .name').allTextContents()
    assert.deepEqual(names.sort(), ['one.txt', 'program.exe'], 'each file is listed once, also the one that failed')
    assert.equal(await page.inputValue('input[name=name]'), 'Erika Mustermann')
    await slowLine(page)
    const big = countBeginnings(page)
    await pauseWhen(page, 'large.txt.*being sent, \\d\\d %', 'Pause')
    await page.setInputFiles(FILES, join(given.work, 'large.txt'))
    await hasText(overall(page), 'paused')
    await page.close()
    assert.equal(big.posts, 1)
    const again = await context.newPage()
    const counted = countBeginnings(again)
    await again.goto(given.link)
    await hasText(again.locator('.files li'), /large.txt.*% arrived, please choose it again/)
    await again.setInputFiles(FILES, [join(given.work, 'large.txt'), join(given.work, 'one.txt')])
    await hasText(overall(again), 'All 2 files have arrived.')
    assert.equal(counted.posts, 0, 'what has arrived is sent again')
    await hasText(again.locator('.files li'), /one.txt.*had arrived before/)
    await hasText(again.locator('[data-part=sent]'), 'large.txt')
    await looks(again, 'resumed')
    await again.click('[data-part=finish] button')
    await again.waitForSelector('.success')
    return { text: await again.textContent('main') }
  },

  /** A phone stays awake while it sends; photos of one name all arrive; the button is reached and pressed by keys. */
  async phone() {
    const context = await person('en-GB', { viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true })
    await context.addInitScript(() => {
      window.awake = { asked: 0, held: 0 }
      const request = async () => {
        awake.asked += 1
        awake.held += 1
        return { release: async () => void (awake.held -= 1) }
      }
      Object.defineProperty(navigator, 'wakeLock', { value: { request } })
    })
    const page = await context.newPage()
    await page.goto(given.link)
    // Pictures alone would keep some phones from offering their camera.
    assert.equal(await page.getAttribute(FILES, 'accept'), null)
    const chosen = page.waitForEvent('filechooser')
    const focused = () => page.evaluate(() => document.activeElement.textContent)
    for (let at = 0; at < 20 && (await focused()) !== 'Choose files'; at += 1) await page.keyboard.press('Tab')
    assert.equal(await focused(), 'Choose files')
    await page.keyboard.press('Enter')
    const chooser = await chosen
    assert.equal(await page.evaluate(() => awake.asked), 0, 'awake without a reason')
    await chooser.setFiles(given.photos.map((text) => ({ name: 'image.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(text) })))
    await hasText(overall(page), `All ${given.photos.length} files have arrived.`)
    await hasText(page.locator('[data-part=sent] li'), 'image.jpg')
    await page.waitForFunction(() => awake.asked > 0 && awake.held === 0)
    return {}
  },

  /** Files for one item of a request; the state of the item changes, and a comment that is being typed stays. */
  async request() {
    const context = await person('de-DE')
    const page = await context.newPage()
    await page.goto(given.link)
    const item = page.locator('.item').first()
    const typed = item.locator('textarea[name=text]').last()
    await typed.evaluate((area) => (area.closest('details').open = true))
    await typed.fill('noch nicht gesendet')
    await item.locator(FILES).setInputFiles(join(given.work, 'one.txt'))
    await hasText(item.locator('.overall'), 'angekommen')
    await hasText(item.locator('p.state'), given.state)
    await hasText(item.locator('[data-part^=files]'), 'one.txt')
    assert.equal(await item.locator('.files li').count(), 1, 'a file that arrived is listed once')
    assert.equal(await typed.inputValue(), 'noch nicht gesendet')
    await looks(page, 'request')
    return {}
  },

  /** Pages are locked while a person writes and sends, in all tabs; nothing that was typed or sent is lost. */
  async lock() {
    const context = await person('de-DE')
    const page = await context.newPage()
    await signIn(page, '/files/')
    const other = await context.newPage()
    await other.goto(`${given.base}/account`)
    await other.locator('summary').first().click()
    const label = other.locator('input[name=label]')
    await label.pressSequentially('Mein Lap')
    await other.waitForSelector('.lock-soon', { state: 'visible' })
    await hasText(other.locator('.lock-soon'), /in [1-3] Sekunden gesperrt/)
    if (given.screens) await other.screenshot({ path: join(given.screens, 'lock-soon.png') })
    // The warning takes no key away.
    await label.pressSequentially('top')
    assert.equal(await label.inputValue(), 'Mein Laptop')
    await other.waitForSelector('.lock-soon', { state: 'hidden' })

    await page.bringToFront()
    await page.goto(`${given.base}/files/${given.space}/`)
    await slowLine(page)
    await page.locator('summary').first().click()
    await page.setInputFiles(FILES, given.large.map((name) => join(given.work, name)))
    const lock = page.locator('dialog.lock')
    await lock.waitFor({ state: 'visible' })
    assert.equal(await page.title(), 'Gesperrt')
    assert.equal(await page.locator('main').evaluate((main) => getComputedStyle(main).visibility), 'hidden')
    await looks(page, 'locked')
    for (const key of ['Escape', 'Escape', 'Tab', 'Escape']) await page.keyboard.press(key)
    assert.ok(await lock.isVisible())
    await other.locator('dialog.lock').waitFor({ state: 'visible' })
    const behind = await context.newPage()
    await behind.goto(`${given.base}/files/`)
    assert.match(behind.url(), /\/login\?next=/)
    await looks(behind, 'locked-page')
    await behind.close()

    isRefused = true
    await lock.locator('input[type=password]').fill('falsch')
    await page.keyboard.press('Enter')
    await hasText(lock.locator('[role=alert]'), 'Dieses Kennwort stimmt nicht.')
    // Files chosen before go on behind the lock, also those that had not begun.
    await page.waitForFunction((text) => document.querySelector('.overall').textContent.includes(text), 'Alle 2 Dateien')
    await lock.locator('input[type=password]').fill(given.password)
    await page.keyboard.press('Enter')
    await lock.waitFor({ state: 'hidden' })
    await hasText(page.locator('[data-part=members] td.name'), given.large[1])
    await other.locator('dialog.lock').waitFor({ state: 'hidden' })
    assert.equal(await label.inputValue(), 'Mein Laptop')

    // The session has ended: the person signs in in another window, and finds the page as it was.
    await other.bringToFront()
    await context.clearCookies()
    await other.locator('dialog.lock').waitFor({ state: 'visible' })
    await other.locator('dialog.lock input[type=password]').fill(given.password)
    await other.keyboard.press('Enter')
    await hasText(other.locator('dialog.lock [role=alert]'), 'Ihre Anmeldung ist abgelaufen.')
    // Another person at the same browser does not find it, and the tab in the space meets 404.
    isCut = true
    const stranger = await context.newPage()
    await signIn(stranger, '/files/', given.other)
    await other.bringToFront()
    const asked = other.waitForResponse((answer) => answer.url().endsWith('/account'))
    await other.evaluate(() => dispatchEvent(new Event('focus')))
    await asked
    await hasText(other.locator('dialog.lock [role=alert]'), 'Ihre Anmeldung ist abgelaufen.')
    assert.ok(await other.locator('dialog.lock').isVisible())
    await stranger.close()
    await context.clearCookies()
    const anew = await context.newPage()
    await signIn(anew, '/files/')
    await other.bringToFront()
    await other.evaluate(() => dispatchEvent(new Event('focus')))
    await other.locator('dialog.lock').waitFor({ state: 'hidden' })
    await other.locator('form:has(button[value=device]) input[name=present]').fill(given.password)
    await other.click('button[value=device]')
    await other.waitForURL('**/account')
    return {}
  },

  /** Hand-ins are checked by keys: pages, files, a rejection with its reason, the next item, the end. */
  async check() {
    const context = await person('de-DE', { viewport: { width: 1280, height: 900 } })
    const page = await context.newPage()
    await signIn(page, given.at)
    await page.goto(`${given.base}${given.at}/check`)
    const shown = (text) => hasText(page.locator('.beside'), text)
    const picture = () => page.waitForFunction(() => document.querySelector('.picture img')?.naturalWidth > 1000)
    const press = (...keys) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve())
    await shown('Seite 1 von 2')
    await picture()
    await looks(page, 'check')
    const [left, right] = await page.locator('.beside > div').evaluateAll((all) => all.map((one) => one.getBoundingClientRect().x))
    assert.ok(right > left + 400, 'the picture is beside the form')
    await press('ArrowRight')
    await shown('Seite 2 von 2')
    await picture()
    await press('ArrowLeft')
    await shown('Seite 1 von 2')
    await press('Shift+ArrowRight')
    await shown('Rückseite')
    await looks(page, 'check-text')
    await press('Shift+ArrowLeft')
    await shown('Seite 1 von 2')
    await press('?')
    assert.ok(await page.locator('details.keys[open]').isVisible())
    await looks(page, 'check-keys')
    // Letters that are typed are no keys, and the keys of the browser and of other programs stay theirs.
    await press('r')
    await page.keyboard.type('sbar? Foto')
    assert.equal(await page.inputValue('textarea'), 'sbar? Foto')
    await press('Control+a', 'Escape')
    assert.equal(await page.evaluate(() => document.activeElement.tagName), 'BODY')
    await press('r', 'Tab', 'Enter')
    await hasText(page.locator('.success'), 'Ausweis')
    await shown('100')
    await press('s')
    await hasText(page.locator('h1'), 'Miete')
    await press('b')
    await hasText(page.locator('h1'), 'Spenden')

    // Switched off, they do nothing, here and on the next page.
    await press('?')
    const isOn = page.getByLabel('Tasten auf diesem Gerät benutzen')
    await isOn.uncheck()
    await page.reload()
    await page.evaluate(() => addEventListener('click', () => (document.title = 'pressed')))
    await press('a', 's', 'b', '?')
    assert.notEqual(await page.title(), 'pressed')
    await page.locator('details.keys summary').click()
    await isOn.check()
    await page.locator('h1').click()
    // Behind a dialog, such as the lock of the screen, nothing is pressed.
    await page.evaluate(() => {
      document.title = 'waits'
      const lock = document.body.appendChild(document.createElement('dialog'))
      lock.className = 'test'
      lock.open = true
    })
    await press('a')
    assert.equal(await page.title(), 'waits')
    await page.evaluate(() => document.querySelector('dialog.test').remove())
    await press('a')
    await hasText(page.locator('h1'), 'Miete')
    await press('a')
    await hasText(page.locator('.success'), 'Alles ist geprüft')
    return {}
  },

  /** The same on a phone without scripts. */
  async checkPlain() {
    const context = await person('de-DE', { javaScriptEnabled: false, viewport: { width: 390, height: 800 } })
    const page = await context.newPage()
    await signIn(page, given.at)
    await page.goto(`${given.base}${given.at}/check`)
    await page.locator('a:text-is("Nächste Seite")').click()
    await hasText(page.locator('.pages'), 'Seite 2 von 2')
    assert.equal(await page.locator('details.keys').isVisible(), false)
    await page.evaluate(() => scrollTo(0, 0))
    const [picture, accept] = await Promise.all([page.locator('.picture'), page.locator('button:text-is("Annehmen")')].map((one) => one.boundingBox()))
    assert.ok(picture.y < 400, `the picture begins ${picture.y} px below the top`)
    assert.ok(accept.y > 500 && accept.y + accept.height <= 800, `the button is ${accept.y} px below the top, out of the thumb's reach`)
    await page.locator('button:text-is("Annehmen")').click()
    await hasText(page.locator('h1'), 'Spenden')
    await page.fill('textarea', 'Beleg fehlt')
    await page.locator('button[value=reject]').click()
    await hasText(page.locator('h1'), 'Miete')
    return {}
  },

  /** Files are looked at from their folder; the next one is a key away. */
  async view() {
    const context = await person('en-GB', { viewport: { width: 1280, height: 900 } })
    const page = await context.newPage()
    await signIn(page, `/files/${given.space}/`)
    await looks(page, 'view-folder')
    for (const [name, text] of given.files) {
      await page.goto(`${given.base}/files/${given.space}/`)
      await page.locator(`a[aria-label="View: ${name}"]`).click()
      if (text) await hasText(page.locator('.beside'), text)
      else await page.waitForFunction(() => document.querySelector('.picture img')?.naturalWidth > 0)
      await looks(page, `view-${name}`)
    }
    await page.goto(`${given.base}/files/${given.space}/${given.files[0][0]}?view`)
    await page.keyboard.press('Shift+ArrowRight')
    await hasText(page.locator('h1'), given.files[1][0])
    return {}
  },

  /** All pages of a person and of a guest, one after the other. */
  async tour() {
    const seen = []
    const visit = async (context, pages) => {
      const page = await context.newPage()
      for (const [name, path] of pages) {
        const answer = await page.goto(`${given.base}${path}`)
        assert.ok(answer.status() < 500, `${name}: ${answer.status()}`)
        await page.evaluate(() => document.querySelectorAll('details').forEach((details) => (details.open = true)))
        await looks(page, name)
        if (given.screens) {
          await page.setViewportSize({ width: 390, height: 844 })
          await looks(page, name)
          await page.setViewportSize({ width: 1280, height: 720 })
        }
        seen.push(name)
      }
    }
    // Addresses without anything are answered with 404, and before a password with 403.
    isCut = true
    isRefused = true
    const staff = await person('de-DE')
    await signIn(await staff.newPage(), '/files/')
    await visit(staff, given.own)
    await visit(await person('de-DE'), given.guest)
    return { seen }
  },

  /** Photos become one PDF at a phone: chosen, put in order by keys, one left out, sent. */
  async photos() {
    const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 }
    const context = await person('de-DE', phone)
    const page = await context.newPage()
    await page.goto(given.link)
    for (const [name, colour] of given.photos) if (colour) writeFileSync(join(given.work, name), await photo(page, colour))
    await page.getByRole('button', { name: 'Mehrere Fotos als ein PDF' }).click()
    const chosen = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: 'Fotos hinzufügen' }).click()
    await (await chosen).setFiles(given.photos.map(([name]) => join(given.work, name)))
    await page.locator('.photos li').nth(2).waitFor()
    await hasText(page.locator('.photos .problem'), /kann Ihr Browser nicht lesen: kein Bild.jpg/)
    await page.getByRole('button', { name: 'Seite 3 nach vorn' }).focus()
    await page.keyboard.press('Enter')
    await page.keyboard.press('Enter')
    await hasText(page.locator('[role=status]'), 'Seite 2 ist jetzt Seite 1.')
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Seite 1 nach hinten')
    await looks(page, 'guest-photos')
    await page.getByRole('button', { name: 'Seite 3 weglassen' }).click()
    assert.equal(await page.locator('.photos li').count(), 2)
    await page.getByRole('button', { name: 'PDF senden' }).click()
    await hasText(overall(page), 'Die Datei ist angekommen.')
    assert.equal(await page.locator('.photos').isVisible(), false)
    await hasText(page.locator('[data-part=sent] .name'), /^Seiten \d{4}-\d\d-\d\d \d\d\.\d\d\.pdf$/)
    return {}
  },

  /** A box demands a name: files chosen before wait for it. */
  async box() {
    const page = await (await person('de-DE')).newPage()
    await page.goto(given.link)
    await page.setInputFiles(FILES, join(given.work, 'one.txt'))
    const name = page.locator('input[name=name]')
    assert.equal(await name.evaluate((field) => document.activeElement === field), true)
    await page.keyboard.type('Erika Schmidt')
    await page.keyboard.press('Tab')
    await hasText(overall(page), 'Die Datei ist angekommen.')
    await looks(page, 'guest-box')
    return {}
  },

  /** A value is copied by its button, which says so. */
  async copy() {
    const context = await person('en-GB')
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    const page = await context.newPage()
    await signIn(page, '/account/devices')
    const [label, value] = given.value
    const button = page.getByRole('button', { name: `Copy: ${label}` })
    await button.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: `Copied: ${label}` }).waitFor()
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), value)
    await button.waitFor()
    await looks(page, 'copy')
    return {}
  },

  /** A person adds a passkey, signs in and unlocks the page with it, removes it, and reads that it is gone. */
  async passkey() {
    const context = await person('de-DE')
    const page = await context.newPage()
    const devtools = await inspector(page)
    await devtools.send('WebAuthn.enable')
    // Goes on as usual until it is wound forward.
    await page.clock.install()
    const options = {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    }
    const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', { options })
    const credentials = async () => (await devtools.send('WebAuthn.getCredentials', { authenticatorId })).credentials

    await signIn(page, '/account')
    await page.locator('details[data-passkey-only] summary').click()
    await page.fill('details[data-passkey-only] input[type=password]', given.password)
    await looks(page, 'passkey-add')
    await page.click('button:text-is("Weiter zum Gerät")')
    await page.waitForSelector('button:text-is("Passkey jetzt anlegen")')
    await looks(page, 'passkey-make')
    await page.click('button:text-is("Passkey jetzt anlegen")')
    await hasText(page.locator('.success'), 'Der Passkey ist eingerichtet.')
    const [made] = await credentials()
    assert.deepEqual([made.rpId, made.isResidentCredential], ['localhost', true])

    // The browser has one of this account: it makes no second.
    await page.locator('details[data-passkey-only] summary').click()
    await page.fill('details[data-passkey-only] input[type=password]', given.password)
    await page.click('button:text-is("Weiter zum Gerät")')
    await page.click('button:text-is("Passkey jetzt anlegen")')
    await hasText(page.locator('[role=alert]'), 'Es ist kein Passkey entstanden.')
    assert.equal((await credentials()).length, 1)

    const lock = page.locator('dialog.lock')
    await page.clock.fastForward('05:01')
    await lock.waitFor({ state: 'visible' })
    await looks(page, 'passkey-lock')
    await lock.locator('button:text-is("Mit Passkey entsperren")').click()
    await lock.waitFor({ state: 'hidden' })

    // A device that does not check the person gives no passkey.
    await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false })
    await signOut(page)
    await page.click('button:text-is("Mit Passkey anmelden")')
    await hasText(page.locator('[role=alert]'), 'Der Browser hat keinen Passkey übergeben.')
    await looks(page, 'passkey-login')
    await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true })
    // The browser offers the passkey in the field of the name; a person who is there at once takes it from there.
    assert.equal(await page.getAttribute('input[name=user]', 'autocomplete'), 'username webauthn')
    await page.goto(`${given.base}/login?next=/account`)
    await page.waitForURL(`${given.base}/account`)
    // In a browser without that, the button is the way.
    await page.addInitScript(() => {
      PublicKeyCredential.isConditionalMediationAvailable = () => Promise.resolve(false)
    })
    await signOut(page)
    await page.click('button:text-is("Mit Passkey anmelden")')
    await page.waitForURL('**/files/')

    // A device of Nextcloud's is approved with it.
    await page.goto(given.device)
    await looks(page, 'passkey-consent')
    await page.click('button:text-is("Mit Passkey verbinden")')
    await page.waitForSelector('text=Das Gerät wird jetzt verbunden.')

    await page.goto(`${given.base}/account`)
    await page.locator('summary:text-is("Passkey umbenennen")').click()
    await page.fill('input[name=label][value]:not([value=""])', 'Diensttelefon')
    await looks(page, 'passkey-rename')
    await page.click('button:text-is("Passkey umbenennen")')
    await hasText(page.locator('.success'), 'Der Passkey heißt jetzt anders.')
    await page.click('button:text-is("Passkey entfernen")')
    await hasText(page.locator('.success'), 'Mit diesem Passkey kann sich niemand mehr anmelden.')
    await signOut(page)
    isRefused = true
    await page.click('button:text-is("Mit Passkey anmelden")')
    await hasText(page.locator('[role=alert]'), 'Dieser Passkey gilt hier nicht oder nicht mehr.')
    return { signs: (await credentials())[0].signCount }
  },

  /** Without scripts the form works as any form does. */
  async plain() {
    const context = await person('de-DE', { javaScriptEnabled: false })
    const page = await context.newPage()
    await page.goto(given.link)
    assert.equal(await page.locator('.drop').count(), 0)
    await page.setInputFiles(FILES, join(given.work, 'one.txt'))
    await page.locator('form[enctype] button').click()
    await hasText(page.locator('.success'), 'angekommen')
    return {}
  },
}

/** Signs in at a page. */
async function signIn(page, path, user = given.user) {
  await page.goto(`${given.base}${path}`)
  await page.fill('input[name=user]', user)
  await page.fill('input[type=password]', given.password)
  await page.click('main button')
  await page.waitForURL(`**${path}`)
}

async function signOut(page) {
  await page.click('button:text-is("Abmelden")')
  await page.waitForURL('**/login?out')
}

/** The rest of a folder is sent after the page was closed. */
async function resumed(page, total) {
  const counted = countBeginnings(page)
  await page.goto(`${given.base}/files/${given.space}/`)
  // The form is unfolded by itself.
  await hasText(page.locator('.note'), new RegExp(`\\d+ von ${total} Dateien sind da`))
  await hasText(page.locator('.files li'), /gross.bin.*zu \d+ % angekommen/)
  await page.setInputFiles('input[webkitdirectory]', join(given.work, 'Belege'))
  await hasText(overall(page), `Alle ${total} Dateien sind angekommen.`)
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Ordner auswählen')
  await hasText(page.locator('[role=status]'), `Alle ${total} Dateien sind angekommen.`)
  return counted
}

try {
  const result = await scenarios[scenario]()
  assert.deepEqual(faults, [])
  console.log(JSON.stringify(result))
} catch (error) {
  const pages = browser.contexts().flatMap((context) => context.pages())
  for (const page of pages) console.error(page.url(), await page.locator('.overall').allTextContents())
  throw error
} finally {
  await browser.close()
}
