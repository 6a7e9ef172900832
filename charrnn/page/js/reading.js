// Read a tune: notes, bars, problems, and whether it is well-formed (charrnn/music/notation/reading.py).
import { judge } from "./bars.js";
import { Body } from "./body.js";
import { readHeader } from "./header.js";
import { tokens } from "./lexer.js";
import { TABLES } from "./tables.js";

const ENOUGH_NOTES = 16, ENOUGH_BARS_FIT = 0.9, LONGEST = 50000;
const { faults: FAULTS, strict: STRICT } = TABLES.reading;
const BLANKS = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u00ad\u200b\u200c\u200d\u2060\ufeff]/g;
const BLOCK = /^%%[ \t]*begin([a-z]+)\b[^\n\r]*(?:[\n\r]+(?!%%[ \t]*end\1\b)[^\n\r]*)*([\n\r]+%%[ \t]*end\1\b[^\n\r]*)?/gm;

// As a composed tune is judged: it needs a meter, enough notes, repeats that are closed, a header of fields alone.
export function read(text) {
  const problems = [], problem = (kind, position, found, expected) => problems.push({ kind, position, found, expected });
  if (text.length > LONGEST) problem("too long", LONGEST, `${text.length} characters`, `up to ${LONGEST}`);
  const clean = text.slice(0, LONGEST).replace(BLANKS, " ").replace(BLOCK, (block, what, end, at) => {
    if (end === undefined) problem("unclosed block", at, block.slice(0, 20), `%%end${what} behind it`);
    return "%".repeat(block.length);
  });
  const split = tokens(clean), body = new Body(clean, split, readHeader(clean, split, problem), problem);
  body.read();
  for (const voice of new Set(body.bars.map((bar) => bar.voice)))
    problems.push(...judge(body.bars.filter((bar) => bar.voice === voice)));
  problems.sort((a, b) => a.position - b.position);
  const { header, fields, notes, bars } = body;
  const faults = found(problems, notes, bars);
  return { text: clean, header, fields, notes, bars, problems, faults, wellFormed: !faults.length };
}

function found(problems, notes, bars) {
  const kinds = new Set(problems.map((problem) => problem.kind));
  const named = [...Object.entries(FAULTS), ...Object.entries(STRICT)]
    .filter(([, ofKinds]) => ofKinds.some((kind) => kinds.has(kind))).map(([name]) => name);
  const count = (kind) => bars.filter((bar) => bar.kind === kind).length, full = count("full"), wrong = count("wrong");
  if (notes.length < ENOUGH_NOTES) named.push("few notes");
  const isWrong = full + wrong ? full / (full + wrong) < ENOUGH_BARS_FIT : bars.some((bar) => bar.kind !== "free");
  if (isWrong) named.push("bar fit");
  return [...new Set(named)];
}
