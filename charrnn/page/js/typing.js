// Own bars: typed as ABC or played on a keyboard, and brought to the notation that the network reads.
import { divides, same } from "./bars.js";
import { SEMITONES } from "./notes.js";
import { Context } from "./context.js";
import { byId, button, make } from "./dom.js";
import { readKey } from "./fields.js";
import { SIGNS, named } from "./keys.js";
import { STATES as S, tokens } from "./lexer.js";
import { read } from "./reading.js";
import { TABLES } from "./tables.js";

const KEPT = ["NOTE", "LINE_NOTE", "REST", "LINE_REST", "NUMERATOR", "SLASH", "DENOMINATOR", "TUPLET", "TUPLET_TIME", "TUPLET_NOTES", "TIE", "SHORT_LONG", "LONG_SHORT", "BAR", "ENDING"];
const DROPPED = ["SPACE", "NEWLINE", "QUOTE_END", "BANG_END", "PLUS_END", "DECORATION", "DOT", "SLUR", "SLUR_END", "IGNORED"];
const BEGINNING = ["NOTE", "LINE_NOTE", "REST", "LINE_REST", "TUPLET", "TUPLET_TIME", "TUPLET_NOTES"], WHOLE = TABLES.inputs.whole;
const [KEEP, DROP, BEGINS] = [KEPT, DROPPED, BEGINNING].map((names) => new Set(names.map((name) => S[name])));

// How far a beam goes, in whole notes: half a bar of C and C|, three eighths of 6/8, a beat of others.
function beam({ bar, beat, compound }) {
  if (bar === 1 && !compound) return 0.5;
  return same(bar ?? 0, 3 / 8) ? bar : Math.max(beat ?? 0.25, 0.25);
}

// Bars behind `head`, a header that ends with K:, in canonical notation: { bars } or { refusal } as a sentence.
export function canonicalBars(head, typed) {
  const text = head + typed.trim(), reading = read(text), { bars } = reading, { key, meter } = reading.header;
  const wrong = reading.problems.find(({ kind }) => kind !== "repeat" && kind !== "ending");
  if (wrong?.kind === "bar length") return { refusal: `Bar ${bars.findIndex((bar) => bar.position === wrong.position) + 1} is not as long as the meter.` };
  if (wrong) return { refusal: `Your bars cannot be read (${wrong.kind}): expected ${wrong.expected}.` };
  const notes = new Map(reading.notes.map((note) => [note.position, note])), every = beam(meter), context = new Context();
  let found = "", accidentals = {}, tie = null, inLine = 0;
  const write = (piece) => {
    for (const character of piece) context.read(character);
    found += piece;
  };
  write(head);
  for (const [kind, start, end] of tokens(text)) {
    if (start < head.length || DROP.has(kind)) continue;
    const written = text.slice(start, end), note = notes.get(start);
    if (!KEEP.has(kind) || note?.grace) return { refusal: `The network reads no “${written}”: leave it out of your bars.` };
    const bar = bars.findLast(({ position }) => (BEGINS.has(kind) ? position <= end : position < start));
    if (BEGINS.has(kind)) {
      const missing = bar.length < meter.bar && (bar === bars[0] || divides(bar.opening)) && bars.length > 1 ? meter.bar - bar.length : 0;
      const here = (context.elapsed + context.current) / WHOLE, beats = (here + missing) / every;
      if (here && !context.tuplet[2] && !/[<>]$/.test(found) && same(beats, Math.round(beats))) write(" ");
    }
    if (note) {
      const implied = tie?.step === note.step && tie.octave === note.octave ? tie.alter : (accidentals[note.step] ?? key.alters[note.step] ?? 0);
      write((note.alter === implied ? "" : SIGNS.get(note.alter)) + named(note.step, note.octave));
      if (note.alter !== implied) accidentals[note.step] = note.alter;
      tie = note.tied ? note : null;
    } else if (kind === S.BAR) {
      accidentals = {};
      inLine += +(bar && (inLine > 0 || same(bar.length, meter.bar)));
      const isBefore = /^\s*\[?[1-9]/.test(text.slice(end)), isPart = divides(written) && !isBefore, isOver = inLine >= 4 && written === "|" && !isBefore;
      const opens = /^(.*?)(\|:+)$/.exec(written), isFirst = found.length === head.length;
      if (opens && !isFirst) write(`${opens[1]}${found.endsWith("\n") ? "" : "\n"}${opens[2]}`);
      else write(written + ((isPart || isOver) && !isFirst && end < text.length ? "\n" : ""));
      if (isOver || isPart) inLine = 0;
    } else write(kind === S.ENDING ? `${written} ` : kind === S.SLASH && written === "//" ? "/4" : written);
  }
  return { bars: found.slice(head.length).replace(/(?<=[A-Ga-gz,'])1(?![0-9])|(?<=\/)2(?![0-9])(?<![0-9]\/2)/g, "") };
}

// A key that is pressed, as ABC in this key: with an accidental where the signature does not say it.
export function spelled(pitch, key) {
  const octave = Math.floor(pitch / 12) - 1, alters = key?.alters ?? {}, inKey = (step) => (((SEMITONES[step] + (alters[step] ?? 0) - pitch) % 12) + 12) % 12 === 0;
  const own = [..."CDEFGAB"].find(inKey), isFlat = Object.values(alters).includes(-1);
  const step = own ?? [..."CDEFGAB"].find((one) => SEMITONES[one] === pitch % 12)
    ?? [..."CDEFGAB"].find((one) => SEMITONES[one] === (pitch + (isFlat ? 1 : 11)) % 12);
  const alter = pitch - 12 * (octave + 1) - SEMITONES[step], near = alter > 6 ? alter - 12 : alter < -6 ? alter + 12 : alter;
  return (own ? "" : SIGNS.get(near)) + named(step, octave + (alter > 6 ? 1 : alter < -6 ? -1 : 0));
}

// Two octaves of keys below the text of own bars; `sound(pitch)` lets one hear them.
export function drawPiano(element, sound) {
  const field = byId("bars"), names = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];
  const length = make("select", { ariaLabel: "Length of the next notes" }, ...["", "2", "3", "4", "6", "8", "/"].map((value) => make("option", { value, textContent: { "": "1 unit", "/": "1/2 unit" }[value] ?? `${value} units` })));
  const add = (text) => { field.value += text; };
  const keys = Array.from({ length: 25 }, (_, i) => 60 + i).map((pitch) => button(names[pitch % 12].length > 1 ? "" : names[pitch % 12], () => {
    add(spelled(pitch, readKey(byId("key").value)) + length.value);
    sound(pitch);
  }, { ariaLabel: `${names[pitch % 12]}${Math.floor(pitch / 12) - 1}`, className: names[pitch % 12].length > 1 ? "black" : "" }));
  element.append(
    make("div", { className: "keys" }, ...keys),
    make("div", { className: "buttons" }, length, button("Rest", () => add(`z${length.value}`)), button("Bar line", () => add("|")),
      button("Undo", () => { field.value = field.value.replace(/(?:[\^_=]*[A-Ga-gz][,']*[\d/]*|.)\s*$/, ""); })),
  );
}
