// The questions to the browser about passkeys (WebAuthn 5.1). Options and answers travel as JSON with bytes in base64url, in the
// form of `toJSON()`, which not all browsers have yet.

interface Described {
  readonly id: string
  readonly type: PublicKeyCredentialType
}

interface MakeOptions extends Omit<PublicKeyCredentialCreationOptions, 'challenge' | 'user' | 'excludeCredentials'> {
  readonly challenge: string
  readonly user: { readonly id: string; readonly name: string; readonly displayName: string }
  readonly excludeCredentials?: readonly Described[]
}

interface AskOptions extends Omit<PublicKeyCredentialRequestOptions, 'challenge' | 'allowCredentials'> {
  readonly challenge: string
}

export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0))
}

export function toText(bytes: ArrayBuffer): string {
  const letters = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join('')
  return btoa(letters).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** Whether this browser has passkeys for this page. */
export function hasPasskeys(): boolean {
  return typeof PublicKeyCredential === 'function' && 'credentials' in navigator
}

/** Has a passkey made; throws if the person or the browser does not want to. `options` are JSON. */
export async function make(options: string): Promise<string> {
  const { challenge, user, excludeCredentials, ...rest } = JSON.parse(options) as MakeOptions
  const publicKey = {
    ...rest,
    challenge: toBytes(challenge),
    user: { ...user, id: toBytes(user.id) },
    excludeCredentials: (excludeCredentials ?? []).map(({ id, type }) => ({ id: toBytes(id), type })),
  }
  const made = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential
  const { clientDataJSON, attestationObject } = made.response as AuthenticatorAttestationResponse
  return answer(made, { clientDataJSON: toText(clientDataJSON), attestationObject: toText(attestationObject) })
}

/** The options for a question, which are good for some minutes; `null` if there is nothing to ask for. */
export async function optionsAt(path: string, token: string): Promise<AskOptions | null> {
  const given = await fetch(path, { method: 'POST', headers: { 'Tresor-Token': token } })
  return given.status === 200 ? ((await given.json()) as AskOptions) : null
}

/** Asks for a passkey; throws if the person or the browser gives none. */
export async function ask({ challenge, ...rest }: AskOptions, more: CredentialRequestOptions = {}): Promise<string> {
  const publicKey = { ...rest, challenge: toBytes(challenge) }
  const given = (await navigator.credentials.get({ ...more, publicKey })) as PublicKeyCredential
  const said = given.response as AuthenticatorAssertionResponse
  return answer(given, {
    clientDataJSON: toText(said.clientDataJSON),
    authenticatorData: toText(said.authenticatorData),
    signature: toText(said.signature),
    userHandle: said.userHandle && toText(said.userHandle),
  })
}

function answer({ id, rawId, type }: PublicKeyCredential, response: object): string {
  return JSON.stringify({ id, rawId: toText(rawId), type, response })
}
