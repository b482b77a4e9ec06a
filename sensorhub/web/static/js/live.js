/**
 * The live line: frames come in, the newest is what counts, and silence is noticed.
 *
 * Events: `frame` (detail: the frame), `said` (detail: one thing said, each once), `lost` and `found`
 * (the connection to the hub). A page that shows numbers must not show old ones as if they were new.
 */

const SILENT_MS = 1000;
const AGAIN_MS = [200, 500, 1000, 2000];

class Live extends EventTarget {
  constructor() {
    super();
    /** The newest frame, null before the first. */
    this.frame = null;
    /** Whether the hub is heard now. */
    this.heard = false;
    /** How late frames arrive, in ms: what came over the network at its best counts as none. */
    this.lateMs = 0;
    this._best = Infinity;
    this._at = 0;
    this._said = 0;
    this._tries = 0;
    this._socket = null;
    this._wanted = false;
  }

  /** Begin to listen, and go on doing so. */
  start() {
    this._wanted = true;
    this._open();
    this._watch ??= setInterval(() => this._look(), 100);
  }

  /** Listen anew: the device may show another person now. */
  restart() {
    this.frame = null;
    this._socket?.close();
    if (!this._wanted) this.start();
  }

  /** Stop listening. */
  stop() {
    this._wanted = false;
    this._socket?.close();
  }

  _open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/live`);
    this._socket = socket;
    socket.addEventListener("message", (event) => this._take(JSON.parse(event.data)));
    socket.addEventListener("close", () => {
      if (this._socket !== socket || !this._wanted) return;
      const wait = AGAIN_MS[Math.min(this._tries++, AGAIN_MS.length - 1)];
      setTimeout(() => this._wanted && this._open(), wait);
    });
  }

  _take(frame) {
    const now = Date.now();
    this._at = performance.now();
    this._tries = 0;
    const delay = now - frame.t;
    this._best = Math.min(this._best, delay);
    this.lateMs = delay - this._best;
    if (!this.heard) {
      this.heard = true;
      this.dispatchEvent(new CustomEvent("found"));
    }
    if (frame.kind === "beat") return;
    this.frame = frame;
    for (const said of frame.said ?? []) {
      if (said.id <= this._said) continue;
      this._said = said.id;
      this.dispatchEvent(new CustomEvent("said", { detail: said }));
    }
    this.dispatchEvent(new CustomEvent("frame", { detail: frame }));
  }

  _look() {
    if (this.heard && this._wanted && performance.now() - this._at > SILENT_MS) {
      this.heard = false;
      this.dispatchEvent(new CustomEvent("lost"));
    }
  }
}

export const live = new Live();
