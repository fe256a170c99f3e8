// Which key of a page a person pressed.

/** Facts about a press of a key. */
export interface Press {
  key: string
  shiftKey: boolean
  ctrlKey: boolean
  altKey: boolean
  metaKey: boolean
  repeat: boolean
  isComposing: boolean
}

/** The name that an element has in its `data-key`; none for a press that is the browser's or another program's. */
export function nameOf(press: Press): string | undefined {
  if (press.ctrlKey || press.altKey || press.metaKey || press.repeat || press.isComposing) return undefined
  if (/^Arrow(Left|Right)$/.test(press.key)) return press.shiftKey ? `Shift+${press.key}` : press.key
  // A question mark needs Shift on most keyboards, and a letter is the same with Caps Lock.
  if (press.key === '?') return '?'
  return /^[a-z]$/i.test(press.key) && !press.shiftKey ? press.key.toLowerCase() : undefined
}
