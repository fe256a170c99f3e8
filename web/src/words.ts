// The sentences of the page. The server sends them in the page's language (`src/text/upload.rs`, whose tests compare the
// names); `{name}` marks a place to fill in.

export interface Words {
  readonly drop: string
  readonly choose_files: string
  readonly choose_file: string
  readonly choose_folder: string
  readonly take_photo: string
  readonly photos: string
  readonly photos_about: string
  readonly photos_add: string
  readonly photos_page: string
  readonly photos_up: string
  readonly photos_down: string
  readonly photos_remove: string
  readonly photos_moved: string
  readonly photos_making: string
  readonly photos_send: string
  readonly photos_cancel: string
  readonly photos_most: string
  readonly photos_unreadable: string
  readonly photos_file: string
  readonly at_once: string
  readonly stay: string
  readonly reading: string
  readonly waiting: string
  readonly sending: string
  readonly storing: string
  readonly no_line: string
  readonly arrived: string
  readonly renamed: string
  readonly there: string
  readonly wanted: string
  readonly overall: string
  readonly hours_left: string
  readonly minutes_left: string
  readonly minute_left: string
  readonly soon: string
  readonly paused: string
  readonly all_one: string
  readonly all: string
  readonly some: string
  readonly begun_one: string
  readonly begun: string
  readonly quarter: string
  readonly lost_one: string
  readonly lost: string
  readonly lost_title: string
  readonly more: string
  readonly pause: string
  readonly resume: string
  readonly cancel: string
  readonly retry: string
  readonly retry_all: string
  readonly anyway: string
  readonly anyway_all: string
  readonly remove: string
  readonly left_out_one: string
  readonly left_out: string
  readonly wrong_type: string
  readonly too_many: string
  readonly too_much: string
  readonly only_one: string
  readonly unreadable: string
  readonly unreadable_folder: string
  readonly failed: string
  readonly folders_made: string
  readonly folders_lost: string
  readonly signed_out: string
  readonly sign_in: string
  readonly rest: string
  readonly rest_of: string
  readonly go_on: string
  readonly go_on_about: string
  readonly not_allowed: string
  readonly progress: string
  readonly list: string
}

/** A sentence with its places filled in. */
export function fill(sentence: string, places: Record<string, string | number>): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => String(places[name] ?? whole))
}
