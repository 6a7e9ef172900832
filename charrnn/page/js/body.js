// The body of a tune: every token to its handler (charrnn/music/notation/body.py, reader.py).
import { CLEF_ONLY, NO_METER, defaultUnit, illegal, partition, readClef, strip } from "./fields.js";
import { BODY_FIELDS, VALUES, inForce, isRead, misplaced, readValue } from "./header.js";
import { STATES as S } from "./lexer.js";
import * as notes from "./notes.js";
import * as signs from "./signs.js";
import { TABLES } from "./tables.js";
import { Voice } from "./voice.js";

const MOST_UNITS = 999, SHORTEST = 256; // of a length

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

// A letter that begins a line, or follows [, names a field if a colon comes next; else it is music.
const letter = (plain) => (body, start, end) => {
  if (!VALUES.includes(body.kind(0))) return plain(body, start, end);
  const [, begin, stop] = body.tokens[body.at];
  body.at += 1;
  return body.field({ letter: body.text[start], value: strip(body.text.slice(begin + 1, stop)), position: start }, BODY_FIELDS);
};

const HANDLERS = [];
for (const [handler, ...names] of [
  [notes.note, "NOTE"], [notes.rest, "REST"], [notes.spacer, "SPACER"], [notes.bracket, "BRACKET"], [notes.chordEnd, "CHORD_END"],
  [notes.grace, "GRACE", "GRACE_SLASH"], [notes.graceEnd, "GRACE_END"],
  [notes.tie, "TIE"], [notes.brokenRhythm, "SHORT_LONG", "LONG_SHORT"], [notes.slur, "SLUR"], [notes.slurEnd, "SLUR_END"],
  [notes.tuplet, "TUPLET", "TUPLET_COLON", "TUPLET_TIME", "TUPLET_COLONS", "TUPLET_NOTES"],
  [signs.barLine, "BAR"], [signs.colon, "COLON"], [signs.ending, "ENDING", "ENDING_MORE"], [signs.overlay, "OVERLAY"],
  [signs.decoration, "DECORATION"], [signs.namedDecoration, "BANG_END", "PLUS_END"], [signs.openDecoration, "BANG", "PLUS"],
  [signs.openQuote, "QUOTE"], [signs.endOfLine, "NEWLINE", "RETURN"], [signs.backslash, "BACKSLASH"],
  [signs.junk, "SHARP", "FLAT", "ACCIDENTAL", "JUNK", "COLON_AT_LINE"],
  [letter(notes.note), "LINE_NOTE", "INLINE_NOTE"], [letter(notes.rest), "LINE_REST", "INLINE_REST"],
  [letter(notes.spacer), "LINE_SPACER", "INLINE_SPACER"], [letter(signs.decoration), "LINE_LETTER", "INLINE_LETTER"],
  [letter(signs.junk), "LINE_UNUSED", "INLINE_UNUSED"], [letter(signs.openDecoration), "LINE_PLUS"],
])
  for (const name of names) HANDLERS[S[name]] = handler;
