// What the page's modules say of tunes: a JSON array of tunes in, a JSON array of answers out.
// node ported.mjs <modules> <question> < input.json
import { readFileSync } from "node:fs";

const [modules, question] = process.argv.slice(2);
const { tables, tunes, network } = JSON.parse(readFileSync(0, "utf8"));
globalThis.charrnnTables = tables;
const load = (name) => import(`${modules}/${name}.js`);

const QUESTIONS = {
  async context() {
    const { Context } = await load("context"), { Inputs } = await load("inputs");
    const inputs = new Inputs(network.inputs, new Map(network.vocabulary.map((c, id) => [c, id])));
    return (tune) => {
      const context = new Context(), rows = [inputs.row(context)];
      for (const character of tune) {
        context.read(character);
        rows.push(inputs.row(context));
      }
      return rows;
    };
  },
  async reading() {
    const { read } = await load("reading"), { played } = await load("playing");
    return (tune) => {
      const reading = read(tune);
      return {
        faults: reading.faults,
        problems: reading.problems.map(({ kind, position }) => [kind, position]),
        notes: reading.notes.map(({ position, onset, duration, pitch }) => [position, onset, duration, pitch]),
        played: played(reading).map(({ onset, duration, pitch }) => [onset, duration, pitch]),
      };
    };
  },
  async numbers() {
    const { exp, tanh, Philox } = await load("numbers");
    return ([kind, ...given]) => {
      if (kind === "exp") return given.map(exp);
      if (kind === "tanh") return given.map(tanh);
      const random = new Philox(...given);
      return Array.from({ length: 600 }, () => random.random());
    };
  },
  async typing() {
    const { canonicalBars } = await load("typing");
    return ([head, bars]) => canonicalBars(head, bars);
  },
  async spelled() {
    const { spelled } = await load("typing"), { readKey } = await load("fields");
    return ([pitch, key]) => spelled(pitch, readKey(key));
  },
  async keys() {
    const { withTonic, withDrawnKey } = await load("keys");
    return ([text, tonic, tonics, seed, number]) =>
      tonic ? withTonic(text, tonic) : withDrawnKey(text, tonics, seed, number);
  },
  async compose() {
    const { Network } = await load("network"), { Composition } = await load("sampling"), { withDrawnKey, withTonic } = await load("keys");
    const loaded = new Network(network);
    return ([settings, number]) => {
      const composition = new Composition(loaded, settings, number);
      while (composition.next());
      let { text } = composition;
      if (network.tonics) text = settings.key ? withTonic(text, settings.key) : withDrawnKey(text, network.tonics, settings.seed, number);
      return { text, ended: composition.ended, log_prob: composition.logProb };
    };
  },
};
const answer = await QUESTIONS[question]();
process.stdout.write(JSON.stringify(tunes.map(answer)));
