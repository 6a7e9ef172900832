// The panel that composes: settings, what may come next, the address.
import { NAMES, beginning, compose, fromHash, refusal, toHash, typed } from "./compose.js";
import { byId, make } from "./dom.js";
import { readMeter } from "./fields.js";
import { keyName } from "./keys.js";
import { Composition } from "./sampling.js";
import { TABLES } from "./tables.js";

const LOOK = 350; // milliseconds between two pictures of a tune that grows
const SHOWN = 6; // of the characters that may come next
const FIELDS = NAMES.filter((name) => name !== "prompt");
const NAMED = { "\n": "line end", " ": "blank", "\x03": "end" };

function inWords(temperature) {
  if (temperature === 0) return "Always the likeliest character: one tune, whatever the seed.";
  if (temperature < 0.6) return "Very safe: few mistakes, and one tune much like the other.";
  if (temperature < 0.95) return "Safer than what it learned: fewer mistakes, fewer surprises.";
  if (temperature <= 1.05) return "As it learned: each character as often as in its tunes.";
  return temperature <= 1.35 ? "Bolder than what it learned: more surprises, more mistakes." : "Wild: most tunes fall apart.";
}

export class Composer {
  constructor(network, page, { grow, drop }) {
    Object.assign(this, { network, page, grow, drop, prompt: "", stopping: null, last: null });
    this.usual = { ...page.settings, prompt: "", bars: "" };
    this.form = byId("settings");
    byId("compose").hidden = false;
    const choices = (id, values) => byId(id).append(make("option", { value: "", textContent: "any" }), ...values.map((value) => make("option", { value, textContent: value })));
    choices("meter", TABLES.meters);
    choices("rhythm", TABLES.rhythms);
    byId("keys").append(...["C", "D", "G", "A", "F", "Bb", "Em", "Am", "Dm", "Gm", "Ador", "Edor", "Ddor", "Amix", "Dmix"].map((value) => make("option", { value })));
    byId("precision").textContent = page.is_exact
      ? "With the same settings, the same tunes: a link repeats them exactly, the command line but for a draw in a million."
      : "This network is large, so its weights are kept in half precision: a seed may give other tunes than on the command line.";
    this.form.onsubmit = (event) => {
      event.preventDefault();
      this.run();
    };
    this.form.oninput = () => this.drawTemperature();
    byId("stop").onclick = () => this.stopping?.abort();
    byId("reseed").onclick = () => this.reseed();
    this.form.addEventListener("invalid", ({ target }) => { const more = target.closest("details"); if (more) more.open = true; }, true);
    // Settings have an "="; the link that skips to the tune has none.
    addEventListener("hashchange", () => location.hash.includes("=") && location.hash !== this.hash && this.begin());
  }

  // As the address says; it composes at once.
  begin() {
    this.fill(fromHash(location.hash, this.usual));
    if (location.hash.includes("=")) this.run();
  }

  fill(settings) {
    this.prompt = settings.prompt ?? "";
    for (const name of FIELDS) {
      const field = this.form.elements[name], value = settings[name] ?? "";
      if (name === "reject") field.checked = value;
      else {
        if (field.options && ![...field.options].some((option) => option.value === value)) field.append(make("option", { value, textContent: value }));
        field.value = value;
      }
    }
    this.drawTemperature();
  }

  settings() {
    const found = { prompt: this.prompt };
    for (const name of FIELDS) {
      const field = this.form.elements[name];
      found[name] = name === "reject" ? field.checked : typed(name, field.value.trim());
    }
    return found;
  }

  reseed() {
    this.form.elements.seed.value = crypto.getRandomValues(new Uint32Array(1))[0] % 1000000;
  }

  // Another tune with the header of this one, or with its beginning.
  like(reading, beginning = null) {
    const value = (letter) => reading.fields.find((field) => field.letter === letter)?.value ?? "", { key } = reading.header;
    this.reseed();
    this.fill({
      ...this.settings(), num_tunes: 1, title: "", bars: "", prompt: "", rhythm: value("R"), meter: readMeter(value("M")) ? value("M") : "",
      key: key?.tonic ? keyName(key) : "", ...beginning,
    });
    this.run();
  }

  async run() {
    const settings = this.settings(), why = refusal(this.network, settings);
    byId("refusal").textContent = why;
    if (why || !this.form.reportValidity()) return;
    const turn = (this.turn = {});
    this.stopping?.abort();
    await this.running;
    if (turn !== this.turn) return; // asked again while this one waited
    this.hash = toHash(settings, this.usual);
    history.replaceState(null, "", this.hash);
    this.prompt = "";
    this.drop();
    const stopping = (this.stopping = new AbortController());
    byId("stop").disabled = false;
    this.running = this.compose(settings, stopping.signal).catch((error) => {
      if (!(error instanceof RangeError)) throw error;
      byId("refusal").textContent = error.message;
    }).finally(() => { byId("stop").disabled = true; });
    await this.running;
  }

  async compose(settings, signal) {
    const say = (text) => { byId("progress").textContent = text; };
    let made = 0, drawn = 0, current = null;
    await compose(this.network, settings, signal, (tune, composition) => {
      if (composition === null) return say(`No try for tune ${tune.number + 1} parsed: lower the temperature.`);
      if (!tune.isDone) this.last = composition;
      const isNew = current?.number !== tune.number;
      if (isNew) say(`Composing tune ${tune.number + 1} of ${settings.num_tunes} …`);
      if (!isNew && !tune.isDone && performance.now() < drawn + LOOK) return undefined;
      current = isNew ? tune : Object.assign(current, tune);
      this.grow(current, isNew);
      this.drawLikely();
      drawn = performance.now();
      made += tune.isDone;
      return undefined;
    });
    say(signal.aborted ? "Stopped." : made ? `${made} ${made === 1 ? "tune is" : "tunes are"} ready.` : byId("progress").textContent);
  }

  // Read this tune as far as its middle, where one sees what the temperature does.
  peek(reading) {
    if (!reading.bars.length) return;
    const { prompt } = beginning(this.network, reading), known = [...prompt].filter((character) => this.network.ids.has(character));
    this.last = new Composition(this.network, { ...this.settings(), seed: "0", prompt: known.join("") });
    while (this.last.pending.length) this.last.next();
    this.drawLikely();
  }

  drawTemperature() {
    const temperature = Number(this.form.elements.temperature.value);
    byId("temperature-value").textContent = temperature.toFixed(2);
    byId("temperature-words").textContent = inWords(temperature);
    this.drawLikely();
  }

  // The likeliest next characters where the tune stands, at the temperature of the slider.
  drawLikely() {
    if (!this.last) return;
    const { temperature, min_p, top_p } = this.settings(), composition = this.last;
    const found = composition.likely(SHOWN, { temperature, min_p, top_p });
    byId("likely").replaceChildren(...found.map(([character, share]) => {
      const bar = make("i");
      bar.style.width = `${100 * share}%`;
      return make("tr", {}, make("th", { scope: "row", textContent: NAMED[character] ?? character }), make("td", {}, bar), make("td", { textContent: `${Math.round(100 * share)} %` }));
    }));
  }
}
