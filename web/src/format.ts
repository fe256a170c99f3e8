// Numbers in words.

import { fill, type Words } from './words.ts'

const UNITS: readonly [string, number][] = [
  ['TiB', 2 ** 40],
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
]

/** `1,5 MiB` or `1.5 MiB`, as the server writes it. */
export function size(bytes: number, language: string): string {
  const unit = UNITS.find(([, least]) => bytes >= least)
  if (!unit) return `${bytes} B`
  const text = (Math.floor((bytes * 10) / unit[1]) / 10).toFixed(1)
  return `${language === 'de' ? text.replace('.', ',') : text} ${unit[0]}`
}

/** `14:02`, as the office's clocks show it; by the clock of the device if the browser does not know the office's zone. */
export function clock(time: Date, zone: string | undefined): string {
  const form = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
  try {
    return new Intl.DateTimeFormat('de', { ...form, timeZone: zone }).format(time)
  } catch {
    return new Intl.DateTimeFormat('de', form).format(time)
  }
}

/** Whole percent; 100 only for all of it. */
export function percent(part: number, whole: number): number {
  return whole <= 0 || part >= whole ? 100 : Math.floor((part / whole) * 100)
}

/** A time to wait, in seconds, rounded as people say it. */
export function left(seconds: number, words: Words): string {
  if (seconds < 50) return words.soon
  const minutes = Math.round(seconds / 60)
  if (minutes <= 1) return words.minute_left
  if (minutes < 100) return fill(words.minutes_left, { minutes })
  return fill(words.hours_left, { hours: Math.round(minutes / 60) })
}
