// A MIDI file of a tune as it is played, with the notes of sample.py's (charrnn/music/engraving/sounding.py).
import { played } from "./playing.js";

const TICKS = 10080, FLUTE = 73, VELOCITY = 90, BEATS_A_MINUTE = 100;

// From Q:, as 1/4=120 or as beats of the meter; between 20 and 400.
export function quartersAMinute(reading) {
  const { header } = reading, value = header.fields.find((field) => field.letter === "Q")?.value ?? "";
  const match = /^(?:(\d{1,3})\/(\d{1,3})\s*=\s*)?(\d{1,3})(?:\s|$)/.exec(value.replace(/"[^"]*"/g, "").trim());
  let beat = header.meter?.beat ?? 0.25;
  if (match && +match[1] && +match[2]) beat = match[1] / match[2];
  return Math.min(Math.max((match ? +match[3] : BEATS_A_MINUTE) * beat * 4, 20), 400);
}

const variable = (number) => {
  const bytes = [number & 127];
  for (let left = number >>> 7; left; left >>>= 7) bytes.unshift((left & 127) | 128);
  return bytes;
};
const big = (number, count) => Array.from({ length: count }, (_, i) => (number >>> (8 * (count - 1 - i))) & 255);

export function midi(reading) {
  const events = [];
  for (const { onset, duration, pitch } of played(reading)) {
    if (pitch < 0 || pitch > 127) continue;
    const begin = Math.round(onset * 4 * TICKS), end = Math.max(Math.round((onset + duration) * 4 * TICKS), begin + 1);
    events.push([begin, 1, [0x90, pitch, VELOCITY]], [end, 0, [0x80, pitch, 0]]);
  }
  events.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const track = [0, 0xff, 0x51, 3, ...big(Math.round(6e7 / quartersAMinute(reading)), 3), 0, 0xc0, FLUTE];
  let now = 0;
  for (const [time, , bytes] of events) {
    track.push(...variable(time - now), ...bytes);
    now = time;
  }
  track.push(0, 0xff, 0x2f, 0);
  return Uint8Array.from([..."MThd"].map((c) => c.charCodeAt(0)).concat(
    big(6, 4), big(0, 2), big(1, 2), big(TICKS, 2), [..."MTrk"].map((c) => c.charCodeAt(0)), big(track.length, 4), track,
  ));
}
