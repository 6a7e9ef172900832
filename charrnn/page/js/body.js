// The body of a tune: every token to its handler (charrnn/music/notation/body.py, notes.py, figures.py, signs.py).
import { ALTERS, CLEF_ONLY, NO_METER, defaultUnit, illegal, readClef, strip } from "./fields.js";
import { BODY_FIELDS, INLINE_FIELDS, VALUES, inForce, isRead, misplaced, readValue } from "./header.js";
import { STATES as S } from "./lexer.js";
import { TABLES } from "./tables.js";
import { Voice } from "./voice.js";

export const SEMITONES = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };
const MOST_UNITS = 999, SHORTEST = 256, MOST_DECORATIONS = 20;
const TUPLETS = TABLES.context.tuplets, NAVIGATION = TABLES.reading.navigation;
const ENDS = [S.NEWLINE, S.RETURN];
const SOUNDING = [S.NOTE, S.REST, S.BRACKET];
const BEFORE_NOTE = [S.SPACE, S.DOT, S.DECORATION, S.BANG_END, S.PLUS_END, S.SHARP, S.FLAT, S.ACCIDENTAL, S.IGNORED];
const DECORATED = [S.NOTE, S.REST, S.BRACKET, S.SLUR, S.TUPLET, S.GRACE, S.GRACE_SLASH, S.DOT, S.QUOTE_END, S.BANG_END, S.PLUS_END];

// Partition at the first blank, as Python does.
function partition(text, sign) {
  const at = text.indexOf(sign);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + sign.length)];
}

export class Body {
  constructor(text, tokens, header, problem) {
    Object.assign(this, { text, tokens, header, problem, at: header.tokens });
    this.over = text.length - (text.length - strip(`.${text}`).length + 1);
    this.fields = [...header.fields];
    this.notes = [];
    this.bars = [];
    Object.assign(this, inForce(header)); // key, meter, unit of voices that are yet to begin
    this.shift = [0, 0, 0];
    this.properties = new Map();
    for (const { letter, value } of header.fields)
      if (letter === "V") {
        const [name, properties] = partition(value, " ");
        this.properties.set(name, readClef(properties));
      }
    this.voices = new Map();
    this.named = false;
    this.voice = this.voiceOf(this.properties.size === 1 ? [...this.properties.keys()][0] : "");
    for (const field of header.fields) if (field.letter === "K") this.setClef(readClef(field.value));
    this.chord = null; // { position, notes, duration }
    this.grace = null;
    this.decorations = new Map(Object.entries(TABLES.reading.decorations));
    for (const field of header.fields) if (field.letter === "U") this.define(field.value);
  }

  read() {
    while (this.at < this.tokens.length) {
      const [kind, start, end] = this.tokens[this.at];
      this.at += 1;
      HANDLERS[kind]?.(this, start, end);
    }
    this.close();
    for (const voice of this.voices.values()) voice.finish();
  }

  define(value) {
    const [letter, name] = partition(value, "=");
    this.decorations.set(strip(letter).slice(0, 1), strip(name).replace(/^[!+]+|[!+]+$/g, ""));
  }

  voiceOf(name) {
    if (!this.voices.has(name)) {
      const voice = new Voice(name, this);
      this.voices.set(name, voice);
      if (this.properties.has(name)) voice.setClef(this.properties.get(name));
    }
    return this.voices.get(name);
  }

  setClef(clef) {
    this.voice.setClef(clef);
    if (!this.named) this.shift = [this.voice.eight, this.voice.octave, this.voice.transpose];
  }

  turnTo(name) {
    const before = this.voice;
    if (!this.named && before.name === "" && !this.voices.has(name)) {
      this.voices.delete("");
      if (this.bars.length) {
        before.name = name;
        this.voices.set(name, before);
        for (const one of [...this.notes, ...this.bars]) one.voice = name;
      }
    }
    this.named = true;
    this.voice = this.voiceOf(name);
  }

  kind(ahead) {
    const at = this.at + ahead;
    return at < this.tokens.length ? this.tokens.at(at)[0] : S.NEWLINE;
  }

  length() {
    const [kind, start, end] = this.tokens[this.at] ?? [S.NEWLINE, 0, 0];
    if (kind < S.NUMERATOR || kind > S.DENOMINATOR) return this.voice.unit;
    this.at += 1;
    const written = this.text.slice(start, end), factor = multiple(written);
    if (factor !== null) return factor * this.voice.unit;
    this.problem("length", start, written.slice(0, 20), `up to ${MOST_UNITS} units, or down to 1/${SHORTEST} of one`);
    return this.voice.unit;
  }

