// A person at Firefox or WebKit: visits.mjs ENGINE LANGUAGE PARAMETERS, the latter as JSON with
//   base        address of the server
//   programs    of the browser, by their names
//   work        folder with the files to send
//   files       their names; the last one is large
//   folder      name of a folder in it
//   downloads   folder for what is fetched
//   handIn, broken, asked, shared   addresses of links
//   secret, fetched             password of the last one, and the file behind it
//   user, password, space       of the staff
// Goes through all visits with one browser, and prints what the Rust side checks further as JSON. What a page wrote to the
// console, a report of its content policy and a request to another host end it.
import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { join } from 'node:path'

import { eventually } from './driver.mjs'
import { Firefox } from './firefox.mjs'
import { Relay } from './relay.mjs'
import { WebKit } from './webkit.mjs'

const [engine, language, parameters] = process.argv.slice(2)
const given = JSON.parse(parameters)
const Engine = engine === 'firefox' ? Firefox : WebKit
const browser = new Engine(given.programs, given.downloads, language)

const server = new URL(given.base)
const relay = new Relay(Number(server.port))
server.port = await relay.start()
for (const name of ['handIn', 'broken', 'asked', 'shared']) given[name] = given[name].replace(given.base, server.origin)
given.base = server.origin

/** Bytes a second of a line on which something can happen while a file is sent. */
const SLOW = 16 * 2 ** 20
const FILES = 'input[type=file][name]:not([webkitdirectory])'
const words = (german, english) => (language === 'de' ? german : english)
const paths = given.files.map((name) => join(given.work, name))

/** The words of a page when all has arrived. */
function all(count) {
  if (count === 1) return words('Die Datei ist angekommen.', 'The file has arrived.')
  return words(`Alle ${count} Dateien sind angekommen.`, `All ${count} files have arrived.`)
}

/** Keeps all that a page says of uploads, so that nothing passes between two looks. */
function listen() {
  return browser.run(`
    const said = document.documentElement.dataset
    said.said = ''
    const keep = () => {
      for (const one of document.querySelectorAll('.upload .overall, .upload .state, [role=status]'))
        if (!said.said.includes(one.textContent)) said.said += one.textContent + '\\n'
    }
    new MutationObserver(keep).observe(document.body, { subtree: true, childList: true, characterData: true })`)
}

const said = () => browser.run('return document.documentElement.dataset.said')

/** Files arrive one after the other, the page says how far they are, and the end. */
async function send(root, place) {
  await listen()
  await browser.choose(`${root}${FILES}`, paths)
  await browser.shows(`${root}.overall`, all(paths.length))
  const heard = await said()
  assert.match(heard, words(/wird gesendet, [1-9]\d? %/, /being sent, [1-9]\d? %/), 'the progress of a file')
  assert.match(heard, words(/[1-9] von \d angekommen/, /[1-9] of \d arrived/), 'the progress of all')
  assert.match(heard, words(/Das Hochladen .*hat begonnen/, /The upload .*has begun/), 'the words of screen readers')
  for (const name of given.files) {
    const arrived = words('angekommen \\d\\d:\\d\\d Uhr', 'arrived \\d\\d:\\d\\d')
    await browser.shows(`${root}.files li`, new RegExp(`${name}.*${arrived}`, 's'))
    await browser.shows(place, name)
  }
}

