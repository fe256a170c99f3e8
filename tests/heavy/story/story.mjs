// An office and its client at Chromium, by playwright-core: story.mjs PARAMETERS, as JSON with
//   base, chromium, user, password, space    of the server, the browser and the staff
//   work      folder with the files: `pass`, the folder `folder` with `count` files, `large`, and `again`, handed in anew
//   withdrawn one of the folder's files, which is taken back
//   archive   path for all that was handed in, as the office fetches it
//   once      address of a link that takes one hand-in
//   unknown   address of a link that there has never been
// Prints what the Rust side checks further as JSON. Anything unexpected on the console, a report of the content policy and a
// request to another host end it.
import assert from 'node:assert/strict'
import { renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

// Playwright has the browser report each request with its whole body, which for gigabytes takes minutes and memory.
const stringify = JSON.stringify
JSON.stringify = (value, ...more) =>
  stringify(value?.method === 'Network.enable' ? { ...value, params: { maxPostDataSize: 1 } } : value, ...more)

// Packages lie where they were installed, which is the working directory.
const { chromium } = createRequire(`${process.cwd()}/`)('playwright-core')

const given = JSON.parse(process.argv[2])
const browser = await chromium.launch({ executablePath: given.chromium, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
const faults = []

/** Longest wait for a step, in milliseconds; the large file takes most of it on a busy machine. */
const PATIENCE = 180_000
/** What each request of a small file waits for, in milliseconds, so that something can happen meanwhile. */
const LATENCY = 50
/** Bytes a second of the large file on its first way. */
const PACE = 256 * 2 ** 20
const FILES = 'input[type=file][name]:not([webkitdirectory])'

/** A device with cookies of its own. */
async function device(more = {}) {
  const context = await browser.newContext({ locale: 'de-DE', ...more })
  context.setDefaultTimeout(PATIENCE)
  await context.addInitScript(() => {
    addEventListener('securitypolicyviolation', (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`))
  })
  context.on('console', (message) => {
    // Lines are cut on purpose, and the link that is used up is none any more.
    const isExpected = /ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|ERR_FAILED|status of 404/.test(message.text())
    if (['error', 'warning'].includes(message.type()) && !isExpected) faults.push(message.text())
  })
  context.on('weberror', (error) => faults.push(String(error.error())))
  context.on('request', (request) => {
    if (!request.url().startsWith(given.base)) faults.push(`asks ${request.url()}`)
  })
  return context
}

const hasText = (locator, pattern) => locator.filter({ hasText: pattern }).first().waitFor()

/** Makes the line of a page slow: what each request waits for, in milliseconds, and bytes a second. It can be cut. */
async function slowLine(page, latency, uploadThroughput) {
  const session = await page.context().newCDPSession(page)
  const set = (offline) =>
    session.send('Network.emulateNetworkConditions', { offline, latency, downloadThroughput: -1, uploadThroughput })
  await set(false)
  return { cut: () => set(true), mend: () => set(false) }
}

/** Drops a folder on a form, as a person does with a mouse. */
async function drop(page, form, path) {
  const zone = form.locator('.drop')
  await zone.scrollIntoViewIfNeeded()
  const box = await zone.boundingBox()
  const session = await page.context().newCDPSession(page)
  const at = { x: box.x + box.width / 2, y: box.y + 20 }
  const data = { items: [], files: [path], dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop']) await session.send('Input.dispatchDragEvent', { type, ...at, data })
  await session.detach()
}

/** The part of a request's page about one item, with its form at hand. */
async function itemOf(page, link, title) {
  await page.goto(link)
  const item = page.locator('.item', { hasText: title })
  // The page opens it by itself where an upload can go on, maybe at this moment.
  const more = item.locator('details', { has: page.locator('summary', { hasText: 'Weitere Dateien' }) })
  if ((await more.count()) > 0) await more.evaluate((details) => (details.open = true))
  return item
}

/** Requests of a page that begin uploads, and the offsets at which others go on. */
function watch(page) {
  const seen = { begun: 0, offsets: [] }
  page.on('request', (request) => {
    if (request.method() === 'POST' && request.url().endsWith('/sending')) seen.begun += 1
    if (request.method() === 'PATCH') seen.offsets.push(Number(request.headers()['upload-offset']))
  })
  return seen
}

/** The folder is dropped, the line cut, the tab closed; then only the rest is sent. Returns how many files were begun for it. */
async function sendFolder(context, link) {
  const page = await context.newPage()
  const item = await itemOf(page, link, 'Belege 2025')
  const line = await slowLine(page, LATENCY, -1)
  await drop(page, item, join(given.work, given.folder))
  const arrived = (pattern) => hasText(item.locator('.overall'), pattern)
  await arrived(/^[2-9]\d von/)
  await line.cut()
  await arrived('Verbindung unterbrochen')
  await line.mend()
  await arrived(/^1\d\d von/)
  await page.close()
  const again = await context.newPage()
  const seen = watch(again)
  const rest = await itemOf(again, link, 'Belege 2025')
  await drop(again, rest, join(given.work, given.folder))
  await hasText(rest.locator('.overall'), `Alle ${given.count} Dateien sind angekommen.`)
  await hasText(rest.locator('.upload .files li'), 'war schon angekommen')
  await again.close()
  return seen.begun
}

/** The large file is chosen on the second device, the line cut, the tab closed; then only the rest is sent. Returns where it began. */
async function sendLarge(context, link) {
  const page = await context.newPage()
  await page.goto(link)
  const line = await slowLine(page, 0, PACE)
  const form = page.locator('#other form')
  await form.locator(FILES).setInputFiles(join(given.work, given.large))
  const row = (at) => at.locator('#other .upload .files li')
  await hasText(row(page), /wird gesendet, [1-4]\d %/)
  await line.cut()
  await hasText(row(page), 'Verbindung unterbrochen')
  await line.mend()
  await hasText(row(page), /wird gesendet, [2-5]\d %/)
  await page.close()
  const again = await context.newPage()
  const seen = watch(again)
  await again.goto(link)
  await hasText(row(again), /zu [1-9]\d % angekommen, bitte noch einmal auswählen/)
  await again.locator('#other form').locator(FILES).setInputFiles(join(given.work, given.large))
  await hasText(again.locator('#other .overall'), 'Die Datei ist angekommen.')
  assert.equal(seen.begun, 0, 'the large file is begun again')
  await again.close()
  return seen.offsets[0]
}

/** Finishes the hand-in of a request, and returns the newest receipt as signed text. */
async function finish(page) {
  await page.locator('[data-part=finish] button').click()
  const receipt = page.locator('a[href*="/receipt?number="]').last()
  const address = new URL(await receipt.getAttribute('href'), given.base)
  await receipt.click()
  await hasText(page.locator('h1'), 'Eingangsbestätigung')
  address.pathname += '.txt'
  const answer = await page.context().request.get(address.href)
  assert.equal(answer.status(), 200)
  return answer.text()
}

const told = {}
/** How long each chapter took, in seconds. */
const took = {}
async function chapter(name, act) {
  const begun = performance.now()
  const result = await act().catch((error) => Promise.reject(new Error(name, { cause: error })))
  took[name] = Math.round((performance.now() - begun) / 100) / 10
  return result
}

async function story() {
  const office = await (await device()).newPage()
  const link = await chapter('the office asks', async () => {
    await office.goto(`${given.base}/login`)
    await office.fill('input[name=user]', given.user)
    await office.fill('input[type=password]', given.password)
    await office.click('main button')
    await office.waitForURL('**/files/')
    await office.goto(`${given.base}/requests/new`)
    await office.fill('#title', 'Steuer 2025')
    await office.fill('#items', 'Ausweis\nBelege 2025')
    await office.selectOption('#space', given.space)
    await office.fill('#folder', 'Huber/Steuer 2025')
    await office.fill('input[name=name]', 'Erika Huber')
    await office.click('form[enctype] button:text("Anfrage anlegen")')
    await office.waitForURL('**/requests/made*')
    return (await office.content()).match(/https?:\/\/[\w.:]+\/s\/\w+/)[0]
  })

  const home = await device()
  const phone = await device({ viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true })
  await chapter('the second device joins', async () => {
    const page = await home.newPage()
    const item = await itemOf(page, link, 'Ausweis')
    await item.locator(FILES).setInputFiles(join(given.work, given.pass))
    await hasText(item.locator('.overall'), 'Die Datei ist angekommen.')
    await page.reload()
    const [, code] = (await page.textContent('main')).match(/diesen Code ein: (\S+)\. Er gilt/)
    await page.close()
    const other = await phone.newPage()
    await other.goto(link)
    assert.equal(await other.getByText(given.pass).count(), 0, 'another device sees names')
    await other.locator('summary', { hasText: 'Schon auf einem anderen Gerät begonnen?' }).click()
    await other.fill('input[name=code]', code)
    await other.click('button:text-is("Verbinden")')
    await hasText(other.locator('.files li'), given.pass)
    await other.close()
  })
  const sent = () => Promise.all([sendFolder(home, link), sendLarge(phone, link)])
  ;[told.begun, told.offset] = await chapter('both send', sent)
  // From here on the hashes stand for it.
  rmSync(join(given.work, given.large))

  const client = await home.newPage()
  told.receipts = [
    await chapter('one is taken back', async () => {
      await client.goto(link)
      await hasText(client.locator('#other .files li'), given.large)
      await client.click(`button[aria-label="${given.withdrawn} zurücknehmen"]`)
      await hasText(client.locator('.files li', { hasText: given.withdrawn }), 'zurückgenommen')
      return finish(client)
    }),
  ]

  await chapter('the office rejects', async () => {
    await office.goto(`${given.base}/requests`)
    await office.locator('a', { hasText: 'Erika Huber: Steuer 2025' }).first().click()
    const judge = (title, word) => office.locator('.item', { hasText: title }).locator(`input[value=${word}]`).check()
    await judge('Ausweis', 'accept')
    await judge('Belege 2025', 'reject')
    await office.locator('.item', { hasText: 'Belege 2025' }).locator('textarea').fill('Beleg 3 ist unleserlich')
    await office.click('button:text-is("Entscheidungen speichern")')
    await office.waitForSelector('.success')
  })
  await chapter('the client hands it in again', async () => {
    const item = await itemOf(client, link, 'Belege 2025')
    await hasText(item.locator('p.state'), 'bitte neu: Beleg 3 ist unleserlich')
    await item.locator(FILES).setInputFiles(join(given.work, given.again))
    await hasText(item.locator('.overall'), 'Die Datei ist angekommen.')
    told.receipts.push(await finish(client))
  })
  await chapter('the office fetches all', async () => {
    await office.reload()
    await office.locator('.item', { hasText: 'Belege 2025' }).locator('input[value=accept]').check()
    await office.click('button:text-is("Entscheidungen speichern")')
    await office.waitForSelector('.success')
    await client.goto(link)
    await hasText(client.locator('.success'), 'Es ist nichts mehr offen')
    await office.goto(`${given.base}/files/${given.space}/Huber/`)
    const [fetched] = await Promise.all([office.waitForEvent('download'), office.click('a:text-is("Alles als ZIP-Datei")')])
    assert.equal(await fetched.failure(), null)
    // Not a copy of gigabytes.
    renameSync(await fetched.path(), given.archive)
  })

  await chapter('a link is used up', async () => {
    const page = await (await device()).newPage()
    await page.goto(given.once)
    await page.setInputFiles(FILES, join(given.work, given.pass))
    await hasText(page.locator('.overall'), 'Die Datei ist angekommen.')
    await page.click('[data-part=finish] button')
    await page.waitForSelector('.success')
    await page.goto(given.once)
    await hasText(page.locator('.success'), 'vollständig angekommen')
    const stranger = await (await device()).newPage()
    const seen = []
    for (const address of [given.once, given.unknown]) {
      const answer = await stranger.goto(address)
      assert.equal(answer.status(), 404)
      seen.push(await stranger.locator('body').innerText())
    }
    assert.equal(seen[0], seen[1], 'a link that is used up tells that there was one')
  })
  return { ...told, took }
}

try {
  const result = await story()
  assert.deepEqual(faults, [])
  console.log(JSON.stringify(result))
} catch (error) {
  const pages = browser.contexts().flatMap((context) => context.pages())
  for (const page of pages) console.error(page.url(), await page.locator('main').innerText().catch(() => ''))
  throw error
} finally {
  await browser.close()
}
