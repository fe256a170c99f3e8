// Keeps the device awake while files are under way, and asks before the page is left.

export class Awake {
  private isBusy = false
  private lock: WakeLockSentinel | null = null

  constructor() {
    addEventListener('beforeunload', (event) => {
      if (this.isBusy) event.preventDefault()
    })
    // The lock ends when the page is out of sight.
    document.addEventListener('visibilitychange', () => void this.hold())
  }

  set(isBusy: boolean): void {
    if (isBusy === this.isBusy) return
    this.isBusy = isBusy
    if (isBusy) void this.hold()
    else void this.release()
  }

  private async hold(): Promise<void> {
    if (!this.isBusy || document.visibilityState !== 'visible') return
    try {
      this.lock = (await navigator.wakeLock?.request('screen')) ?? null
      if (!this.isBusy) await this.release()
    } catch {
      // Not allowed, by a low battery for instance: the upload goes on as long as the device does.
    }
  }

  private async release(): Promise<void> {
    const lock = this.lock
    this.lock = null
    await lock?.release().catch(() => undefined)
  }
}
