// Where a tune in canonical notation stands after each of its characters (charrnn/music/context.py, line by line).
import { readKey, readMeter, readUnit, strip } from "./fields.js";
import { STATES as S, advance } from "./lexer.js";
import { TABLES } from "./tables.js";

const { whole: WHOLE, places: PLACES, longest: LONGEST } = TABLES.inputs;
const { bars_back: BARS_BACK, most_units: MOST_UNITS, other_kind: OTHER_KIND, tuplets: TUPLETS } = TABLES.context;
const KINDS = new Map(Object.entries(TABLES.context.kinds));
const REPEAT = TABLES.context.repeat;
const NOTES = "ABCDEFGabcdefg";

// The state of one tune; `read` takes its next character. What each property means stands in the Python class.
export class Context {
  constructor() {
    this.inMusic = this.inValue = false;
    this.left = null;
    this.elapsed = this.bar = this.part = this.pickUp = 0;
    this.repeat = REPEAT.NONE;
    this.tonic = this.mode = this.meter = this.rhythm = this.field = "";
    this.degree = null;
    this.state = S.START;
    this.value = this.line = "";
    this.unit = WHOLE / 8;
    this.beat = 2;
    this.expected = null;
    this.factor = [1, 1];
    this.numerator = this.slashes = this.denominator = this.current = this.last = this.brokenSigns = 0;
    this.tuplet = [1, 1, 0];
    this.hasSound = false;
    this.first = BARS_BACK;
    this.beforeLine = [0, 0, BARS_BACK, false];
    this.ending = null;
    this.step = 0;
    this.followed = new Map();
    this.place = -1;
  }

  read(character) {
    if (this.place >= 0) this.followed.set(this.place, character);
    const before = this.state;
    this.state = advance(before, character);
    HANDLERS[this.state]?.(this, character, before);
    if (this.inMusic && this.expected !== null) {
      const left = (this.left = this.expected - this.elapsed - this.current);
      const place = left >= 0 ? Math.min(Math.ceil((left * PLACES) / WHOLE), LONGEST) : LONGEST + 1;
      this.place = (this.first + this.bar) * 8192 + place * 32 + (KINDS.get(character) ?? OTHER_KIND);
    }
  }

  // What followed at this place so many bars ago, behind a character of this kind; "" where nothing did.
  stood(bars) {
    return (this.place >= 0 && this.followed.get(this.place - bars * 8192)) || "";
  }

  finishSound() {
    this.elapsed += this.current;
    this.current = 0;
  }

  sounds() {
    const [top, bottom] = this.factor, upper = Math.min(this.numerator || 1, MOST_UNITS) * this.unit * top;
    this.current = Math.floor(upper / ((this.denominator || 2 ** Math.min(this.slashes, 8)) * bottom));
  }

  closeBar() {
    this.finishSound();
    this.tuplet = [1, 1, 0];
    this.brokenSigns = 0;
    if (this.elapsed) {
      if (this.bar || this.elapsed === this.expected) this.bar += 1;
      else this.pickUp = this.elapsed;
      this.elapsed = 0;
    }
  }

  endPart() {
    if (!this.hasSound) return;
    this.first += Math.max(this.bar, 1);
    this.part += 1;
    this.bar = this.pickUp = 0;
    this.hasSound = false;
  }
}

function letter(context, character, before) {
  beginField(context, character, before);
  sound(context, character, before);
}

function sound(context, character) {
  if (!context.inMusic || character === "," || character === "'") return;
  if (context.repeat === REPEAT.SECOND_DUE) context.repeat = REPEAT.NONE; // it did not come
  context.finishSound();
  const [notes, time, left] = context.tuplet;
  if (left) context.tuplet = [notes, time, left - 1];
  let [top, bottom] = left ? [time, notes] : [1, 1];
  const signs = Math.min(Math.abs(context.brokenSigns), 60); // beyond, a double counts no difference
  if (context.brokenSigns < 0) top *= 2 ** (signs + 1) - 1;
  bottom *= 2 ** signs;
  context.brokenSigns = 0;
  context.factor = [top, bottom];
  context.hasSound = true;
  context.numerator = context.slashes = context.denominator = 0;
  context.sounds();
  if (NOTES.includes(character)) context.degree = ("CDEFGAB".indexOf(character.toUpperCase()) - context.step + 7) % 7;
}

function numerator(context, character) {
  if (!context.current) return;
  context.numerator = Math.min(10 * context.numerator + +character, MOST_UNITS + 1);
  context.sounds();
}

function slash(context) {
  if (!context.current) return;
  context.slashes += 1;
  context.sounds();
}

function denominator(context, character) {
  if (!context.current) return;
  context.denominator = Math.min(10 * context.denominator + +character, MOST_UNITS);
  context.sounds();
}

function broken(context, character) {
  if (!context.brokenSigns) {
    context.last = context.current;
    context.finishSound();
  } else context.elapsed -= changed(context.last, context.brokenSigns);
  context.brokenSigns += character === ">" ? 1 : -1;
  context.elapsed += changed(context.last, context.brokenSigns);
}

