/** Tones for what happens, made in the page: no file, and the same on every browser. */

import { live } from "./live.js";
import { setting, wantedLanguage } from "./settings.js";
import { hush, speak } from "./voice.js";

/** Notes (Hz, seconds, pause before) by what is said, no two alike; everything else is silent here. */
const TONES = {
  begin: [[660, 0.12, 0], [880, 0.25, 0.16]],
  count: [[880, 0.07, 0]],
  seconds_left: [[550, 0.06, 0]],
  half_way: [[660, 0.1, 0], [660, 0.1, 0.15]],
  last_one: [[880, 0.1, 0], [990, 0.1, 0.15]],
  release: [[880, 0.15, 0], [660, 0.3, 0.2]],
  set_done: [[660, 0.12, 0], [880, 0.12, 0.15], [1100, 0.3, 0.3]],
  signal_lost: [[330, 0.2, 0], [260, 0.2, 0.25], [330, 0.2, 0.5]],
  signal_lost_hold: [[330, 0.2, 0], [330, 0.6, 0.25]],
  signal_back: [[440, 0.1, 0], [660, 0.1, 0.15]],
  hurt: [[330, 0.4, 0]],
};

let audio = null;

/** Browsers play nothing before the person has touched the page. */
function ready() {
  audio ??= new AudioContext();
  if (audio.state === "suspended") audio.resume();
}

/** Play what belongs to a key of the coach. */
export function play(key) {
  const tones = TONES[key];
  if (!tones || setting("sound") === "off" || audio?.state !== "running") return;
  const loud = (setting("volume") / 100) * 0.5;
  for (const [hertz, lasts, after] of tones) {
    const begin = audio.currentTime + after;
    const tone = new OscillatorNode(audio, { frequency: hertz });
    const gain = new GainNode(audio, { gain: 0 });
    gain.gain.setTargetAtTime(loud, begin, 0.008);
    gain.gain.setTargetAtTime(0, begin + lasts, 0.03);
    tone.connect(gain).connect(audio.destination);
    tone.start(begin);
    tone.stop(begin + lasts + 0.3);
  }
}

function sound(said) {
  if (setting("sound") === "voice" && audio?.state === "running") {
    if (speak(audio, said, wantedLanguage())) return;
  }
  play(said.key);
}

/** Begin to sound. */
export function startTones() {
  for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, ready, { once: true });
  live.addEventListener("said", (event) => sound(event.detail));
  document.addEventListener("setting", () => hush());
}
