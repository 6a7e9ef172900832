// Bar lines, endings, decorations, the ends of lines, and what is none of these (charrnn/music/notation/signs.py).
import { partition } from "./fields.js";
import { STATES as S } from "./lexer.js";
import { TABLES } from "./tables.js";

const NAVIGATION = TABLES.reading.navigation, MOST_DECORATIONS = 20;
const ENDS = [S.NEWLINE, S.RETURN];
const SOUNDING = [S.NOTE, S.REST, S.BRACKET];
const BEFORE_NOTE = [S.SPACE, S.DOT, S.DECORATION, S.BANG_END, S.PLUS_END, S.SHARP, S.FLAT, S.ACCIDENTAL, S.IGNORED];
const DECORATED = [S.NOTE, S.REST, S.BRACKET, S.SLUR, S.TUPLET, S.GRACE, S.GRACE_SLASH, S.DOT, S.QUOTE_END, S.BANG_END, S.PLUS_END];

export function barLine(body, start, end) {
  body.close();
  body.voice.barLine(body.text.slice(start, end));
}

export function colon(body, start, end) {
  if (body.kind(0) === S.BAR) {
    barLine(body, start, body.tokens[body.at][2]);
    body.at += 1;
  } else junk(body, start, end);
}

export function ending(body, start, end) {
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

export function overlay(body) {
  body.close();
  body.voice.overlay();
}

export function decoration(body, start, end) {
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

export function namedDecoration(body, start, end) {
  if (end - start === 2) body.problem("unclosed decoration", start, body.text.slice(start, end), "a name between the signs");
}

export function openDecoration(body, start) {
  const sign = body.text[start];
  if (sign !== "!" || ![...ENDS, S.COMMENT].includes(body.kind(0)))
    body.problem("unclosed decoration", start, sign, `a name and ${sign}`);
}

export function openQuote(body, start) {
  body.problem("unclosed quote", start, '"', 'text and " on this line');
}

export function endOfLine(body, start, end) {
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

export function backslash(body, start, end) {
  const ahead = body.kind(0) === S.SPACE ? 1 : 0;
  if (![...ENDS, S.COMMENT].includes(body.kind(ahead))) junk(body, start, end);
}

export function junk(body, start, end) {
  body.problem("junk", start, body.text.slice(start, end).slice(0, 20), "music or a sign of the standard");
}