function changed(grains, signs) {
  const part = Math.floor(grains / 2 ** Math.abs(signs));
  return signs > 0 ? grains - part : part - grains;
}

const more = (digit, number, goesOn) => +digit + (goesOn ? 10 * number : 0);

function tuplet(context, character, before) {
  const notes = more(character, context.tuplet[0], before === S.TUPLET);
  context.tuplet = [Math.max(notes, 1), TUPLETS[notes] || context.beat, notes];
}

function tupletTime(context, character, before) {
  const [notes, time, left] = context.tuplet;
  context.tuplet = [notes, Math.max(more(character, time, before === S.TUPLET_TIME), 1), left];
}

function tupletNotes(context, character, before) {
  const [notes, time, left] = context.tuplet;
  context.tuplet = [notes, time, more(character, left, before === S.TUPLET_NOTES)];
}

const LINES = [S.BAR, S.COLON, S.BRACKET, S.COLON_AT_LINE, S.DOT];

function barLine(context, character, before) {
  if (!context.inMusic) {
    context.inValue = context.state === S.COLON_AT_LINE;
    return;
  }
  if (!LINES.includes(before)) {
    context.line = "";
    context.closeBar();
    context.beforeLine = [context.bar, context.part, context.first, context.hasSound];
  }
  context.line += character;
  if (context.line.length > 1 || character === ":") {
    context.endPart();
    context.repeat = afterLine(context.line, context.repeat);
  }
}

function afterLine(line, before) {
  if (line.endsWith("|:") || line.endsWith("::")) return REPEAT.BEGUN;
  if (line.endsWith(":|")) return before === REPEAT.FIRST_ENDING ? REPEAT.SECOND_DUE : REPEAT.NONE;
  return line !== ":" && before > REPEAT.BEGUN ? REPEAT.NONE : before;
}

function ending(context, character, before) {
  if (!context.inMusic || before === S.ENDING_MORE) return;
  if (character === "1") {
    context.finishSound();
    if (before === S.BAR || before === S.COLON)
      [context.bar, context.part, context.first, context.hasSound] = context.beforeLine;
    context.ending = [context.bar, context.part, context.first, context.elapsed, context.pickUp];
    context.repeat = REPEAT.FIRST_ENDING;
  } else if (context.ending !== null) {
    context.repeat = REPEAT.SECOND_ENDING;
    [context.bar, context.part, context.first, context.elapsed, context.pickUp] = context.ending;
    context.current = 0;
    context.hasSound = true;
  }
}

function beginField(context, character) {
  context.field = character;
  context.inValue = false;
}

function value(context, character, before) {
  context.inValue = true;
  context.value = VALUES.includes(before) ? context.value + character : "";
  if (before === S.LINE_NOTE || before === S.LINE_REST) context.current = 0; // the letter was no note
}

function endOfField(context, character, before) {
  context.inValue = false;
  if (!VALUES.includes(before)) return;
  const text = strip(context.value);
  if (context.field === "K") {
    const key = readKey(text);
    if (key !== null) {
      context.tonic = key.tonic;
      context.mode = key.mode;
      context.step = Math.max("CDEFGAB".indexOf(key.tonic[0] ?? "C"), 0);
    }
    context.inMusic = true;
  } else if (context.field === "M") {
    const meter = readMeter(text);
    if (meter === null) return;
    context.meter = text;
    context.expected = meter.bar === null ? null : Math.floor((meter.beats * WHOLE) / meter.unit);
    context.beat = meter.compound ? 3 : 2;
    if (!context.inMusic) context.unit = WHOLE / (meter.bar !== null && meter.bar * 4 < 3 ? 16 : 8);
  } else if (context.field === "L") {
    const unit = readUnit(text);
    if (unit !== null) context.unit = Math.floor(WHOLE * unit);
  } else if (context.field === "R") context.rhythm = text;
}

const VALUES = [S.VALUE, S.VALUE_ESCAPE, S.INLINE_VALUE, S.INLINE_ESCAPE];
const HANDLERS = [];
for (const [handler, ...names] of [
  [letter, "LINE_NOTE", "LINE_REST", "INLINE_NOTE", "INLINE_REST"],
  [sound, "NOTE", "REST"],
  [beginField, "LINE_LETTER", "INLINE_LETTER", "LINE_UNUSED", "INLINE_UNUSED", "LINE_PLUS"],
  [value, "VALUE", "VALUE_ESCAPE", "INLINE_VALUE", "INLINE_ESCAPE"],
  [endOfField, "NEWLINE", "INLINE_END"],
  [numerator, "NUMERATOR"],
  [slash, "SLASH"],
  [denominator, "DENOMINATOR"],
  [broken, "SHORT_LONG", "LONG_SHORT"],
  [tuplet, "TUPLET"],
  [tupletTime, "TUPLET_TIME"],
  [tupletNotes, "TUPLET_NOTES"],
  [barLine, "BAR", "COLON", "COLON_AT_LINE"],
  [ending, "ENDING"],
])
  for (const name of names) HANDLERS[S[name]] = handler;
