// The line between a browser and the server, which can be slow and can be cut. It passes on bytes that it does not
// understand.
import { connect, createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

export class Relay {
  constructor(port) {
    this.server = port
    /** Most bytes a second to the server. */
    this.pace = Infinity
    /** Bytes to the server so far. */
    this.sent = 0
    this.isCut = false
    this.sockets = new Set()
  }

  /** Returns its own port. */
  async start() {
    this.listener = createServer((near) => this.pass(near))
    await new Promise((resolve) => this.listener.listen(0, '127.0.0.1', resolve))
    return this.listener.address().port
  }

  /** Breaks all connections, and takes none until the line is mended. */
  cut() {
    this.isCut = true
    for (const socket of this.sockets) socket.destroy()
  }

  mend() {
    this.isCut = false
  }

  end() {
    this.cut()
    this.listener.close()
  }

  pass(near) {
    if (this.isCut) return near.destroy()
    const far = connect(this.server, '127.0.0.1')
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ]) {
      this.sockets.add(socket)
      // A line that breaks on one side breaks on the other.
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        this.sockets.delete(socket)
        other.destroy()
      })
    }
    far.pipe(near)
    near.on('data', (bytes) => void this.forward(near, far, bytes))
  }

  async forward(near, far, bytes) {
    this.sent += bytes.length
    near.pause()
    if (!far.write(bytes)) await Promise.race([once(far, 'drain'), once(far, 'close')])
    if (this.pace < Infinity) await pause((bytes.length / this.pace) * 1000)
    near.resume()
  }
}

function once(socket, event) {
  return new Promise((resolve) => socket.once(event, resolve))
}
