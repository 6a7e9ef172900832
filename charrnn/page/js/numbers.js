// exp and tanh in + - * / alone, which every engine rounds in the same way, and numpy's random numbers.

const LN2_HIGH = 0.6931471803691238, LN2_LOW = 1.9082149292705877e-10, LOG2E = 1.4426950408889634;
const POWERS = new Float64Array(2200); // 2 ** (i - 1100)
POWERS[1100] = 1;
for (let i = 1101; i < 2200; i++) POWERS[i] = Math.min(POWERS[i - 1] * 2, Number.MAX_VALUE);
for (let i = 1099; i >= 0; i--) POWERS[i] = POWERS[i + 1] / 2;

export function exp(x) {
  if (x < -745) return 0;
  if (x > 709) return Infinity;
  const k = Math.floor(x * LOG2E + 0.5), r = x - k * LN2_HIGH - k * LN2_LOW; // |r| < 0.35
  // Taylor's series to r ** 13: the rest is below 1e-17.
  let sum = 1;
  for (let n = 13; n > 0; n--) sum = 1 + (sum * r) / n;
  return sum * POWERS[k + 1100];
}

export const sigmoid = (x) => 1 / (1 + exp(-x));

export function tanh(x) {
  if (x > 20) return 1;
  if (x < -20) return -1;
  return 1 - 2 / (exp(2 * x) + 1);
}

const MASK = (1n << 64n) - 1n;

// numpy.random.Generator(Philox(key=[seed, number], counter=counter)): Philox4x64-10 (Salmon et al. 2011).
export class Philox {
  constructor(seed, number, counter = [0, 0, 0, 0]) {
    this.key = [BigInt(seed) & MASK, BigInt(number)];
    this.counter = counter.map(BigInt);
    this.block = [];
  }

  // The next number, a double in [0, 1).
  random() {
    if (!this.block.length) this.fill();
    return Number(this.block.shift() >> 11n) / 9007199254740992;
  }

  fill() {
    for (let i = 0; i < 4; i++) {
      this.counter[i] = (this.counter[i] + 1n) & MASK;
      if (this.counter[i]) break;
    }
    let [a, b, c, d] = this.counter, [one, two] = this.key;
    for (let round = 0; round < 10; round++) {
      const p = 0xd2e7470ee14c6c93n * a, q = 0xca5a826395121157n * c;
      [a, b, c, d] = [(q >> 64n) ^ b ^ one, q & MASK, (p >> 64n) ^ d ^ two, p & MASK];
      one = (one + 0x9e3779b97f4a7c15n) & MASK;
      two = (two + 0xbb67ae8584caa73bn) & MASK;
    }
    this.block = [a, b, c, d];
  }
}
