// What a network reads beside each character: a choice for every input (charrnn/learning/inputs.py).
import { TABLES } from "./tables.js";

const { places: PLACES, longest: LONGEST, whole: WHOLE, bars_ago: BARS_AGO, fields: FIELDS, header: HEADER } = TABLES.inputs;
const { most_bars: MOST_BARS, most_parts: MOST_PARTS } = TABLES.inputs;
const [TONICS, MODES, METERS, RHYTHMS] = ["tonics", "modes", "meters", "rhythms"].map(
  (name) => new Map(Object.entries(TABLES.inputs[name])),
);

function meter(context) {
  const { left, field } = context;
  if (!context.inMusic) return [field ? HEADER + 2 * (FIELDS.indexOf(field) + 1) + context.inValue : HEADER, 0, 0, 0];
  const due = left === null ? null : left - context.pickUp;
  return [lacking(left), lacking(due), 1 + Math.min(context.bar, MOST_BARS), 1 + context.repeat];
}

function lacking(grains) {
  if (grains === null) return 1;
  return grains >= 0 ? 3 + Math.min(Math.ceil((grains * PLACES) / WHOLE), LONGEST) : 2;
}

// By the names of conf/inputs: the values of one moment.
const MEASURES = {
  meter,
  phrase: (context, ids) => BARS_AGO.map((bars) => {
    const stood = context.stood(bars);
    return stood === "" ? 0 : 1 + (ids.get(stood) ?? -1);
  }),
  cond: (context) => context.inMusic ? [
    1 + 7 * (TONICS.get(context.tonic) ?? 0) + (MODES.get(context.mode) ?? 0),
    METERS.get(context.meter) ?? 1,
    RHYTHMS.get(context.rhythm) ?? (context.rhythm ? 1 : 0),
    1 + Math.min(context.part, MOST_PARTS),
    context.degree === null ? 0 : 1 + context.degree,
  ] : [0, 0, 0, 0, 0],
};

export class Inputs {
  constructor(names, ids) {
    this.measures = names.map((name) => MEASURES[name]);
    this.ids = ids;
  }

  row(context) {
    return this.measures.flatMap((measure) => measure(context, this.ids));
  }
}
