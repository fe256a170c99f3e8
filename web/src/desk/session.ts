// Messages of the page to the server about the person at the screen.

import { sessionToken } from '../page.ts'

export interface Said {
  readonly status: number
  /** Why the server refused, in the page's language; empty if it did not say. */
  readonly text: string
}

/** Sends a message to the server; `null` without an answer. */
export async function tell(what: 'here' | 'lock' | 'unlock', form = new URLSearchParams()): Promise<Said | null> {
  try {
    const answer = await fetch(`/session/${what}`, {
      method: 'POST',
      headers: { 'Tresor-Token': sessionToken() },
      body: form,
      // The page may be about to go.
      keepalive: true,
    })
    const isJson = answer.headers.get('Content-Type')?.startsWith('application/json') ?? false
    const said = isJson ? ((await answer.json()) as { text?: unknown }).text : ''
    return { status: answer.status, text: typeof said === 'string' ? said : '' }
  } catch {
    return null
  }
}
