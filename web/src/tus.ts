// The words of tus 1.0.0 (https://tus.io/protocols/resumable-upload).

import type { Question } from './wire.ts'

/**
 * Largest file that travels with the request that begins its upload, in bytes: most photos and documents need one request.
 * A cut sends such a file again from its beginning, so it must not be much.
 */
export const WITH_CREATION = 8 * 2 ** 20
/**
 * Largest body of a later request, in bytes. It is read into memory first, so that a file that cannot be read differs
 * from a line that broke; proxies let it through; and on a slow line (10 Mbit/s) a request ends within a quarter of a minute.
 */
export const PART = 16 * 2 ** 20

const VERSION = { 'Tus-Resumable': '1.0.0' }
const CONTENT = { 'Content-Type': 'application/offset+octet-stream' }

/** Begins an upload, with its content or without. */
export function begin(endpoint: string, size: number, metadata: Record<string, string>, body?: ArrayBuffer): Question {
  const headers = { ...VERSION, 'Upload-Length': String(size), 'Upload-Metadata': encode(metadata) }
  if (!body || body.byteLength === 0) return { method: 'POST', url: endpoint, headers }
  return { method: 'POST', url: endpoint, headers: { ...headers, ...CONTENT }, body }
}

/** Appends. Without bytes it asks to end an upload that is complete. */
export function append(url: string, offset: number, body: ArrayBuffer): Question {
  return { method: 'PATCH', url, headers: { ...VERSION, ...CONTENT, 'Upload-Offset': String(offset) }, body }
}

/** Asks how much has arrived. */
export function ask(url: string): Question {
  return { method: 'HEAD', url, headers: VERSION }
}

/** Makes a folder that has no file; a word of this server. */
export function folder(url: string, metadata: Record<string, string>): Question {
  return { method: 'POST', url, headers: { ...VERSION, 'Upload-Metadata': encode(metadata) } }
}

/** Gives an upload up. */
export function cancel(url: string): Question {
  return { method: 'DELETE', url, headers: VERSION }
}

/** An `Upload-Metadata` header. */
export function encode(metadata: Record<string, string>): string {
  return Object.entries(metadata)
    .map(([key, value]) => (value === '' ? key : `${key} ${base64(value)}`))
    .join(',')
}

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
}
