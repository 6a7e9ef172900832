// What one voice remembers while its notes are read (charrnn/music/notation/voice.py).
import { same } from "./bars.js";
import { NO_METER } from "./fields.js";

export class Voice {
  constructor(name, { key, meter, unit, bars, problem, shift }) {
    Object.assign(this, { name, key, meter, unit, bars, problem });
    [this.eight, this.octave, this.transpose] = shift;
    this.hasUnit = false;
    this.time = 0;
    this.accidentals = new Map();
    this.last = null; // { notes, duration }
    this.broken = null; // { before, after, position }
    this.tuplet = { factor: 1, left: 0, position: 0 };
    this.ties = new Map(); // step and octave: { alter, position }
    this.slurs = [];
    this.graces = [];
    this.bar = null;
    this.index = -1;
    this.line = "";
    this.ending = [];
  }

  setClef(clef) {
    const octave = clef.octave === null ? this.octave - this.eight : clef.octave;
    if (clef.name !== null) this.eight = clef.eight ?? 0;
    this.octave = octave + this.eight;
    this.transpose = clef.transpose ?? this.transpose;
  }

  openBar(position) {
    if (this.bar === null) {
      if (this.meter === NO_METER && this.index < 0) this.problem("no meter", position, "music", "M: before it, perhaps M:none");
      this.index = this.bars.length;
      this.bar = {
        position, voice: this.name, onset: this.time, expected: this.meter.bar, opening: this.line, ending: this.ending,
        length: 0, closing: "", endsLine: false, kind: "free",
      };
      this.bars.push(this.bar);
      this.line = "";
      this.ending = [];
    }
    return this.index;
  }

  alter(step, octave) {
    return this.ties.get(step + octave)?.alter ?? this.accidentals.get(step) ?? this.key.alters[step] ?? 0;
  }

  // Place a note, a chord or, without notes, a rest at this time and let the time go on.
  sound(notes, duration) {
    let factor = 1;
    if (this.tuplet.left) {
      factor = this.tuplet.factor;
      this.tuplet.left -= 1;
    }
    if (this.broken && this.last) {
      const { before, after, position } = this.broken;
      if (!same(this.last.duration, duration * factor * before))
        this.problem("broken rhythm", position, "unequal lengths", "notes of one length");
      factor *= after;
      this.broken = null;
    }
    duration *= factor;
    stretch(notes, factor);
    for (const note of notes) note.onset = this.time;
    this.placeGraces();
    if (this.ties.size) this.untie(notes);
    this.time += duration;
    this.last = { notes, duration };
  }

  // Lengthen or shorten what sounded last, even if a bar line has come since.
  stretchLast(factor) {
    if (this.last === null) return;
    const more = this.last.duration * (factor - 1);
    stretch(this.last.notes, factor);
    this.last = { notes: this.last.notes, duration: this.last.duration * factor };
    this.time += more;
    if (this.bar === null) this.bars[this.index].length += more;
  }

  barLine(text) {
    this.accidentals.clear();
    if (text === ".|" && this.bar !== null && !this.isFull()) return;
    if (this.broken || this.tuplet.left) this.cross();
    if (this.bar === null) {
      this.line = `${this.line} ${text}`.trimStart();
      if (this.index >= 0) this.bars[this.index].closing = this.line;
    } else this.closeBar(text);
  }

  endLine() {
    if (this.bar !== null && this.isFull() && !this.broken && !this.tuplet.left) this.closeBar();
    if (this.bar === null && this.index >= 0) this.bars[this.index].endsLine = true;
  }

  closeBar(line = "") {
    if (this.bar === null) return;
    this.placeGraces();
    this.bar.length = this.elapsed();
    this.time = this.bar.onset + this.bar.length;
    this.bar.closing = this.line = line;
    this.bar = null;
  }

  overlay() {
    this.endFigures();
    this.last = null;
    if (this.bar === null) return;
    this.placeGraces();
    this.bar.length = this.elapsed();
    this.time = this.bar.onset;
  }

  finish() {
    this.endFigures();
    this.closeBar();
    this.placeGraces();
    this.untie([]);
    for (const position of this.slurs) this.problem("unclosed slur", position, "(", ")");
  }

  endFigures() {
    if (this.broken) {
      this.problem("broken rhythm", this.broken.position, "one note", "a note on both sides");
      this.stretchLast(1 / this.broken.before);
      this.broken = null;
    }
    if (this.tuplet.left) {
      this.problem("tuplet", this.tuplet.position, `${this.tuplet.left} notes too few`, "as many notes as it says");
      this.tuplet.left = 0;
    }
  }

  cross() {
    if (this.broken) this.problem("broken rhythm", this.broken.position, "a bar line", "two notes of one bar");
    if (this.tuplet.left) this.problem("tuplet", this.tuplet.position, "a bar line", "notes of one bar");
  }

  elapsed() {
    return Math.max(this.bar.length, this.time - this.bar.onset);
  }

  isFull() {
    return this.bar.expected !== null && same(this.elapsed(), this.bar.expected);
  }

  placeGraces() {
    for (const note of this.graces) note.onset = this.time;
    this.graces = [];
  }

  untie(notes) {
    for (const note of notes) this.ties.delete(note.step + note.octave);
    for (const position of new Set([...this.ties.values()].map((tie) => tie.position)))
      this.problem("tie", position, "-", "the same note next");
    this.ties.clear();
  }
}

function stretch(notes, factor) {
  for (const note of notes) note.duration *= factor;
}
