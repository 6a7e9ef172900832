// Notes, rests, chords, grace notes, and what binds them (charrnn/music/notation/notes.py, figures.py).
import { ALTERS, strip } from "./fields.js";
import { INLINE_FIELDS } from "./header.js";
import { STATES as S } from "./lexer.js";
import { TABLES } from "./tables.js";

export const SEMITONES = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };
const TUPLETS = TABLES.context.tuplets;

export function note(body, start, end) {
  const { voice } = body, text = body.text.slice(start, end), name = text.replace(/^[\^_=]+/, "");
  const step = name[0].toUpperCase(), count = (sign) => name.split(sign).length - 1;
  const octave = 4 + (name[0] !== step) + count("'") - count(",") + voice.octave;
  const bar = voice.openBar(start);
  let alter = ALTERS[text.slice(0, text.length - name.length)];
  if (alter === null) alter = voice.alter(step, octave);
  else voice.accidentals.set(step, alter);
  const pitch = 12 * (octave + 1) + SEMITONES[step] + alter + voice.transpose;
  if (pitch < 0 || pitch > 127) body.problem("pitch", start, text.slice(0, 20), "a note that MIDI knows, C,,,,, to g'''''");
  const grace = body.grace !== null, duration = body.length();
  const written = {
    position: start, end, voice: voice.name, bar, onset: voice.time, duration, pitch, step, alter, octave, grace,
    chord: body.chord?.position ?? null, tied: false, key: voice.key,
  };
  body.notes.push(written);
  if (grace) voice.graces.push(written);
  else if (body.chord === null) voice.sound([written], duration);
  else {
    body.chord.notes.push(written);
    body.chord.duration ||= duration;
  }
}

export function rest(body, start) {
  const { voice } = body, isFirst = voice.bar === null;
  voice.openBar(start);
  let duration = body.length();
  if ("ZX".includes(body.text[start])) {
    duration *= (voice.meter.bar || 1) / voice.unit;
    if (isFirst && voice.bar?.expected) voice.bar.expected = duration;
  }
  if (body.grace !== null) return;
  if (body.chord === null) voice.sound([], duration);
  else body.chord.duration ||= duration;
}

export function spacer(body) {
  body.length();
}

export function bracket(body, start) {
  if (![S.INLINE_VALUE, S.INLINE_ESCAPE].includes(body.kind(1))) {
    body.closeChord();
    body.chord = { position: start, notes: [], duration: null };
    return;
  }
  const [, begin, stop] = body.tokens[body.at + 1];
  body.at += 2;
  if (body.kind(0) === S.INLINE_END) body.at += 1;
  else body.problem("unclosed field", start, "[", "] behind the field");
  body.field({ letter: body.text[start + 1], value: strip(body.text.slice(begin + 1, stop)), position: start + 1 }, INLINE_FIELDS);
}

export function chordEnd(body) {
  const { voice, chord } = body, start = body.tokens[body.at - 1][1], duration = body.length();
  body.chord = null;
  if (chord === null) body.problem("unopened chord", start, "]", "[ before it");
  else if (body.grace !== null) return;
  else if (chord.duration === null) body.problem("empty chord", chord.position, "[", "notes in the chord");
  else {
    const factor = duration / voice.unit;
    for (const inside of chord.notes) inside.duration *= factor;
    voice.sound(chord.notes, chord.duration * factor);
  }
}

export function grace(body, start) {
  if (body.grace !== null) body.problem("unclosed grace", body.grace, "{", "} before the bar or line ends");
  body.grace = start;
}

export function graceEnd(body, start) {
  if (body.grace === null) body.problem("unopened grace", start, "}", "{ before it");
  body.grace = null;
}

export function tie(body, start) {
  const { voice, chord } = body;
  if (body.grace !== null) return;
  const notes = chord !== null ? chord.notes.slice(-1) : (voice.last?.notes ?? []);
  for (const one of notes) {
    one.tied = true;
    voice.ties.set(one.step + one.octave, { alter: one.alter, position: one.position });
  }
  if (!notes.length || voice.bar === null) body.problem("tie", start, "-", "a note before it");
}

export function brokenRhythm(body, start, end) {
  if (body.grace !== null) return;
  const { voice } = body, signs = end - start;
  if (voice.last === null || voice.broken || body.chord !== null || signs > 3) {
    body.problem("broken rhythm", start, body.text.slice(start, end).slice(0, 20), "one to three signs between two notes");
    return;
  }
  if (voice.bar === null) body.problem("broken rhythm", start, "a bar line", "two notes of one bar");
  const short = 1 / 2 ** signs, [before, after] = body.text[start] === ">" ? [2 - short, short] : [short, 2 - short];
  voice.stretchLast(before);
  voice.broken = { before, after, position: start };
}

export function tuplet(body, start, end) {
  const { voice } = body, text = body.text.slice(start, end);
  const [p, q, r] = [...text.slice(text.indexOf("(") + 1).split(":"), "", ""];
  if ([p, q, r].some((part) => part.length > 2 || part === "0" || part === "00") || !(q || TUPLETS[+p] !== undefined)) {
    body.problem("malformed tuplet", start, text.slice(0, 20), "(2 to (9, or (p:q:r");
    return;
  }
  const notes = +p, time = +(q || TUPLETS[notes]) || (voice.meter.compound ? 3 : 2);
  if (voice.tuplet.left) body.problem("tuplet", start, "(", `${voice.tuplet.left} more notes in the tuplet before`);
  voice.tuplet = { factor: time / notes, left: +(r || notes), position: start };
}

export function slur(body, start) {
  body.voice.slurs.push(start);
}

export function slurEnd(body, start) {
  if (body.voice.slurs.pop() === undefined) body.problem("unopened slur", start, ")", "( before it");
}
