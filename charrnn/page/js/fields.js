// The values of fields, by the standard's rules (charrnn/music/notation/fields.py, values.py, clefs.py).

const FIFTHS = { F: -1, C: 0, G: 1, D: 2, A: 3, E: 4, B: 5 };
const MODES = { maj: 0, ion: 0, m: -3, min: -3, aeo: -3, mix: -1, dor: -2, phr: -4, lyd: 1, loc: -5 };
export const ALTERS = { "": null, "=": 0, "^": 1, "_": -1, "^^": 2, "__": -2 };
export const NO_KEY = { tonic: "", mode: "none", alters: {} };
export const CLEF_ONLY = { tonic: "", mode: "", alters: {} }; // of a K: that names a clef and no key
export const FREE = { bar: null, beats: 0, unit: 1, compound: false };
export const NO_METER = { ...FREE }; // of a tune without M: another object than FREE

// Python's str.strip.
const BLANK = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const OUTER = new RegExp(`^${BLANK}+|${BLANK}+$`, "g");
export const strip = (text) => text.replace(OUTER, "");

// What stands before and behind the first `sign`, as str.partition.
export function partition(text, sign) {
  const at = text.indexOf(sign);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + sign.length)];
}

const anyCase = (words) => words.replace(/[a-z]/g, (letter) => `[${letter}${letter.toUpperCase()}]`);
const TONIC = /([A-G])([#b]?)[ \t]*([A-Za-z]*)/y;
const PART = new RegExp(
  `[ \\t]*(?:none(?![^ \\t])|(exp)(?![^ \\t])|(\\^\\^?|__?|=)([A-Ga-g])` +
    `|((?:${anyCase("treble|bass|alto|tenor|perc")})[0-9]?(?:[+-](?:8|15))?(?:va|vb)?(?![^ \\t])` +
    `|[A-Za-z]+=(?:"[^"]*"|[^ \\t"]+)(?![^ \\t])))`,
  "y",
);

const matchAt = (pattern, text, at) => {
  pattern.lastIndex = at;
  return pattern.exec(text);
};

export function readKey(value) {
  const [key, isLegal] = readBeginning(value);
  return isLegal ? key : null;
}

// The key that the readable beginning of K: names, null without a tonic, and whether all of it is legal.
export function readBeginning(value) {
  value = strip(value);
  let tonic = "", mode = "none", at = 0, alters = {}, isLegal = true, match;
  if (/^H[Pp](?!\p{L})/u.test(value)) {
    tonic = value.slice(0, 2);
    at = 2;
    alters = { F: 1, C: 1 };
  } else if ((match = matchAt(TONIC, value, 0))) {
    tonic = match[1] + match[2];
    at = match[0].length;
    mode = /^[mM]$/.test(match[3]) ? "m" : match[3].slice(0, 3).toLowerCase();
    if (!Object.hasOwn(MODES, mode)) {
      mode = "maj"; // but the first word of what comes behind: exp, treble, clef=...
      at = tonic.length;
    }
    let fifths = FIFTHS[match[1]] + MODES[mode] + { "": 0, "#": 7, b: -7 }[match[2]];
    if (Math.abs(fifths) > 7) {
      isLegal = false;
      fifths += fifths > 0 ? -12 : 12;
    }
    const steps = fifths > 0 ? "FCGDAEB".slice(0, fifths) : "BEADGCF".slice(0, -fifths);
    for (const step of steps) alters[step] = fifths > 0 ? 1 : -1;
    if (mode === "m") mode = "min";
  }
  let saysKey = tonic !== "" || !value;
  while (at < value.length) {
    match = matchAt(PART, value, at);
    if (!match) return [saysKey ? { tonic, mode, alters } : null, false];
    if (match[2]) alters[match[3].toUpperCase()] = ALTERS[match[2]] || 0;
    else if (match[1]) alters = {};
    saysKey ||= !match[4];
    at += match[0].length;
  }
  return [saysKey ? { tonic, mode, alters } : CLEF_ONLY, isLegal];
}

const isPowerOfTwo = (number) => number > 0 && number <= 512 && !(number & (number - 1));

// `bar`: its length in whole notes, beats / unit; null in free meter. `compound`: three units are a beat.
export function readMeter(value) {
  value = strip(value);
  if (value === "" || value === "none") return value ? FREE : NO_METER;
  if (value === "C" || value === "C|") return { bar: 1, beats: 1, unit: 1, compound: false, beat: value === "C" ? 0.25 : 0.5 };
  const match = /^\(?([0-9]{1,3}(?:\+[0-9]{1,3})*)\)?\/([0-9]{1,3})$/.exec(value);
  if (!match || value.includes("(") !== value.includes(")")) return null;
  const beats = match[1].split("+").reduce((sum, part) => sum + +part, 0), unit = +match[2];
  if (!beats || !isPowerOfTwo(unit)) return null;
  const compound = beats % 3 === 0 && beats > 3 && unit >= 8;
  return { bar: beats / unit, beats, unit, compound, beat: (compound ? 3 : 1) / unit };
}

export function readUnit(value) {
  const match = /^1(?:\/([0-9]{1,3}))?$/.exec(strip(value)), unit = match ? +(match[1] ?? 1) : 0;
  return isPowerOfTwo(unit) ? 1 / unit : null;
}

export const defaultUnit = (meter) => (meter.bar !== null && meter.bar < 0.75 ? 1 / 16 : 1 / 8);

const TEMPO = new RegExp(
  '^(?: ?(?:"[^"]*"|(?:[0-9]{1,3}/[0-9]{1,3}(?: [0-9]{1,3}/[0-9]{1,3}){0,3} ?= ?[0-9]{1,3}' +
    '|C?[0-9]{0,2} ?= ?[0-9]{1,3}|[0-9]{1,3})(?=[ "]|$))){0,3}$',
);
const LEGAL = {
  Q: [TEMPO, "tempo"],
  U: [/^[H-Yh-w~][ \t]*=[ \t]*(?:![^!]*!|\+[^+]*\+|"[^"]*"|[A-Za-z.~]+)$/, "user symbol"],
  m: [/^[^=]{1,20}=.*$/, "macro"],
  V: [/^\S.*$/, "voice"],
};

// The kind of problem of a Q:, U:, m:, V: or P: whose value is not legal, or null.
export function illegal({ letter, value }, inHeader) {
  if (letter === "P") return inHeader && value && !isPartOrder(value) ? "part order" : null;
  if (!Object.hasOwn(LEGAL, letter)) return null;
  const [pattern, kind] = LEGAL[letter];
  return pattern.test(strip(value).split(/\s+/).join(" ")) ? null : kind;
}

function isPartOrder(value) {
  const outer = [], MOST = 200;
  let parts = 0, last = 0;
  for (const token of value.match(/[0-9]+|./gsu) ?? []) {
    if (token === "(") {
      outer.push(parts);
      parts = last = 0;
    } else if (token === ")" && outer.length) {
      last = parts;
      parts += outer.pop();
    } else if (/^[0-9]/.test(token) && last && last * +token.slice(0, 6) > 0 && last * +token.slice(0, 6) <= MOST) {
      parts += last * (+token.slice(0, 6) - 1);
      last = 0;
    } else if (/^[A-Za-z]$/.test(token)) {
      last = 1;
      parts += 1;
    } else if (". \t,".includes(token)) last = 0;
    else return false;
    if (parts > MOST) return false;
  }
  return !outer.length;
}

// What a clef says of the sound: octaves of an 8 or 15 at it, octave=, transpose=; null where it does not.
export function readClef(properties) {
  const found = { name: null, eight: null, octave: null, transpose: null };
  for (const [, name, quoted] of properties.matchAll(/(?:([A-Za-z]+)=)?("[^"]*"|[^ \t"]+)/g)) {
    const value = quoted.replace(/^"+|"+$/g, "");
    const clef = name === undefined || name === "clef"
      ? /^(treble|bass|alto|tenor|perc|none)([1-5])?(?:([+-])(8|15))?(?:v[ab])?$/i.exec(value) : null;
    if (clef) {
      found.name = clef[1].toLowerCase();
      found.eight = clef[3] ? (clef[3] === "+" ? 1 : -1) * (clef[4] === "15" ? 2 : 1) : 0;
    } else if ((name === "octave" || name === "transpose") && /^[+-]?[0-9]{1,2}$/.test(value)) found[name] = +value;
  }
  return found;
}