  close() {
    if (this.grace !== null) {
      this.problem("unclosed grace", this.grace, "{", "} before the bar or line ends");
      this.grace = null;
    }
    this.closeChord();
  }

  closeChord() {
    if (this.chord === null) return;
    const { position, notes, duration } = this.chord;
    this.problem("unclosed chord", position, "[", "] before the bar or line ends");
    this.chord = null;
    if (duration !== null) this.voice.sound(notes, duration);
  }

  field(field, allowed) {
    this.fields.push(field);
    if (field.letter === "X") this.problem("second number", field.position, "X:", "one X: a tune");
    else if (!misplaced(field, allowed, this.problem)) {
      const kind = illegal(field, false);
      if (kind) this.problem(kind, field.position, field.value.slice(0, 20), "another value");
    }
    if (isRead(field.letter)) {
      const value = readValue(field, this.problem);
      if (value === NO_METER && this.bars.length) this.problem("no meter", field.position, "M:", "M: with a meter, perhaps M:none");
      if (value !== null && value !== CLEF_ONLY) this.change({ K: "key", M: "meter", L: "unit" }[field.letter], value);
      if (field.letter === "K") this.setClef(readClef(field.value));
    } else if (field.letter === "V" && field.value) {
      const [name, properties] = partition(field.value, " ");
      this.turnTo(strip(name));
      this.voice.setClef(readClef(properties));
    } else if (field.letter === "U") this.define(field.value);
  }

  change(name, value) {
    const voice = this.voice;
    if (name === "meter" && voice.meter === NO_METER && voice.index < 0 && !(this.header.unit || voice.hasUnit))
      voice.unit = defaultUnit(value);
    voice[name] = value;
    if (!this.bars.length) this.header[name] = value;
    voice.hasUnit ||= name === "unit";
    if (!this.named) Object.assign(this, { key: voice.key, meter: voice.meter, unit: voice.unit });
  }
}

