// The score of a tune, by abcjs: it draws what our text says; what sounds is our own reading.
import renderAbc from "abcjs/src/api/abc_tunebook_svg.js";
import { STATES as S, tokens } from "./lexer.js";

const MOST_NOTES = 1500; // drawn in about a second

// What abcjs takes for orders to itself, some of which it never returns from, as comments: positions stay.
const harmless = (text) => text.replace(/^(?:%|I:).*$/gm, (line) => `%${" ".repeat(line.length - 1)}`)
  .replace(/\[I:[^\]\n]*\]?/g, (field) => " ".repeat(field.length));

// Where a line of two bars may end, for a narrow screen.
function lineEnds({ text, bars: [first] }) {
  const ends = [], split = tokens(text);
  let bars = first.kind === "pick-up" ? -1 : 0, hasNotes = false;
  split.forEach(([kind, , end], i) => {
    hasNotes ||= kind === S.NOTE || kind === S.LINE_NOTE;
    if (kind === S.NEWLINE) bars = 0;
    if (kind !== S.BAR || !hasNotes) return;
    bars += 1;
    hasNotes = false;
    if (bars < 2 || [S.ENDING, S.NEWLINE, S.BAR, undefined].includes(split[i + 1]?.[0])) return;
    ends.push(end);
    bars = 0;
  });
  return ends;
}

// abcjs computes NaN where the text is no music, and browsers complain of it on the console: such values are left out.
function withoutNaN(draw) {
  for (const name of ["setAttribute", "setAttributeNS"])
    SVGElement.prototype[name] = function (...values) {
      if (!String(values.at(-1)).includes("NaN")) Element.prototype[name].apply(this, values);
    };
  try {
    return draw();
  } finally {
    delete SVGElement.prototype.setAttribute;
    delete SVGElement.prototype.setAttributeNS;
  }
}

// Draw into `element`; an object whose `mark(notes)` shows the notes of our reading that sound, or null without a score.
export function engrave(element, reading) {
  const paper = document.createElement("div"), width = Math.max(280, element.clientWidth), isNarrow = width < 600;
  element.replaceChildren(paper);
  if (!reading.notes.length || reading.notes.length > MOST_NOTES) {
    element.textContent = reading.notes.length ? "Too many notes for a score." : "";
    return null;
  }
  const ends = isNarrow ? lineEnds(reading) : [], text = harmless(reading.text);
  const lines = [0, ...ends].map((begin, i) => text.slice(begin, ends[i])).join("\n");
  const moved = (position) => position + ends.filter((end) => end <= position).length;
  let drawn;
  try {
    [drawn] = withoutNaN(() => renderAbc(paper, lines, {
      add_classes: true,
      staffwidth: width - 30,
      paddingleft: 0,
      paddingright: 0,
      paddingtop: 0,
      scale: isNarrow ? 0.75 : 0.95,
      responsive: "resize",
      format: { titlefont: `serif ${isNarrow ? 14 : 20}` },
    }));
  } catch (error) {
    element.textContent = `No score: ${error.message}`;
    return null;
  }
  const elements = [];
  for (const line of drawn.lines)
    for (const staff of line.staff ?? [])
      for (const one of staff.voices.flat())
        if (one.el_type === "note" && one.abselem?.elemset) elements.push([one.startChar, one.endChar, one.abselem.elemset]);
  elements.sort((a, b) => a[0] - b[0]);
  let marked = [];
  return {
    elements,
    mark(notes) {
      for (const one of marked) one.classList.remove("sounding");
      marked = notes.flatMap(({ position, chord }) => {
        const at = moved(chord ?? position);
        return elements.find(([start, end]) => start <= at && at < end)?.[2] ?? [];
      });
      for (const one of marked) one.classList.add("sounding");
    },
  };
}

// The picture as a file of its own, black on nothing.
export function svgText(element) {
  const svg = element.querySelector("svg")?.cloneNode(true);
  if (!svg) return null;
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  svg.setAttribute("color", "black");
  return new XMLSerializer().serializeToString(svg);
}
