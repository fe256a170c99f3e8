// Writes a PDF whose pages are photos (ISO 32000-1): each photo fills a page, in the size of A4 at most. The photos stay the JPEG
// files that they are.

export interface Page {
  readonly jpeg: Uint8Array<ArrayBuffer>
  /** In pixels. */
  readonly width: number
  readonly height: number
}

/** The sides of A4 in points. */
const [SHORT, LONG] = [595, 842]

/** The size of a page in points: as large as fits on A4, upright or across. */
export function sizeOf(width: number, height: number): [number, number] {
  const [across, down] = width > height ? [LONG, SHORT] : [SHORT, LONG]
  const scale = Math.min(across / width, down / height)
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))]
}

/** The bytes of the file, in parts. */
export function paper(pages: readonly Page[]): Uint8Array<ArrayBuffer>[] {
  const parts: Uint8Array<ArrayBuffer>[] = []
  const places: number[] = []
  let written = 0
  const put = (part: string | Uint8Array<ArrayBuffer>) => {
    const bytes = typeof part === 'string' ? new TextEncoder().encode(part) : part
    parts.push(bytes)
    written += bytes.length
  }
  const object = (id: number, about: string, content?: string | Uint8Array<ArrayBuffer>) => {
    places[id] = written
    put(`${id} 0 obj\n${about}\n`)
    if (content !== undefined) {
      put('stream\n')
      put(content)
      put('\nendstream\n')
    }
    put('endobj\n')
  }
  // Three objects for each page, after the catalogue and the list of pages: the page, its content, its photo.
  const idOf = (at: number) => 3 + 3 * at
  put('%PDF-1.4\n%\u00e4\u00f6\u00fc\u00df\n')
  object(1, '<</Type/Catalog/Pages 2 0 R>>')
  object(2, `<</Type/Pages/Count ${pages.length}/Kids[${pages.map((_, at) => `${idOf(at)} 0 R`).join(' ')}]>>`)
  pages.forEach(({ jpeg, width, height }, at) => {
    const id = idOf(at)
    const [across, down] = sizeOf(width, height)
    const content = `q ${across} 0 0 ${down} 0 0 cm /P Do Q`
    const resources = `/Resources<</XObject<</P ${id + 2} 0 R>>>>`
    object(id, `<</Type/Page/Parent 2 0 R/MediaBox[0 0 ${across} ${down}]${resources}/Contents ${id + 1} 0 R>>`)
    object(id + 1, `<</Length ${content.length}>>`, content)
    const colours = '/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode'
    object(id + 2, `<</Type/XObject/Subtype/Image/Width ${width}/Height ${height}${colours}/Length ${jpeg.length}>>`, jpeg)
  })
  const [table, count] = [written, idOf(pages.length)]
  const rows = places.slice(1).map((place) => `${String(place).padStart(10, '0')} 00000 n \n`)
  put(`xref\n0 ${count}\n0000000000 65535 f \n${rows.join('')}trailer\n<</Size ${count}/Root 1 0 R>>\nstartxref\n${table}\n%%EOF\n`)
  return parts
}
