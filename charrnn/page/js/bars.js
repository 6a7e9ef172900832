// Bars against the meter, repeats and endings against each other (charrnn/music/notation/bars.py).
// Lengths are doubles in whole notes: two that differ by less than a billionth are one.

export const same = (a, b) => Math.abs(a - b) < 1e-9;
const MOST_REPEATS = 8;

// How many more times bar lines have what is before them played, and what is behind: :| is [1, 0], |:: [0, 2].
export function repeats(lines) {
  const before = [...lines.matchAll(/(?<![|:])(:+)[\][]*\|/g)].map((match) => match[1].length);
  const behind = [...lines.matchAll(/\|(:+)/g)].map((match) => match[1].length);
  const both = [...lines.matchAll(/(?<![^ ])::+(?![^ ])/g)].map(() => 1);
  return [Math.min(Math.max(0, ...before, ...both), MOST_REPEATS), Math.min(Math.max(0, ...behind, ...both), MOST_REPEATS)];
}

// Whether one of the bar lines ends a part: a repeat or a double line, none that is plain, dotted or invisible.
export const divides = (lines) => lines.split(" ").some((line) => line && !["|", ".|", "[|]"].includes(line));

// Set the kind of every bar of one voice; the problems of bars, repeats and endings.
export function judge(bars) {
  const problems = [];
  let isSplit = false;
  bars.forEach((bar, i) => {
    const following = bars[i + 1]?.ending ?? [];
    if (bar.expected === null) bar.kind = "free";
    else if (same(bar.length, bar.expected)) bar.kind = "full";
    else if (bar.length > bar.expected) bar.kind = "wrong";
    else if (i === 0) bar.kind = "pick-up";
    else if (i === bars.length - 1) bar.kind = "last";
    else if (bar.ending.length || following.length) bar.kind = "ending";
    else bar.kind = divides(bar.opening) || divides(bar.closing) ? "repeat" : "wrong";
    if (isSplit && (bar.kind === "wrong" || bar.kind === "last")) {
      bar.kind = "split";
      isSplit = false;
    } else if (bar.endsLine && (bar.kind === "wrong" || bar.kind === "pick-up") && completes(bar, bars[i + 1])) {
      bar.kind = "split";
      isSplit = true;
    }
    if (bar.kind === "wrong") problems.push({ kind: "bar length", position: bar.position, found: bar.length, expected: bar.expected });
  });
  return [...problems, ...unpaired(bars)];
}

function completes(bar, other) {
  return other !== undefined && bar.expected === other.expected && same(other.expected, bar.length + other.length)
    && !(other.ending.length || divides(other.opening) || divides(other.closing));
}

function unpaired(bars) {
  const problems = [], problem = (kind, bar, found, expected) => problems.push({ kind, position: bar.position, found, expected });
  const alone = () => passes.size === 1 && passes.has(1) && problem("ending", endings[0], "1", "ending 2 behind it");
  let opened = null, endings = [], passes = new Set();
  for (const bar of bars) {
    const [ends, starts] = repeats(bar.opening);
    if (ends) opened = null;
    if (starts || (divides(bar.opening) && !bar.ending.length)) {
      alone();
      endings = [];
      passes = new Set();
    }
    if (starts) {
      if (opened) problem("repeat", opened, "|:", "a :| before the next |:");
      opened = bar;
    }
    if (bar.ending.length) {
      const first = bar.ending[0];
      if (first > 1 && !passes.has(first - 1)) problem("ending", bar, `${first}`, `ending ${first - 1} before it`);
      else if (first > 1 && !ends) problem("ending", bar, bar.opening, `:| before ending ${first}`);
      endings.push(bar);
      bar.ending.forEach((pass) => passes.add(pass));
    }
  }
  alone();
  if (opened && !repeats(bars.at(-1).closing)[0]) problem("repeat", opened, "|:", "a :| after it");
  return problems;
}
