// A tune in another key (charrnn/music/canonical/keys.py, spelling.py): every interval stays.
import { SEMITONES } from "./notes.js";
import { readKey } from "./fields.js";
import { Philox } from "./numbers.js";
import { read } from "./reading.js";

const STEPS = "CDEFGAB", SHARPS = { "": 0, "#": 1, b: -1 }, LOWEST = 55, HIGHEST = 83, MIDDLE = 73;
const WHITE = { maj: "C", ion: "C", dor: "D", phr: "E", lyd: "F", mix: "G", min: "A", aeo: "A", loc: "B" };
export const SIGNS = new Map([[0, "="], [1, "^"], [-1, "_"], [2, "^^"], [-2, "__"]]);
const mod = (number, by) => ((number % by) + by) % by;

export const whiteTonic = (key) => WHITE[key.mode];
export const keyName = (key) => key.tonic + ({ maj: "", ion: "", min: "m", aeo: "m" }[key.mode] ?? key.mode);

// A note without accidental: c' is named("C", 6).
export function named(step, octave) {
  return (octave > 4 ? step.toLowerCase() : step) + "'".repeat(Math.max(0, octave - 5)) + ",".repeat(Math.max(0, 4 - octave));
}

// The tune on this tonic, or as it is where it cannot be moved there.
export function withTonic(text, tonic) {
  return moved(text, tonic) ?? text;
}

// A tune of a network of white keys in a key that its collection has, drawn by seed and number.
export function withDrawnKey(text, tonics, seed, number) {
  const key = read(text).header.key, mode = { ion: "maj", aeo: "min" }[key?.mode] ?? key?.mode;
  const counts = Object.entries((key && tonics[mode]) ?? {});
  let left = new Philox(seed, number, [0, 0, 1, 0]).random() * counts.reduce((sum, [, count]) => sum + count, 0);
  for (const [tonic, count] of counts) {
    left -= count;
    if (left < 0) return withTonic(text, tonic);
  }
  return text;
}

function moved(text, tonic) {
  const reading = read(text);
  const keys = reading.fields.filter((field) => field.letter === "K").map((field) => ({ field, key: readKey(field.value) }))
    .filter(({ key }) => key && Object.hasOwn(WHITE, key.mode) && key.tonic in { ...SEMITONES, ...sharpened() });
  if (!keys.length || keys[0].field.position > reading.header.end || !reading.notes.length) return null;
  const from = keys[0].key.tonic, steps = mod(STEPS.indexOf(tonic[0]) - STEPS.indexOf(from[0]), 7);
  const semitones = mod(pitchClass(tonic) - pitchClass(from), 12), pitches = reading.notes.map((note) => note.pitch);
  const octave = bestOctave(pitches, semitones), pieces = [];
  for (const one of keys) {
    const [key, up] = movedKey(one.key, steps, semitones);
    if (!key) return null;
    Object.assign(one, { moved: key, up });
    const begin = one.field.value ? text.indexOf(one.field.value, one.field.position) : one.field.position;
    pieces.push([begin, begin + one.field.value.length, keyName(key)]);
  }
  let here = 0;
  for (const note of reading.notes) {
    while (here + 1 < keys.length && keys[here + 1].field.position < note.position) here += 1;
    const { key, moved: after, up } = keys[here], piece = movedNote(note, up + 7 * octave, key, after, "^_=".includes(text[note.position]));
    if (piece === null) return null;
    pieces.push([note.position, note.end, piece]);
  }
  let at = 0, found = "";
  for (const [start, end, piece] of pieces.sort((a, b) => a[0] - b[0])) {
    found += text.slice(at, start) + piece;
    at = end;
  }
  return found + text.slice(at);
}

function sharpened() {
  return Object.fromEntries([...STEPS].flatMap((step) => [[`${step}#`, 0], [`${step}b`, 0]]));
}

const pitchClass = (tonic) => mod(SEMITONES[tonic[0]] + SHARPS[tonic.slice(1)], 12);

function bestOctave(pitches, semitones) {
  const mean = pitches.reduce((sum, pitch) => sum + pitch, 0) / pitches.length;
  let best = null;
  for (let octave = -3; octave < 4; octave++) {
    const up = semitones + 12 * octave, outside = pitches.filter((pitch) => pitch + up < LOWEST || pitch + up > HIGHEST).length;
    const far = Math.abs(mean + up - MIDDLE);
    if (!best || outside < best.outside || (outside === best.outside && far < best.far)) best = { octave, outside, far };
  }
  return best.octave;
}

function movedKey(key, steps, semitones) {
  for (const renamed of [steps, steps + 1, steps - 1]) {
    const step = STEPS[mod(STEPS.indexOf(key.tonic[0]) + renamed, 7)];
    const sharps = mod(pitchClass(key.tonic) + semitones - SEMITONES[step] + 6, 12) - 6;
    const sign = Object.keys(SHARPS).find((name) => SHARPS[name] === sharps);
    const after = sign === undefined ? null : readKey(step + sign + keyName(key).slice(key.tonic.length));
    if (after) return [after, renamed];
  }
  return [null, 0];
}

function movedNote(note, steps, before, after, isAltered) {
  const place = 7 * note.octave + STEPS.indexOf(note.step) + steps, octave = Math.floor(place / 7), step = STEPS[mod(place, 7)];
  if (!isAltered) return named(step, octave);
  const alter = note.alter - (before.alters[note.step] ?? 0) + (after.alters[step] ?? 0);
  return SIGNS.has(alter) ? SIGNS.get(alter) + named(step, octave) : null;
}
