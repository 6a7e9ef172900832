// The fields before the music (charrnn/music/notation/header.py).
import { FREE, NO_KEY, NO_METER, defaultUnit, illegal, readBeginning, readKey, readMeter, readUnit, strip } from "./fields.js";
import { STATES as S } from "./lexer.js";
import { TABLES } from "./tables.js";

export const { header: HEADER_FIELDS, body: BODY_FIELDS, inline: INLINE_FIELDS } = TABLES.reading;
export const VALUES = [S.VALUE, S.VALUE_ESCAPE, S.COLON_AT_LINE];
const ENDS = [S.NEWLINE, S.RETURN], BETWEEN = [...ENDS, S.SPACE, S.COMMENT];
const READERS = {
  K: [readKey, "key", "a key, such as Gm"],
  M: [readMeter, "meter", "a meter, such as 6/8"],
  L: [readUnit, "unit length", "1 or 1/2, 1/4 … 1/512"],
};

// `fields`, `title`, `key`, `meter`, `unit` (null where missing or not legal); `tokens`: how many belong to it.
export function readHeader(text, tokens, problem) {
  const [fields, at, inLines] = headerLines(text, tokens);
  for (const found of inLines) problem(...found);
  const end = at < tokens.length ? tokens[at][1] : text.length;
  for (const field of fields) misplaced(field, HEADER_FIELDS, problem);
  for (const field of fields) {
    const kind = illegal(field, true);
    if (kind) problem(kind, field.position, field.value.slice(0, 20), "another value");
  }
  const read = {}, first = (letter) => fields.find((field) => field.letter === letter);
  for (const field of fields) {
    if (!(field.letter in READERS)) continue;
    const value = readValue(field, problem);
    if (value !== null) read[field.letter] = value;
  }
  missing(fields, first, end, problem);
  return { fields, title: first("T")?.value ?? "", key: read.K ?? null, meter: read.M ?? null, unit: read.L ?? null, tokens: at, end };
}

// Key, meter and unit length that the music begins with.
export function inForce(header) {
  const meter = header.meter ?? (header.fields.some((field) => field.letter === "M") ? FREE : NO_METER);
  return { key: header.key ?? NO_KEY, meter, unit: header.unit ?? defaultUnit(meter) };
}

function headerLines(text, tokens) {
  const fields = [], problems = [];
  let first = null, at = 0;
  while (at < tokens.length) {
    const kind = tokens[at][0];
    if (at + 1 < tokens.length && VALUES.includes(tokens[at + 1][0])) {
      const [, start, end] = tokens[at + 1];
      fields.push({ letter: text[tokens[at][1]], value: strip(text.slice(start + 1, end)), position: tokens[at][1] });
      at += 2;
      if (fields.at(-1).letter === "K") return [fields, at, problems];
    } else if (BETWEEN.includes(kind) && !(kind === S.SPACE && spacedField(text, tokens[at][1]))) {
      // A token before the first one is, as in Python, the last one.
      if (fields.length && ENDS.includes(kind) && ENDS.includes(tokens.at(at - 1)[0])) {
        if (first !== null) break;
        problems.push(["blank line", tokens[at][1], "a blank line", "the header to go on, since it ends the tune"]);
      }
      at += 1;
    } else {
      let over = at;
      while (over < tokens.length && !ENDS.includes(tokens[over][0])) over += 1;
      const start = tokens[at][1], field = spacedField(text, start);
      if (!field && tokens.slice(at, over).some(([state]) => state === S.BAR)) break;
      first ??= [at, fields.length];
      const line = text.slice(start, tokens[over - 1][2]);
      problems.push(["header line", start, line.slice(0, 20), "a field: a letter and a colon"]);
      if (field) {
        fields.push(field);
        if (field.letter === "K") return [fields, over, problems];
      }
      at = over;
    }
  }
  return first === null ? [fields, at, problems] : [fields.slice(0, first[1]), first[0], []];
}

const SPACED = /[ \t]*([A-Za-z])[ \t]*:(?![|:])([^\n\r%]*)/y;

function spacedField(text, start) {
  SPACED.lastIndex = start;
  const match = SPACED.exec(text);
  if (!match || !HEADER_FIELDS.includes(match[1]) || (start && !"\n\r".includes(text[start - 1]))) return null;
  return { letter: match[1], value: strip(match[2]), position: start + match[0].indexOf(match[1]) };
}

export const isRead = (letter) => letter in READERS;

export function readValue(field, problem) {
  const [reader, kind, expected] = READERS[field.letter], value = reader(field.value);
  if (value !== null) return value;
  problem(kind, field.position, field.value.slice(0, 20), expected);
  return field.letter === "K" ? readBeginning(field.value)[0] : null;
}

// Name a field that is not one of `allowed` where it stands; whether it is one.
export function misplaced({ letter, position }, allowed, problem) {
  if (allowed.includes(letter)) return false;
  if ((HEADER_FIELDS + BODY_FIELDS).includes(letter)) problem("misplaced field", position, `${letter}:`, `one of ${[...allowed].join(" ")}`);
  else if (allowed === BODY_FIELDS && "ABCDEFGabcdefgxyz".includes(letter)) problem("junk", position, `${letter}:`, "a field of the standard");
  else problem("unknown field", position, `${letter}:`, "a field of the standard");
  return true;
}

function missing(fields, first, end, problem) {
  for (const [letter, name] of [["X", "a reference number"], ["T", "a title"], ["K", "a key"]])
    if (!first(letter)) problem(`no ${letter}:`, end, "the end of the header", `${name} before the music`);
  const numbers = fields.filter((field) => field.letter === "X");
  if (numbers.length > 1) problem("second number", numbers[1].position, "X:", "one X: a tune");
  if (numbers.length && !/^[0-9]{1,9}$/.test(numbers[0].value)) problem("number", numbers[0].position, numbers[0].value.slice(0, 20), "X: with a number");
  if (first("T")?.value === "") problem("title", first("T").position, "nothing", "T: with a title");
  if (numbers.length && fields[0].letter !== "X") problem("field order", numbers[0].position, "X:", "X: first");
}
