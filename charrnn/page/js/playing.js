// A tune as it sounds: repeats and endings played out, ties joined (charrnn/music/notation/playing.py, without P:).
import { divides, repeats, same } from "./bars.js";

// [{ onset, duration, pitch, notes }] in whole notes from the beginning; `notes` are the written ones it is made of.
export function played(reading) {
  const sounding = [];
  for (const voice of new Set(reading.bars.map((bar) => bar.voice))) {
    const numbers = [...reading.bars.keys()].filter((number) => reading.bars[number].voice === voice);
    const notes = new Map(numbers.map((number) => [number, []]));
    for (const note of reading.notes) if (!note.grace) notes.get(note.bar)?.push(note);
    const bars = numbers.map((number) => reading.bars[number]);
    sounding.push(...sounds(order(bars).map((i) => [bars[i], notes.get(numbers[i])])));
  }
  return sounding.sort((a, b) => (same(a.onset, b.onset) ? a.pitch - b.pitch : a.onset - b.onset));
}

function sounds(bars) {
  const sounding = [], tied = new Map();
  let time = 0;
  for (const [bar, notes] of bars) {
    for (const note of notes) {
      const onset = time + note.onset - bar.onset;
      let held = tied.get(note.pitch);
      tied.delete(note.pitch);
      if (held && same(held.onset + held.duration, onset)) {
        held.duration += note.duration;
        held.notes.push({ note, onset });
      } else {
        held = { onset, duration: note.duration, pitch: note.pitch, notes: [{ note, onset }] };
        sounding.push(held);
      }
      if (note.tied) tied.set(note.pitch, held);
    }
    time += bar.length;
  }
  return sounding;
}

// Numbers of the bars of one voice in the order they are played.
export function order(bars) {
  const played = [], ends = endsOf(bars), passes = new Map();
  let at = 0, start = 0, pass = 1, opened = bars.length > 0 && repeats(bars[0].opening)[1] > 0;
  while (at < bars.length) {
    const bar = bars[at], end = ends[at];
    let again;
    if (bar.ending.length && !bar.ending.includes(pass)) {
      again = bar.ending.includes(pass + 1) && bars.slice(start, at).some((other) => other.ending.includes(pass));
      if (!again) [at, pass] = otherEnding(bars, at, end, pass);
    } else {
      played.push(at);
      const more = repeats(bar.closing)[0], part = `${start} ${end}`;
      if (!passes.has(part)) passes.set(part, Math.max(0, ...bars.slice(start, end).map((other) => other.ending.at(-1) ?? 0)));
      again = more > 0 && pass < Math.max(more + 1, passes.get(part));
      at += 1;
    }
    if (again) {
      at = start;
      pass += 1;
      opened = repeats(bars[at].opening)[1] > 0;
    } else if (at < bars.length) {
      const [before, behind] = repeats(bars[at].opening);
      if ((behind || before || !opened) && divides(bars[at].opening) && !bars[at].ending.length) {
        start = at;
        pass = 1;
      }
      opened = behind > 0 || (opened && !before);
    }
  }
  return played;
}

function otherEnding(bars, at, end, pass) {
  for (let i = at + 1; i < end; i++) if (bars[i].ending.includes(pass)) return [i, pass];
  for (let i = at; i < end; i++) {
    const later = bars[i].ending.find((number) => number > pass);
    if (later !== undefined) return [i, later];
  }
  return [end, pass];
}

function endsOf(bars) {
  const ends = bars.map(() => bars.length);
  for (let i = bars.length - 1; i > 0; i--) ends[i - 1] = divides(bars[i].opening) && !bars[i].ending.length ? i : ends[i];
  return ends;
}
