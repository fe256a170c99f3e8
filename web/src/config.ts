// The server's data about a form: where its files go, and the limits.

/** The limits that remain; `null` where there is none. */
export interface Terms {
  /** Endings of names, in small letters and without the dot; empty if all are allowed. */
  readonly types: readonly string[]
  readonly files: number | null
  /** Bytes of all files together. */
  readonly bytes: number | null
}

/** The value of a form's `data-upload`. */
export interface Config {
  /** Where uploads begin. */
  readonly endpoint: string
  /** Where the server lists unfinished uploads and arrived files. */
  readonly list: string
  /** Where folders without a file are made; `null` where only files count. */
  readonly folders: string | null
  /** The folder where files arrive, if it may be asked for one; `null` where the list names all that have arrived. */
  readonly members: string | null
  /** Metadata of each upload. */
  readonly metadata: Readonly<Record<string, string>>
  /** Whether several files may be chosen. */
  readonly several: boolean
  /** Whether the form belongs to a session, whose token each request carries. */
  readonly session: boolean
  readonly terms: Terms
}

/** Name of the field with the token of the session. */
export const TOKEN = 'token'

/** The configuration of a form; `null` if there is none that can be read. */
export function read(form: HTMLFormElement): Config | null {
  try {
    return JSON.parse(form.dataset['upload'] ?? '') as Config
  } catch {
    return null
  }
}

/** The metadata of an upload that begins now: fixed ones, and those that the form asks for. */
export function metadata(config: Config, form: HTMLFormElement): Record<string, string> {
  const found: Record<string, string> = { ...config.metadata }
  const fields = new FormData(form)
  const name = fields.get('name')
  if (typeof name === 'string' && name.trim() !== '') found['name'] = name.trim()
  if (config.session && !fields.has('replace')) found['beside'] = '1'
  return found
}

/** The token of the form's session. */
export function token(form: HTMLFormElement): string | null {
  const value = new FormData(form).get(TOKEN)
  return typeof value === 'string' ? value : null
}
