// The page: a list of tunes, the tune that was chosen, its player.
import { byId, button, make, save } from "./dom.js";
import { Composer } from "./composer.js";
import { beginning, command, compose, toHash } from "./compose.js";
import { keyName } from "./keys.js";
import { midi } from "./midi.js";
import { Network } from "./network.js";
import { read } from "./reading.js";
import { engrave, svgText } from "./score.js";
import { Player, instruments } from "./sound.js";
import { drawPiano } from "./typing.js";

const PAGE = JSON.parse(byId("page").textContent), DATA = JSON.parse(byId("network").textContent);
const network = DATA && Object.assign(new Network(DATA), { tonics: DATA.tonics });
const FAULTS = {
  X: "no number", T: "no title", K: "no key", M: "no meter", "bar fit": "too few bars are as long as the meter",
  endings: "endings do not pair up", repeats: "a repeat stays open", junk: "signs that mean nothing",
  "few notes": "fewer than 16 notes", header: "a line of the header is no field", pitch: "a note that no instrument has",
};
const tunes = PAGE.tunes.map((tune) => ({ ...tune, isWritten: true, reading: read(tune.text) }));
let shown = null, score = null;

const player = new Player(
  (notes, share) => {
    score?.mark(notes);
    byId("position").value = Math.round(share * 1000);
  },
  (isPlaying) => {
    score?.mark([]);
    byId("play").textContent = isPlaying ? "Stop" : "Play";
  },
);

const titleOf = (tune) => tune.reading.header.title || "Without a title";
const nats = (tune) => (tune.nats ?? -tune.logProb.reduce((sum, one) => sum + one, 0) / Math.max(1, tune.logProb.length));
const faultsOf = ({ reading }) => reading.faults.map((fault) => FAULTS[fault] ?? `${fault}: is not legal`).join(", ");

function drawList() {
  const hadFocus = byId("list").contains(document.activeElement);
  byId("list").replaceChildren(...tunes.map((tune) => {
    const isFit = tune.reading.wellFormed, key = tune.reading.header.key;
    const about = [
      tune.isWritten ? `${tune.index}` : "composed here", tune.reading.fields.find((field) => field.letter === "R")?.value,
      key?.tonic ? keyName(key) : null, isFit ? null : "does not parse",
    ].filter(Boolean).join(" · ");
    return make("li", {}, make("button", {
      type: "button", ariaCurrent: tune === shown, onclick: () => show(tune), onkeydown: moveInList,
    }, titleOf(tune), make("small", { className: isFit ? "" : "bad", textContent: about })));
  }));
  byId("book").disabled = !tunes.length;
  const list = byId("list"), row = list.children[tunes.indexOf(shown)];
  if (row) list.scrollTop = row.offsetTop - list.offsetTop - (list.clientHeight - row.clientHeight) / 2;
  if (hadFocus) row?.firstChild.focus();
}

function moveInList(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], next = tunes[tunes.indexOf(shown) + step];
  if (!next) return;
  event.preventDefault();
  show(next);
}

function show(tune) {
  player.stop();
  shown = tune;
  drawList();
  drawTune();
  player.load(tune.reading);
  byId("position").value = 0;
}

// All about the tune that was chosen; of one that is being composed, as far as it has come.
function drawTune() {
  const tune = shown, { reading } = tune, field = (letter) => reading.fields.find((one) => one.letter === letter)?.value;
  byId("tune-title").textContent = titleOf(tune);
  const facts = [field("R"), field("M"), field("K"), `${tune.text.length} characters`, `${nats(tune).toFixed(2)} nats a character`];
  byId("tune-facts").replaceChildren(facts.filter(Boolean).join(" · "), " · ", make("span", {
    className: reading.wellFormed ? "good" : "bad", textContent: reading.wellFormed ? "well-formed" : `not well-formed: ${faultsOf(tune)}`,
  }), tune.ended ? "" : tune.isDone === false ? " · not at its end" : " · cut");
  score = engrave(byId("score"), reading);
  byId("play").disabled = !reading.notes.length;
  drawText(tune);
  byId("problems").replaceChildren(...(reading.problems.length ? [
    make("h3", { textContent: "What is wrong" }),
    make("ul", {}, ...reading.problems.slice(0, 8).map((problem) => make("li", { textContent: inWords(problem) }))),
    reading.problems.length > 8 ? `8 of ${reading.problems.length} are shown.` : "",
  ] : []));
  byId("actions").replaceChildren(...actions(tune));
  byId("again").replaceChildren(
    make("h3", { textContent: "The same on the command line" }),
    make("code", { textContent: tune.isWritten ? PAGE.made_by : command(PAGE, network, tune) }),
    tune.isWritten ? "" : make("p", { className: "hint" }, "It is the last of the tunes that this makes. ",
      make("a", { href: toHash(tune.settings, composer.usual), textContent: "This link makes them in this page." })),
  );
}

function drawText(tune) {
  const surprise = tune.isWritten ? tune.surprise : tune.logProb.map((one) => -one), wrong = new Set(tune.reading.problems.map((one) => one.position));
  const isKnown = surprise?.length >= tune.text.length && !network?.tonics;
  byId("text").previousElementSibling.hidden = !isKnown;
  byId("text").replaceChildren(...Array.from(tune.text, (character, i) => {
    const element = make(wrong.has(i) ? "mark" : "span", { textContent: character });
    if (isKnown) element.style.backgroundColor = `rgb(214 60 50 / ${Math.min(55, Math.round(surprise[i] * 11))}%)`;
    return element;
  }));
}

