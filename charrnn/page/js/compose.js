// From settings to tunes: what is asked for, as a header, an address and a command line, and the tunes one by one.
import { defaultUnit, readKey, readMeter } from "./fields.js";
import { keyName, whiteTonic, withDrawnKey, withTonic } from "./keys.js";
import { read } from "./reading.js";
import { Composition } from "./sampling.js";
import { canonicalBars } from "./typing.js";

const SLICE = 24; // milliseconds of composing between two looks at the page
const MOST_TRIES = 100;
export const NAMES = ["temperature", "key", "meter", "rhythm", "title", "num_tunes", "seed", "reject", "min_p", "top_p", "max_chars", "bars", "prompt"];

// A reason why these settings cannot be, as a sentence, or "".
export function refusal(network, settings) {
  const key = settings.key ? readKey(settings.key) : null;
  if (settings.key && !(key?.tonic && key.tonic.length < 3 && !key.tonic.startsWith("H")))
    return "The key is one such as G, Bb, Em or Ador.";
  if (settings.meter && !readMeter(settings.meter)) return "The meter is one such as 4/4, 6/8 or C|.";
  if (settings.bars && !(settings.key && settings.meter)) return "Own bars need a key and a meter: choose both.";
  const typed = settings.bars ? canonicalBars(headOf(settings), settings.bars) : {};
  if (typed.refusal) return typed.refusal;
  const given = [settings.prompt, settings.title, settings.rhythm, settings.meter, settings.bars].join("");
  const unknown = [...given].find((character) => character !== "\n" && !network.ids.has(character));
  return unknown ? `This network knows no “${unknown}”: leave it out.` : "";
}

// The header of own bars.
function headOf({ title, rhythm, meter, key }) {
  const unit = 1 / defaultUnit(readMeter(meter));
  return `X:1\nT:${title || "Untitled"}\n${rhythm && `R:${rhythm}\n`}M:${meter}\nL:1/${unit}\nK:${keyName(readKey(key))}\n`;
}

// What every tune begins with and what its header has to say, as a function of the text so far.
function given(network, settings) {
  if (settings.prompt) return { prompt: settings.prompt, forced: () => "" };
  const { title, rhythm, meter, key: name } = settings, key = name ? readKey(name) : null;
  const unit = meter ? `1/${1 / defaultUnit(readMeter(meter))}` : "";
  const written = key && keyName(network.tonics ? { ...key, tonic: whiteTonic(key) } : key);
  if (settings.bars) {
    const head = headOf(settings), text = head + canonicalBars(head, settings.bars).bars;
    return { prompt: network.tonics ? withTonic(text, whiteTonic(key)) : text, forced: () => "" };
  }
  const isAsked = title || rhythm || meter || key;
  const forced = (text) => {
    if (!isAsked || /\nK:[^\n]*\n/.test(text)) return "";
    if (!text) return "X:1\nT:";
    if (title && text === "X:1\nT:") return `${title}\n`;
    if (rhythm && /^X:1\nT:[^\n]*\n$/.test(text)) return `R:${rhythm}\n`;
    if (meter && text.endsWith("\nM:")) return `${meter}\nL:${unit}\n`;
    if (key && text.endsWith("\nK:")) return `${written}\n`;
    return "";
  };
  return { prompt: "", forced };
}

// Compose the tunes that `settings` ask for. `onText(tune, composition)` is called while a tune grows and at its end;
// a tune that no try made well-formed comes with `tries` of 0. `signal` stops it.
export async function compose(network, settings, signal, onText) {
  for (let number = 0; number < settings.num_tunes && !signal.aborted; number++) {
    let { prompt, forced } = given(network, settings), attempt = 0, tune;
    do {
      const composition = new Composition(network, { ...settings, prompt }, number, attempt, forced);
      tune = { number, settings, isDone: false };
      for (let isMore = true; isMore && !signal.aborted; ) {
        const until = performance.now() + SLICE;
        while (isMore && performance.now() < until) isMore = composition.next();
        Object.assign(tune, { text: inKey(network, settings, composition), logProb: composition.logProb });
        if (isMore) onText(tune, composition);
        await new Promise((resolve) => setTimeout(resolve));
      }
      // With what was given up to its last character, sample.py draws the rest.
      prompt = [...composition.text].slice(0, composition.given).join("");
      forced = () => "";
      tune.reading = read(tune.text);
      tune.isFit = composition.ended && read(composition.text).wellFormed;
      Object.assign(tune, { source: composition.text, ended: composition.ended, prompt, tries: attempt + 1, isDone: composition.isDone });
      if (composition.isDone && !(settings.reject && !tune.isFit)) onText(tune, composition);
      attempt += 1;
    } while (settings.reject && !tune.isFit && attempt < MOST_TRIES && !signal.aborted);
    if (settings.reject && !tune.isFit && !signal.aborted) onText({ ...tune, isDone: true, tries: 0 }, null);
  }
}

// The tune in its key: of a network of white keys it is moved there.
function inKey(network, settings, { text, number }) {
  if (!network.tonics) return text;
  const key = settings.key ? readKey(settings.key) : null;
  return key ? withTonic(text, key.tonic) : withDrawnKey(text, network.tonics, settings.seed, number);
}

// The beginning of a tune, as far as the middle, as this network writes it, and the key to move it back to.
export function beginning(network, reading) {
  const half = reading.bars[reading.bars.length >> 1]?.position ?? reading.text.length, { key } = reading.header;
  const text = reading.text.slice(0, half);
  return network.tonics && key?.tonic
    ? { prompt: withTonic(text, whiteTonic(key)), key: keyName(key) } : { prompt: text, key: "" };
}

// The settings as an address, and back; what is as usual is left out.
export function toHash(settings, usual) {
  const said = new URLSearchParams();
  for (const name of NAMES) if (settings[name] !== usual[name] || name === "seed") said.set(name, settings[name] ?? "");
  return `#${said}`;
}

export function fromHash(hash, usual) {
  const said = new URLSearchParams(hash.slice(1)), settings = { ...usual };
  for (const [name, value] of said) if (NAMES.includes(name)) settings[name] = typed(name, value);
  return settings;
}

export function typed(name, value) {
  if (["temperature", "num_tunes", "max_chars"].includes(name)) return Number(value);
  if (name === "min_p" || name === "top_p") return Number(value) || null;
  return name === "reject" ? value === "true" : value;
}

// The command line that composes this tune, the last of those it makes.
export function command({ command: program, ckpt }, network, { settings, number, prompt }) {
  const keys = [
    ["ckpt", ckpt], ["temperature", settings.temperature], ["seed", settings.seed], ["num_tunes", number + 1],
    ["min_p", settings.min_p], ["top_p", settings.top_p], ["max_chars", settings.max_chars === 2000 ? null : settings.max_chars],
    ["constraint", settings.reject ? "reject" : null], ["key", network.tonics ? settings.key : null], ["prompt", prompt],
  ];
  return [program, ...keys.filter(([, value]) => value != null && value !== "").map(([name, value]) => quoted(`${name}=${value}`))].join(" ");
}

// For bash: a line feed only within $'…'.
function quoted(argument) {
  if (/^[\w./:=@%+,-]+$/.test(argument)) return argument;
  if (!argument.includes("\n")) return `'${argument.replaceAll("'", "'\\''")}'`;
  return `$'${argument.replace(/[\\']/g, "\\$&").replaceAll("\n", "\\n")}'`;
}
