/** The hub's voice in the browser: the same sounds as on its own loudspeaker, one at a time. */

import { setting } from "./settings.js";

/** A sound that could not begin within this time is not worth hearing: a count would be wrong. */
const LATEST_MS = 2500;
const MOST_WAITING = 4;
/** Of these only the newest is worth hearing. */
const REPLACED = ["count", "seconds_left"];

let waiting = [];
let playing = null;

/**
 * Speak one thing said, if it has a sound in this language.
 *
 * @param {AudioContext} audio
 * @param {{key: string, urgent: boolean, sound?: Object<string, string>}} said
 * @param {string} language
 * @returns {boolean} whether it will be spoken (else a tone has to do)
 */
export function speak(audio, said, language) {
  const name = said.sound?.[language];
  if (!name) return false;
  if (said.urgent) hush();
  if (REPLACED.includes(said.key)) waiting = waiting.filter((one) => one.key !== said.key);
  waiting = [...waiting.slice(1 - MOST_WAITING), { name, key: said.key, asked: performance.now() }];
  if (!playing) next(audio);
  return true;
}

/** Be silent at once. */
export function hush() {
  waiting = [];
  playing?.source?.stop();
  playing = null;
}

async function next(audio) {
  const one = waiting.shift();
  if (!one) return;
  if (performance.now() - one.asked > LATEST_MS) return next(audio);
  const mine = (playing = { source: null });
  try {
    const answer = await fetch(`/sound/${one.name}`);
    const data = answer.ok ? await audio.decodeAudioData(await answer.arrayBuffer()) : null;
    // Something urgent may have come meanwhile, or this one is too late by now.
    if (playing !== mine) return;
    if (data && performance.now() - one.asked <= LATEST_MS) {
      await played(audio, data, mine);
      if (playing !== mine) return;
    }
  } catch {
    // No sound is no reason to stop: everything said is also written.
  }
  if (playing === mine) playing = null;
  next(audio);
}

function played(audio, data, mine) {
  const source = new AudioBufferSourceNode(audio, { buffer: data });
  const gain = new GainNode(audio, { gain: setting("volume") / 100 });
  source.connect(gain).connect(audio.destination);
  mine.source = source;
  return new Promise((done) => {
    source.addEventListener("ended", done);
    source.start();
  });
}
