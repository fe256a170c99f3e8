// Uploads a file with tus-js-client:
//   upload.mjs ENDPOINT AUTHORIZATION FILE PATH CHUNK [stop BYTES | go URL | parallel N | whole | deferred]
import { createReadStream } from 'node:fs'
import { createRequire } from 'node:module'
import { PassThrough } from 'node:stream'

// It lies where it was installed, which is the working directory.
const { Upload } = createRequire(`${process.cwd()}/`)('tus-js-client')

const [endpoint, authorization, file, path, chunk, how, amount] = process.argv.slice(2)
const content = createReadStream(file)
// The client asks a file for its length; a stream has none.
const source = how === 'deferred' ? content.pipe(new PassThrough()) : content
const upload = new Upload(source, {
    endpoint,
    headers: { Authorization: authorization },
    chunkSize: Number(chunk),
    metadata: { path, filename: 'name.bin', filetype: 'application/octet-stream', mtime: '1600000000' },
    retryDelays: [100, 500, 1000],
    uploadLengthDeferred: how === 'deferred',
    uploadDataDuringCreation: how === 'whole',
    uploadUrl: how === 'go' ? amount : undefined,
    parallelUploads: how === 'parallel' ? Number(amount) : 1,
    onChunkComplete: async (_, accepted) => {
        if (how === 'stop' && accepted >= Number(amount)) {
            await upload.abort()
            console.log(upload.url)
            process.exit(0)
        }
    },
    onError: (error) => {
        console.error(error.message)
        process.exit(1)
    },
    onSuccess: () => console.log(upload.url),
})
upload.start()