// The length behind a note in unit note lengths, 3/2 or //; null where there is no such.
function multiple(text) {
  const [, units, slashes, parts] = /^([0-9]*)(\/*)([0-9]*)$/.exec(text);
  if (Math.max(units.length, slashes.length, parts.length) > 8 || (parts && slashes.length > 1)) return null;
  const upper = +(units || 1), lower = +(parts || 2 ** slashes.length);
  return upper > 0 && upper <= MOST_UNITS && lower > 0 && lower <= SHORTEST ? upper / lower : null;
}

function note(body, start, end) {
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

function rest(body, start) {
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

function spacer(body) {
  body.length();
}

function bracket(body, start) {
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

function chordEnd(body) {
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

function grace(body, start) {
  if (body.grace !== null) body.problem("unclosed grace", body.grace, "{", "} before the bar or line ends");
  body.grace = start;
}

function graceEnd(body, start) {
  if (body.grace === null) body.problem("unopened grace", start, "}", "{ before it");
  body.grace = null;
}

function tie(body, start) {
  const { voice, chord } = body;
  if (body.grace !== null) return;
  const notes = chord !== null ? chord.notes.slice(-1) : (voice.last?.notes ?? []);
  for (const one of notes) {
    one.tied = true;
    voice.ties.set(one.step + one.octave, { alter: one.alter, position: one.position });
  }
  if (!notes.length || voice.bar === null) body.problem("tie", start, "-", "a note before it");
}

function brokenRhythm(body, start, end) {
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

function tuplet(body, start, end) {
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

function slur(body, start) {
  body.voice.slurs.push(start);
}

function slurEnd(body, start) {
  if (body.voice.slurs.pop() === undefined) body.problem("unopened slur", start, ")", "( before it");
}

function barLine(body, start, end) {
  body.close();
  body.voice.barLine(body.text.slice(start, end));
}

function colon(body, start, end) {
  if (body.kind(0) === S.BAR) {
    barLine(body, start, body.tokens[body.at][2]);
    body.at += 1;
  } else junk(body, start, end);
}

function ending(body, start, end) {
  body.close();
  const text = body.text.slice(start, end).replace(/^\[+/, ""), passes = new Set();
  for (const part of text.split(",")) {
    const [first, last] = partition(part, "-");
    if (first.length !== 1 || last.length !== +part.includes("-") || first === "0") {
      passes.clear();
      break;
    }
    for (let pass = +first; pass <= +(last || first); pass++) passes.add(pass);
  }
  if (!passes.size) body.problem("ending", start, text.slice(0, 20), "numbers up to 9, as in 1 or 1,3 or 1-3");
  else {
    body.voice.closeBar();
    body.voice.ending = [...passes].sort();
  }
}

function overlay(body) {
  body.close();
  body.voice.overlay();
}

function decoration(body, start, end) {
  const letter = body.text[start], name = body.decorations.get(letter);
  if (name) {
    if (!NAVIGATION.includes(name) && !SOUNDING.includes(body.kind(0)) && !precedesNote(body))
      body.problem("decoration order", start, letter, "a note, rest or chord behind it");
    return;
  }
  const follows = body.kind(0);
  if (DECORATED.includes(follows) || (follows === S.DECORATION && body.decorations.has(body.text[end])))
    body.problem("unknown decoration", start, letter, "a letter that U: defines");
  else junk(body, start, end);
}

function precedesNote(body) {
  let ahead = 0;
  while (ahead < MOST_DECORATIONS && BEFORE_NOTE.includes(body.kind(ahead))) ahead += 1;
  return SOUNDING.includes(body.kind(ahead));
}

function namedDecoration(body, start, end) {
  if (end - start === 2) body.problem("unclosed decoration", start, body.text.slice(start, end), "a name between the signs");
}

function openDecoration(body, start) {
  const sign = body.text[start];
  if (sign !== "!" || ![...ENDS, S.COMMENT].includes(body.kind(0)))
    body.problem("unclosed decoration", start, sign, `a name and ${sign}`);
}

function openQuote(body, start) {
  body.problem("unclosed quote", start, '"', 'text and " on this line');
}

function endOfLine(body, start, end) {
  body.close();
  if (!isContinued(body)) body.voice.endLine();
  let before = body.at - 2;
  while (before >= 0 && body.tokens[before][0] === S.SPACE) before -= 1;
  if (before >= 0 && ENDS.includes(body.tokens[before][0]) && end < body.over)
    body.problem("blank line", start, "a blank line", "the tune to go on, since a blank line ends it");
}

function isContinued(body) {
  let before = body.at - 2;
  while (before >= 0 && [S.SPACE, S.COMMENT].includes(body.tokens[before][0])) before -= 1;
  return before >= 0 && body.tokens[before][0] === S.BACKSLASH;
}

function backslash(body, start, end) {
  const ahead = body.kind(0) === S.SPACE ? 1 : 0;
  if (![...ENDS, S.COMMENT].includes(body.kind(ahead))) junk(body, start, end);
}

function junk(body, start, end) {
  body.problem("junk", start, body.text.slice(start, end).slice(0, 20), "music or a sign of the standard");
}

// A letter that begins a line, or follows [, names a field if a colon comes next; else it is music.
const letter = (plain) => (body, start, end) => {
  if (!VALUES.includes(body.kind(0))) return plain(body, start, end);
  const [, begin, stop] = body.tokens[body.at];
  body.at += 1;
  return body.field({ letter: body.text[start], value: strip(body.text.slice(begin + 1, stop)), position: start }, BODY_FIELDS);
};

const HANDLERS = [];
for (const [handler, ...names] of [
  [note, "NOTE"], [rest, "REST"], [spacer, "SPACER"], [bracket, "BRACKET"], [chordEnd, "CHORD_END"],
  [grace, "GRACE", "GRACE_SLASH"], [graceEnd, "GRACE_END"],
  [tie, "TIE"], [brokenRhythm, "SHORT_LONG", "LONG_SHORT"], [slur, "SLUR"], [slurEnd, "SLUR_END"],
  [tuplet, "TUPLET", "TUPLET_COLON", "TUPLET_TIME", "TUPLET_COLONS", "TUPLET_NOTES"],
  [barLine, "BAR"], [colon, "COLON"], [ending, "ENDING", "ENDING_MORE"], [overlay, "OVERLAY"],
  [decoration, "DECORATION"], [namedDecoration, "BANG_END", "PLUS_END"], [openDecoration, "BANG", "PLUS"],
  [openQuote, "QUOTE"], [endOfLine, "NEWLINE", "RETURN"], [backslash, "BACKSLASH"],
  [junk, "SHARP", "FLAT", "ACCIDENTAL", "JUNK", "COLON_AT_LINE"],
  [letter(note), "LINE_NOTE", "INLINE_NOTE"], [letter(rest), "LINE_REST", "INLINE_REST"],
  [letter(spacer), "LINE_SPACER", "INLINE_SPACER"], [letter(decoration), "LINE_LETTER", "INLINE_LETTER"],
  [letter(junk), "LINE_UNUSED", "INLINE_UNUSED"], [letter(openDecoration), "LINE_PLUS"],
])
  for (const name of names) HANDLERS[S[name]] = handler;
