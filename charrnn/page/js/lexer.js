// ABC 2.1 as an automaton over characters: the one of charrnn/music/notation/lexer.py, its table made there.
import { TABLES } from "./tables.js";

export const NEXT = TABLES.lexer.next;
export const STATES = Object.fromEntries(TABLES.lexer.states.map((name, number) => [name, number]));
const CLASSES = new Map(Object.entries(TABLES.lexer.classes));
const OTHER = NEXT[0].length - 1;
const UNCLOSED = [STATES.QUOTE, STATES.BANG, STATES.PLUS];

export const classOf = (character) => CLASSES.get(character) ?? OTHER;
export const advance = (state, character) => NEXT[state][classOf(character)] >> 1;

// [kind, start, end] of every token, which cover the text without gap or overlap. A quote or decoration that nothing
// closes is one character, and what follows it is music again.
export function tokens(text) {
  const split = [];
  let start = 0, state = STATES.START;
  while (start < text.length) {
    state = NEXT[state][classOf(text[start])] >> 1;
    let end = start + 1, entry;
    while (end < text.length && !((entry = NEXT[state][classOf(text[end])]) & 1)) {
      state = entry >> 1;
      end += 1;
    }
    if (UNCLOSED.includes(state)) end = start + 1;
    split.push([state, start, end]);
    if (UNCLOSED.includes(state)) state = STATES.SPACE;
    start = end;
  }
  return split;
}
