// Facts that the tabs of a browser share: when the person did something last, when the server heard of it, and
// whether they are locked. Without the browser's storage each tab stands for itself.

import { read, write } from '../storage.ts'

const LOCKED = 'tresor.locked'

/** A time in milliseconds since 1970; 0 if it is not known. */
function time(key: string): { last(): number; note(at: number): void } {
  let own = 0
  return {
    last: () => Math.max(own, Number(read(key)) || 0),
    note: (at) => {
      own = at
      write(key, String(at))
    },
  }
}

/** When the person did something last. */
export const active = time('tresor.active')
/** When the server heard of it last. */
export const told = time('tresor.told')

export const locked = {
  note: (is: boolean): void => write(LOCKED, is ? String(Date.now()) : null),
  /** Another tab was locked or unlocked. */
  onChange(act: (is: boolean) => void): void {
    addEventListener('storage', (event) => {
      if (event.key === LOCKED) act(event.newValue !== null)
    })
  },
}
