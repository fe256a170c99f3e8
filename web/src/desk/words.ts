// The sentences about the lock. The server sends them in the page's language (`src/text/screen_lock.rs`, whose tests compare
// the names); `{name}` marks a place to fill in.

export interface Words {
  readonly soon: string
  readonly stay: string
  readonly title: string
  readonly about: string
  readonly password: string
  readonly unlock: string
  readonly by_passkey: string
  readonly no_passkey: string
  readonly wrong: string
  readonly sign_out: string
  readonly no_line: string
  readonly ended: string
  readonly new_window: string
}
