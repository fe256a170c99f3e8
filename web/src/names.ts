// Names of files.

/** Files that systems leave in folders, in small letters; the server leaves out the same ones. */
const SYSTEM = ['.ds_store', 'thumbs.db', 'desktop.ini']

/** Whether a system left the file in a folder. Only in chosen folders: a file chosen by itself is meant. */
export function isLeftOut(path: string): boolean {
  const name = last(path)
  return name !== path && (name.startsWith('~$') || SYSTEM.includes(name.toLowerCase()))
}

/** The last segment of a path. */
export function last(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** The text after the last dot of the name, in small letters. */
export function ending(path: string): string {
  const name = last(path)
  const dot = name.lastIndexOf('.')
  return dot < 0 ? '' : name.slice(dot + 1).toLowerCase()
}