const visits = {
  /** A client sends files and a folder through a link, takes one back, finishes, and has the receipt. */
  async handIn() {
    await browser.go(given.handIn)
    await browser.shows('.drop button', words('Dateien auswählen', 'Choose files'))
    await browser.fill('input[name=name]', 'Erika Müller')
    await send('', '[data-part=sent] .files li')
    let count = paths.length
    const chooser = await browser.find('.drop button', words('Ordner auswählen', 'Choose a folder'))
    if (await browser.chooseFolder(chooser, join(given.work, given.folder.name))) {
      count += given.folder.files.length
      await browser.shows('.overall', all(count))
      for (const name of given.folder.files) await browser.shows('[data-part=sent] .files li', name)
    }
    await browser.follow(`[data-part=sent] li button[aria-label*="${given.files[1]}"]`, words('Zurücknehmen', 'Take back'))
    await browser.shows('[data-part=sent] .files li', words('zurückgenommen', 'taken back'))
    // The same address, opened anew, still knows all of it.
    await browser.go(given.handIn)
    for (const name of given.files) await browser.shows('[data-part=sent] .files li', name)
    await browser.follow('[data-part=finish] button', words('Fertig', 'Done'))
    await browser.shows('.success', words('vollständig angekommen', 'arrived completely'))
    await browser.follow('a.button', words('Eingangsbestätigung öffnen', 'Open the receipt'))
    return { count, receipt: await browser.run('return document.body.innerText') }
  },

  /** The line breaks and the page is left while a large file is sent; only the rest is sent again. */
  async broken() {
    const [large] = paths.slice(-1)
    await browser.go(given.broken)
    relay.pace = SLOW
    await browser.choose(FILES, [large])
    await browser.shows('.upload .state', words(/wird gesendet, [1-3]\d %/, /being sent, [1-3]\d %/))
    relay.cut()
    await browser.shows('.overall', words('Verbindung unterbrochen', 'connection lost'))
    relay.mend()
    await browser.shows('.upload .state', words(/wird gesendet, [4-6]\d %/, /being sent, [4-6]\d %/))
    await browser.go(given.broken)
    relay.pace = Infinity
    const rest = words(/zu [2-9]\d % angekommen, bitte noch einmal auswählen/, /[2-9]\d % arrived, please choose it again/)
    await browser.shows('.upload .files li', rest)
    const before = relay.sent
    await browser.choose(FILES, [large])
    await browser.shows('.overall', all(1))
    const [sent, size] = [relay.sent - before, statSync(large).size]
    assert.ok(sent < size * 0.9, `${sent} of ${size} bytes are sent again`)
  },

  /** A client answers a request: a file for one item, another does not apply, and a question about the third. */
  async asked() {
    await browser.go(given.asked)
    await browser.shows('.progress', words('3 von 3 offen', '3 of 3 open'))
    const item = (number) => `.item:nth-of-type(${number}) `
    await browser.choose(`${item(1)}${FILES}`, [paths[0]])
    await browser.shows(`${item(1)}.overall`, all(1))
    await browser.shows(`${item(1)}p.state`, words('angekommen – wird geprüft', 'arrived – being checked'))
    await browser.shows(`${item(1)}[data-part^=files]`, given.files[0])
    await browser.shows('.progress', words('2 von 3 offen', '2 of 3 open'))
    await browser.press(`${item(2)}summary`, words('Habe ich nicht', 'I do not have it'))
    await browser.fill(`${item(2)}details[open] textarea`, words('ausgezogen', 'moved out'))
    await browser.follow(`${item(2)}button`, words('Betrifft mich nicht', 'Does not apply to me'))
    await browser.shows(`${item(2)}p.state`, words('betrifft Sie nicht', 'does not apply'))
    await browser.press(`${item(3)}summary`, words('Frage oder Anmerkung', 'Question or comment'))
    await browser.fill(`${item(3)}details[open] textarea`, 'Genügt die Übersicht?')
    await browser.follow(`${item(3)}button`, words('Absenden', 'Send it'))
    await browser.shows(`${item(3)}.note`, 'Genügt die Übersicht?')
    await browser.follow('[data-part=finish] button', words('Fertig', 'Done'))
    await browser.shows('h2', words('Eingangsbestätigungen', 'Your receipts'))
  },

  /** A client opens a link by its password and fetches a file. */
  async shared() {
    await browser.go(given.shared)
    await browser.fill('input[type=password]', 'falsch geraten')
    await browser.follow('main button')
    await browser.shows('[role=alert]', words('Das Kennwort ist falsch.', 'The password is wrong.'))
    await browser.fill('input[type=password]', given.secret)
    await browser.follow('main button')
    await browser.press('td.name a', given.fetched.name)
    const file = join(given.downloads, given.fetched.name)
    await eventually(() => `no ${file}`, () => statSync(file, { throwIfNoEntry: false })?.size === given.fetched.size)
  },

  /** Staff sign in, see the folders, and send files. */
  async staff() {
    await browser.go(`${given.base}/login`)
    await browser.fill('input[name=user]', given.user)
    await browser.fill('input[type=password]', given.password)
    await browser.follow('main button')
    await browser.follow('main a', given.space)
    await browser.shows('td.name', 'in')
    await browser.press('summary', words('hochladen', 'Upload'))
    await send('form[data-upload] ', '[data-part=members] td.name')
    await browser.follow('button', words('Abmelden', 'Sign out'))
  },
}

await browser.during(async () => {
  await browser.start()
  const results = {}
  for (const [name, visit] of Object.entries(visits)) {
    results[name] = await visit().catch(async (error) => {
      throw new Error(`${engine}, ${language}, ${name}: ${await browser.seen().catch(() => 'no page')}`, { cause: error })
    })
  }
  assert.deepEqual(await browser.faults(given.base), [])
  assert.deepEqual(await browser.strangers(given.base), [])
  console.log(JSON.stringify(results))
}).finally(() => relay.end())
