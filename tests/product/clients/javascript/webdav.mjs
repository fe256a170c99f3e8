// A day's work with the npm package `webdav`, which many JavaScript programs use: webdav.mjs URL USER PASSWORD
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { buffer } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'

// It lies where it was installed, which is the working directory.
const installed = createRequire(`${process.cwd()}/`).resolve('webdav')
const { createClient } = await import(pathToFileURL(installed))

const [url, username, password] = process.argv.slice(2)
const client = createClient(url, { username, password })
const status = (wanted) => (error) => error.status === wanted || assert.fail(`${error.status} is not ${wanted}`)

// A tree with names as people give them.
const folder = '/Büro & Co/100 % #1/„Akten“'
await client.createDirectory(folder, { recursive: true })
assert.equal(await client.exists(folder), true)
assert.equal(await client.exists(`${folder}/fehlt`), false)
await assert.rejects(client.createDirectory('/fehlt/darin'), status(409))
await assert.rejects(client.createDirectory(folder), status(405))

const file = `${folder}/Straße ü+ä?.txt`
assert.equal(await client.putFileContents(file, 'eins zwei drei', { overwrite: false }), true)
assert.equal(await client.putFileContents(file, 'anderes', { overwrite: false }), false, 'it is there already')
assert.equal(await client.getFileContents(file, { format: 'text' }), 'eins zwei drei')

const stat = await client.stat(file)
assert.deepEqual([stat.basename, stat.type, stat.size], ['Straße ü+ä?.txt', 'file', 14])
assert.equal(stat.mime, 'text/plain')
assert.match(stat.etag, /^[^"]+$/)
assert.ok(Math.abs(Date.parse(stat.lastmod) - Date.now()) < 600_000, stat.lastmod)
assert.equal((await client.stat(folder)).type, 'directory')
await assert.rejects(client.stat(`${folder}/fehlt`), status(404))
await client.putFileContents('/alt.txt', 'alt', { headers: { 'X-OC-Mtime': '1600000000' } })
assert.equal((await client.stat('/alt.txt')).lastmod, 'Sun, 13 Sep 2020 12:26:40 GMT')
await client.deleteFile('/alt.txt')

// Ranges, and an upload whose length the client does not know.
const part = await buffer(client.createReadStream(file, { range: { start: 5, end: 8 } }))
assert.equal(part.toString(), 'zwei')
const rest = await buffer(client.createReadStream(file, { range: { start: 10 } }))
assert.equal(rest.toString(), 'drei')
const large = Buffer.alloc(3_000_001, 'Inhalt ')
await new Promise((resolve, reject) => {
    const out = client.createWriteStream(`${folder}/groß.bin`, {}, resolve)
    out.on('error', reject)
    out.end(large)
})
assert.ok(large.equals(await client.getFileContents(`${folder}/groß.bin`)))

// Listings: one folder, a pattern, the whole tree (`Depth: infinity`).
const names = (entries) => entries.map((entry) => entry.filename).sort()
assert.deepEqual(names(await client.getDirectoryContents(folder)), [file, `${folder}/groß.bin`].sort())
assert.deepEqual(names(await client.getDirectoryContents(folder, { glob: '/**/*.bin' })), [`${folder}/groß.bin`])
const all = names(await client.getDirectoryContents('/', { deep: true }))
assert.deepEqual(all, ['/Büro & Co', '/Büro & Co/100 % #1', folder, file, `${folder}/groß.bin`].sort())

// Copies and moves, of files and folders, over existing ones and beside them.
await client.copyFile(file, '/kopie.txt')
await assert.rejects(client.copyFile(`${folder}/groß.bin`, '/kopie.txt', { overwrite: false }), status(412))
await client.copyFile('/Büro & Co', '/leer', { shallow: true })
assert.deepEqual(await client.getDirectoryContents('/leer'), [])
await client.copyFile('/Büro & Co', '/ganz')
await client.moveFile('/ganz/100 % #1', '/leer/umbenannt ö')
assert.deepEqual(names(await client.getDirectoryContents('/leer', { deep: true })).length, 4)
await client.moveFile('/leer/umbenannt ö/„Akten“/groß.bin', '/kopie.txt')
assert.ok(large.equals(await client.getFileContents('/kopie.txt')))

// A lock keeps off every client that does not name it. This client sends its token back without brackets.
const lock = await client.lock('/kopie.txt', { timeout: 'Second-600' })
assert.match(lock.serverTimeout, /^Second-\d+$/)
await assert.rejects(client.putFileContents('/kopie.txt', 'fremd'), status(423))
await assert.rejects(client.deleteFile('/kopie.txt'), status(423))
await assert.rejects(client.lock('/kopie.txt'), status(423))
const named = { headers: { If: `(<${lock.token}>)` } }
assert.equal(await client.putFileContents('/kopie.txt', 'eigen', named), true)
await client.unlock('/kopie.txt', lock.token)
assert.equal(await client.putFileContents('/kopie.txt', 'frei'), true)

// Only the classes that the server offers.
const { compliance } = await client.getDAVCompliance('/')
assert.ok(compliance.includes('1') && compliance.includes('2'), `${compliance}`)
await assert.rejects(client.partialUpdateFileContents('/kopie.txt', 0, 1, 'ab'), /Not supported/)
const quota = await client.getQuota()
assert.ok(quota === null || (quota.used > 0 && quota.available > 0), JSON.stringify(quota))

for (const gone of ['/Büro & Co', '/leer', '/ganz', '/kopie.txt']) await client.deleteFile(gone)
await assert.rejects(client.deleteFile('/leer'), status(404))
assert.deepEqual(await client.getDirectoryContents('/'), [])
