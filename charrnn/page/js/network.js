// The network: characters in, a score for every possible next character out. Weights as torch has them.
import { exp, sigmoid, tanh } from "./numbers.js";

const GATES = { rnn: 1, gru: 3, lstm: 4 };

// Half precision as single.
function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  if (!exponent) return sign * fraction * 5.960464477539063e-8;
  return exponent === 31 ? sign * Infinity : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function unpacked(base64, dtype) {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return dtype === "float16" ? Float32Array.from(new Uint16Array(bytes.buffer), half) : new Float32Array(bytes.buffer);
}

// out[r] = bias[r] + matrix[r] . vector, in four sums that do not wait for each other. Always of the same kinds of
// arrays, single precision for weights and double for the rest: with others it is compiled for all of them, and slower.
function product(out, matrix, vector, bias) {
  const width = vector.length, even = width - (width % 4), rows = out.length;
  for (let row = 0, at = 0; row < rows; row++) {
    let a = 0, b = 0, c = 0, d = 0, i = 0;
    for (; i < even; i += 4, at += 4) {
      a += matrix[at] * vector[i];
      b += matrix[at + 1] * vector[i + 1];
      c += matrix[at + 2] * vector[i + 2];
      d += matrix[at + 3] * vector[i + 3];
    }
    for (; i < width; i++, at++) a += matrix[at] * vector[i];
    out[row] = bias[row] + (a + b) + (c + d);
  }
}

// Add the row of a table that begins at `first`.
function add(out, table, first) {
  for (let i = 0; i < out.length; i++) out[i] += table[first + i];
}

export class Network {
  // `data`: cell, hidden, layers, vocabulary, inputs (names and sizes), dtype, index of [name, shape, first], weights.
  constructor(data) {
    const weights = unpacked(data.weights, data.dtype), named = {};
    for (const [name, shape, first] of data.index)
      named[name] = weights.subarray(first, first + shape.reduce((a, b) => a * b, 1));
    this.vocabulary = data.vocabulary;
    this.ids = new Map(data.vocabulary.map((character, id) => [character, id]));
    this.cell = data.cell;
    this.inputs = data.inputs;
    this.hidden = data.hidden;
    const rows = GATES[data.cell] * data.hidden;
    this.rows = rows;
    this.layers = Array.from({ length: data.layers }, (_, i) => ({
      below: named[`layers.${i}.weight_ih_l0`],
      recurrent: named[`layers.${i}.weight_hh_l0`],
      belowBias: named[`layers.${i}.bias_ih_l0`],
      recurrentBias: named[`layers.${i}.bias_hh_l0`],
      fromBelow: new Float64Array(rows),
      fromBefore: new Float64Array(rows),
    }));
    this.ofCharacter = this.throughFirst((row, character) => this.layers[0].below[row * this.vocabulary.length + character]);
    this.firstOfInput = data.inputs.sizes.map((_, i) => data.inputs.sizes.slice(0, i).reduce((a, b) => a + b, 0));
    this.ofInput = named["tables.rows"] ? this.tablesThroughFirst(named["tables.rows"]) : null;
    this.direct = named["direct.rows"]; // from what is read to the scores: of each character, then of each input's values
    this.outputWeight = named["output.weight"];
    this.outputBias = named["output.bias"];
    this.logits = new Float64Array(this.vocabulary.length);
    this.start();
  }

  // One row a character: what the first layer makes of it.
  throughFirst(weight) {
    const found = new Float64Array(this.vocabulary.length * this.rows);
    for (let id = 0, at = 0; id < this.vocabulary.length; id++)
      for (let row = 0; row < this.rows; row++, at++) found[at] = weight(row, id);
    return found;
  }

  // One row for each value of each input: what the first layer makes of its vector.
  tablesThroughFirst(tables) {
    const width = this.vocabulary.length, count = tables.length / width;
    const found = new Float64Array(count * this.rows), none = new Float32Array(this.rows);
    for (let i = 0; i < count; i++)
      product(
        found.subarray(i * this.rows, (i + 1) * this.rows), this.layers[0].below,
        Float64Array.from(tables.subarray(i * width, (i + 1) * width)), none,
      );
    return found;
  }

  // Before the first character.
  start() {
    for (const layer of this.layers) {
      layer.output = new Float64Array(this.hidden);
      layer.memory = new Float64Array(this.hidden);
    }
  }

  // The scores (not to be kept: the next step overwrites them) after one more character and the values of its inputs.
  step(id, values) {
    this.layers.forEach((layer, number) => {
      if (number) product(layer.fromBelow, layer.below, this.layers[number - 1].output, layer.belowBias);
      else {
        layer.fromBelow.set(layer.belowBias);
        add(layer.fromBelow, this.ofCharacter, id * this.rows);
        values.forEach((value, input) => add(layer.fromBelow, this.ofInput, (this.firstOfInput[input] + value) * this.rows));
      }
      product(layer.fromBefore, layer.recurrent, layer.output, layer.recurrentBias);
      CELLS[this.cell](layer, this.hidden);
    });
    product(this.logits, this.outputWeight, this.layers.at(-1).output, this.outputBias);
    if (this.direct) {
      const width = this.vocabulary.length;
      add(this.logits, this.direct, id * width);
      values.forEach((value, input) => add(this.logits, this.direct, (width + this.firstOfInput[input] + value) * width));
    }
    return this.logits;
  }
}

const CELLS = {
  rnn({ fromBelow: a, fromBefore: b, output }, hidden) {
    for (let i = 0; i < hidden; i++) output[i] = tanh(a[i] + b[i]);
  },
  gru({ fromBelow: a, fromBefore: b, output }, hidden) {
    for (let i = 0; i < hidden; i++) {
      const reset = sigmoid(a[i] + b[i]), keep = sigmoid(a[hidden + i] + b[hidden + i]);
      const fresh = tanh(a[2 * hidden + i] + reset * b[2 * hidden + i]);
      output[i] = (1 - keep) * fresh + keep * output[i];
    }
  },
  lstm({ fromBelow: a, fromBefore: b, output, memory }, hidden) {
    for (let i = 0; i < hidden; i++) {
      const take = sigmoid(a[i] + b[i]), keep = sigmoid(a[hidden + i] + b[hidden + i]);
      const fresh = tanh(a[2 * hidden + i] + b[2 * hidden + i]), show = sigmoid(a[3 * hidden + i] + b[3 * hidden + i]);
      memory[i] = keep * memory[i] + take * fresh;
      output[i] = show * tanh(memory[i]);
    }
  },
};

// Probabilities of scores; those in `without` get none.
export function softmax(logits, temperature, without = []) {
  let largest = -Infinity;
  logits.forEach((logit, id) => { if (!without.includes(id) && logit > largest) largest = logit; });
  const found = new Float64Array(logits.length);
  let sum = 0;
  for (let id = 0; id < found.length; id++) {
    if (without.includes(id)) continue;
    found[id] = temperature ? exp((logits[id] - largest) / temperature) : +(logits[id] === largest);
    sum += found[id];
    if (!temperature && found[id]) break; // of two that are alike the first
  }
  return found.map((value) => value / sum);
}
