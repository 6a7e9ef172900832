// Tunes, a character at a time: the ones of sample.py with the same settings (charrnn/learning/sampling.py).
import { Context } from "./context.js";
import { Inputs } from "./inputs.js";
import { softmax } from "./network.js";
import { Philox } from "./numbers.js";

export const START = "\x02", END = "\x03";

// What is left of probabilities: of those that are at least this share of the largest, the k likeliest, and of these
// the fewest that reach p.
export function restricted(probabilities, { top_k: k, top_p: p, min_p: share }) {
  let found = probabilities;
  if (share != null) {
    const least = share * Math.max(...found);
    found = found.map((value) => (value >= least ? value : 0));
  }
  if (k == null && (p == null || p >= 1)) return found;
  const ids = [...found.keys()].sort((a, b) => found[b] - found[a] || a - b);
  if (k != null) ids.splice(k);
  let kept = ids;
  if (p != null && p < 1) {
    const enough = p * ids.reduce((sum, id) => sum + found[id], 0);
    let before = 0;
    kept = ids.filter((id) => {
      const isIn = before < enough;
      before += found[id];
      return isIn;
    });
  }
  const only = new Float64Array(found.length);
  for (const id of kept) only[id] = found[id];
  return only;
}

// The id that a number in [0, 1) means: the inverted cumulative distribution.
export function chosen(probabilities, uniform) {
  let total = 0;
  for (const value of probabilities) total += value;
  const threshold = uniform * total;
  let sum = 0;
  for (let id = 0; id < probabilities.length; id++) {
    sum += probabilities[id];
    if (sum > threshold) return id;
  }
  return probabilities.length - 1;
}

// One tune that grows. `settings`: seed, temperature, prompt, top_k, top_p, min_p, max_chars. `forced(text)` may give
// text that has to come next, "" for none. Raises RangeError for a prompt of other characters than the alphabet's.
export class Composition {
  constructor(network, settings, number = 0, attempt = 0, forced = () => "") {
    Object.assign(this, { network, settings, number, attempt, forced });
    this.random = new Philox(settings.seed, number, [0, 0, 0, attempt]);
    this.context = new Context();
    this.inputs = new Inputs(network.inputs.names, network.ids);
    this.pending = [...(settings.prompt ?? "")];
    this.text = "";
    this.length = this.given = 0; // characters, and how many of them up to the last one that was given
    this.logProb = [];
    this.ended = false;
    this.isDone = false;
    this.marks = [network.ids.get(START)];
    network.start();
    this.logits = network.step(network.ids.get(START), this.inputs.row(this.context));
  }

  // Add a character; whether there is more to come.
  next() {
    const { network, settings } = this, uniform = this.random.random();
    if (!this.pending.length) this.pending.push(...this.forced(this.text));
    const isGiven = this.pending.length > 0;
    let id;
    if (isGiven) id = this.known(this.pending.shift());
    else id = chosen(restricted(softmax(this.logits, settings.temperature, this.marks), settings), uniform);
    this.logProb.push(Math.log(softmax(this.logits, 1)[id]));
    if (network.vocabulary[id] === END) {
      this.ended = this.isDone = true;
      return false;
    }
    this.text += network.vocabulary[id];
    this.length += 1;
    if (isGiven) this.given = this.length;
    this.isDone = this.length >= settings.max_chars;
    if (this.isDone) return false;
    this.context.read(network.vocabulary[id]);
    this.logits = network.step(id, this.inputs.row(this.context));
    return true;
  }

  known(character) {
    const id = this.network.ids.get(character);
    if (id === undefined || character === START || character === END)
      throw new RangeError(`This network knows no “${character}”: leave it out.`);
    return id;
  }

  // What may come next, likeliest first: [character, probability].
  likely(count, settings = this.settings) {
    const found = restricted(softmax(this.logits, settings.temperature, this.marks), settings);
    const sum = found.reduce((a, b) => a + b, 0);
    return [...found.keys()].filter((id) => found[id] > 0).sort((a, b) => found[b] - found[a]).slice(0, count)
      .map((id) => [this.network.vocabulary[id], found[id] / sum]);
  }
}