function inWords({ kind, position, found, expected }) {
  const bar = shown.reading.bars.findLastIndex((one) => one.position <= position), where = bar < 0 ? "" : ` (bar ${bar + 1})`;
  return `${kind}${where} – found ${fraction(found)}, expected ${fraction(expected)}`;
}

function fraction(value) {
  if (typeof value !== "number") return value;
  for (let below = 1; below <= 512; below++)
    if (Math.abs(value * below - Math.round(value * below)) < 1e-6) return below === 1 ? `${Math.round(value)}` : `${Math.round(value * below)}/${below}`;
  return value.toFixed(3);
}

function actions(tune) {
  const name = titleOf(tune).replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 40) || "tune", found = [
    button("ABC", () => save(`${name}.abc`, `${tune.text}\n`, "text/vnd.abc"), { title: "Download the text" }),
  ];
  if (tune.reading.notes.length) found.push(button("MIDI", () => save(`${name}.mid`, midi(tune.reading), "audio/midi")));
  if (tune.musicxml) found.push(button("MusicXML", async () => save(`${name}.musicxml`, await unpacked(tune.musicxml), "application/vnd.recordare.musicxml+xml")));
  if (score) found.push(button("SVG", () => save(`${name}.svg`, svgText(byId("score")), "image/svg+xml")));
  if (composer && tune.reading.bars.length > 3) found.push(
    button("More like this", () => composer.like(tune.reading)),
    button("Another ending", () => composer.like(tune.reading, beginning(network, tune.reading))),
  );
  if (!tune.isWritten) found.push(
    make("label", { className: "check" }, make("input", { type: "checkbox", checked: tune.isKept, onchange: (event) => { tune.isKept = event.target.checked; } }), "Keep"),
    make("label", {}, "Name ", make("input", { value: titleOf(tune), onchange: (event) => rename(tune, event.target.value) })),
    button("Remove", () => remove(tune)),
  );
  return found;
}

async function unpacked(base64) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

function rename(tune, title) {
  const line = title.replace(/\s+/g, " ").trim();
  if (!line) return;
  tune.text = /^T:/m.test(tune.text) ? tune.text.replace(/^T:.*$/m, () => `T:${line}`) : tune.text.replace(/^X:.*\n?/, (number) => `${number.trimEnd()}\nT:${line}\n`);
  tune.reading = read(tune.text);
  show(tune);
}

function remove(tune) {
  const at = tunes.indexOf(tune);
  tunes.splice(at, 1);
  const next = tunes[Math.min(at, tunes.length - 1)];
  if (next) show(next);
  drawList();
}

// A tune that is composed: it takes its place in the list, and is shown as it grows.
function grow(tune, isNew) {
  if (isNew) tunes.push(tune);
  shown = tune;
  tune.reading = read(tune.text);
  if (tune.isDone || isNew) show(tune);
  else drawTune();
  if (tune.isDone) composer.peek(tune.reading);
}

function book() {
  const numbered = tunes.map(({ text }, i) => {
    const lines = text.split(/\r\n|\r|\n/);
    if (lines[0].startsWith("X:")) lines.shift();
    return [`X:${i + 1}`, ...lines.map((line) => (line.startsWith("X:") || !line.trim() ? `%${line}` : line))].join("\n");
  });
  save("tunes.abc", `${["%abc-2.1", ...numbered].join("\n\n")}\n`, "text/vnd.abc");
}

byId("about").textContent = PAGE.about;
byId("instrument").append(...instruments.map((name) => make("option", { textContent: name })));
byId("instrument").onchange = ({ target }) => player.change({ instrument: target.value });
byId("tempo").oninput = ({ target }) => {
  byId("tempo-value").textContent = `${target.value} %`;
  player.change({ tempo: target.value / 100 });
};
byId("tempo-value").textContent = "100 %";
byId("position").oninput = ({ target }) => player.change({ at: (target.value / 1000) * player.length });
byId("play").onclick = () => (player.isPlaying ? player.stop() : player.play());
byId("book").onclick = book;
let width = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === width || !shown) return;
  width = innerWidth;
  score = engrave(byId("score"), shown.reading);
});
const composer = network && new Composer(network, PAGE, { grow, drop: () => {
  for (const tune of tunes.filter((one) => !one.isWritten && !one.isKept)) tunes.splice(tunes.indexOf(tune), 1);
  drawList();
} });
// For scripts: charrnn.compose({ temperature: 0.8, seed: "1", num_tunes: 3 }) in the console gives a list of tunes.
globalThis.charrnn = {
  Player,
  async compose(settings) {
    const found = [], usual = { ...PAGE.settings, prompt: "", bars: "" };
    await compose(network, { ...usual, ...settings }, new AbortController().signal, (tune, composition) => tune.isDone && composition && found.push(tune));
    return found;
  },
};
drawPiano(byId("piano"), (pitch) => player.note(pitch));
if (tunes.length) show(tunes[0]);
else drawList();
if (tunes.length) composer?.peek(tunes[0].reading);
composer?.begin();
