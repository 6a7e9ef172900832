// Instruments, and a player that sounds one tune at a time.
import { quartersAMinute } from "./midi.js";
import { played } from "./playing.js";

// `partials` of one period; seconds of `attack` and `release`; `decay`: how soon a note is half as loud, none if it stays.
const INSTRUMENTS = {
  Flute: { partials: [1, 0.32, 0.12, 0.05, 0.02], attack: 0.045, release: 0.09, vibrato: 0.0035, breath: 0.02, gain: 0.5 },
  Fiddle: { partials: [1, 0.72, 0.6, 0.42, 0.36, 0.3, 0.18, 0.16, 0.1, 0.07], attack: 0.05, release: 0.1, vibrato: 0.005, bright: 3.5, gain: 0.3 },
  Piano: { partials: [1, 0.5, 0.28, 0.2, 0.12, 0.07, 0.04], attack: 0.004, release: 0.18, decay: 0.45, bright: 5, gain: 0.6 },
  Accordion: { partials: [1, 0.15, 0.7, 0.12, 0.4, 0.1, 0.22, 0.06, 0.1], attack: 0.03, release: 0.06, detuned: 5, gain: 0.22 },
  Harp: { partials: [1, 0.35, 0.2, 0.08, 0.05], attack: 0.003, release: 0.5, decay: 0.6, bright: 4, gain: 0.6 },
};
export const instruments = Object.keys(INSTRUMENTS);
const AHEAD = 1.2, EVERY = 250; // seconds that are scheduled, milliseconds between two looks: hidden pages have slow timers

export class Player {
  // `onTime(notes, share)` is called while a tune sounds, with what sounds and how much is over; `onState(isPlaying)`
  // when it begins and ends.
  constructor(onTime, onState) {
    Object.assign(this, { onTime, onState, tempo: 1, instrument: instruments[0], notes: [], length: 0, isPlaying: false });
  }

  // The tune that `play` plays, from its beginning.
  load(reading) {
    this.stop();
    const second = quartersAMinute(reading) / 240; // whole notes
    this.notes = played(reading).map((note) => ({ ...note, onset: note.onset / second, duration: note.duration / second }))
      .filter(({ pitch }) => pitch >= 0 && pitch <= 127);
    this.length = this.notes.reduce((end, note) => Math.max(end, note.onset + note.duration), 0);
    this.at = 0; // seconds at the tune's own tempo
  }

  play() {
    if (!this.notes.length) return;
    this.open();
    if (this.at >= this.length) this.at = 0;
    this.begun = this.audio.currentTime + 0.06;
    this.from = this.at;
    this.next = this.notes.findIndex((note) => note.onset >= this.at - 0.001);
    if (this.next < 0) this.next = this.notes.length;
    this.isPlaying = true;
    this.schedule();
    this.timer = setInterval(() => this.schedule(), EVERY);
    this.onState(true);
    this.follow();
  }

  stop() {
    if (!this.isPlaying) return;
    this.at = this.now();
    this.isPlaying = false;
    clearInterval(this.timer);
    cancelAnimationFrame(this.frame);
    const { bus, audio } = this;
    bus.gain.setTargetAtTime(0, audio.currentTime, 0.02);
    setTimeout(() => bus.disconnect(), 200); // and with it the notes that were scheduled
    this.onState(false);
  }

  // One note, of a key that is pressed.
  note(pitch) {
    this.stop();
    this.open();
    this.sound(pitch, this.audio.currentTime + 0.02, 0.35);
  }

  // Go on at another place, tempo or instrument.
  change(settings) {
    const isPlaying = this.isPlaying;
    this.stop();
    Object.assign(this, settings);
    if (isPlaying) this.play();
  }

  now() {
    return Math.min(this.length, Math.max(this.from, this.from + (this.audio.currentTime - this.begun) * this.tempo));
  }

  schedule() {
    const until = this.now() + AHEAD * this.tempo;
    for (; this.next < this.notes.length && this.notes[this.next].onset < until; this.next++) {
      const { onset, duration, pitch } = this.notes[this.next];
      this.sound(pitch, this.begun + (onset - this.from) / this.tempo, duration / this.tempo);
    }
  }

  follow() {
    const now = this.now();
    const sounding = this.notes.filter((note) => note.onset <= now && now < note.onset + note.duration);
    this.onTime(sounding.map((note) => this.written(note, now)), now / (this.length || 1));
    if (now >= this.length) {
      this.stop();
      this.at = 0;
    } else this.frame = requestAnimationFrame(() => this.follow());
  }

  // Of tied notes the one that is written here.
  written(note, now) {
    const share = (now - note.onset) / note.duration, all = note.notes, last = all.at(-1);
    const length = last.onset - all[0].onset + last.note.duration;
    return all.findLast((one) => one.onset - all[0].onset <= share * length)?.note ?? all[0].note;
  }

  // Browsers let a page sound only after a click: the first one that asks for sound comes here.
  open(make = () => new AudioContext()) {
    const { audio } = this.audio ? this : this.furnish(make());
    audio.resume();
    this.bus = audio.createGain(); // of all that sounds until it is stopped
    this.bus.connect(this.room);
  }

  furnish(audio) {
    this.audio = audio;
    this.room = audio.createGain();
    const echo = audio.createConvolver(), wet = audio.createGain(), end = audio.createDynamicsCompressor();
    echo.buffer = hall(audio);
    wet.gain.value = 0.16;
    this.room.connect(end);
    this.room.connect(echo).connect(wet).connect(end);
    end.connect(audio.destination);
    this.noise = audio.createBuffer(1, audio.sampleRate, audio.sampleRate);
    noiseInto(this.noise.getChannelData(0), () => 1);
    return this;
  }

  sound(pitch, time, duration) {
    const { audio } = this, kind = INSTRUMENTS[this.instrument], hertz = 440 * 2 ** ((pitch - 69) / 12);
    const envelope = audio.createGain(), level = envelope.gain, end = time + Math.max(duration, 0.05);
    level.setValueAtTime(0, time);
    level.linearRampToValueAtTime(kind.gain, time + Math.min(kind.attack, duration / 2));
    if (kind.decay) level.setTargetAtTime(0, time + kind.attack, kind.decay * (440 / hertz) ** 0.5);
    level.setTargetAtTime(0, end - 0.02, kind.release / 4);
    let into = envelope;
    if (kind.bright) {
      into = audio.createBiquadFilter();
      into.frequency.setValueAtTime(Math.min(hertz * kind.bright * 2, 12000), time);
      into.frequency.setTargetAtTime(Math.min(hertz * kind.bright * (kind.decay ? 0.5 : 1), 9000), time, kind.decay ?? 0.1);
      into.connect(envelope);
    }
    envelope.connect(this.bus);
    for (const cents of kind.detuned ? [-kind.detuned, kind.detuned] : [0]) {
      const tone = audio.createOscillator();
      tone.setPeriodicWave(this.wave(kind));
      tone.frequency.value = hertz;
      tone.detune.value = cents;
      if (kind.vibrato && duration > 0.25) this.vibrato(tone, hertz * kind.vibrato, time, end);
      tone.connect(into);
      tone.start(time);
      tone.stop(end + 3 * kind.release);
    }
    if (kind.breath) this.breathe(into, hertz, kind.breath, time, end);
  }

  wave(kind) {
    return (kind.made ??= this.audio.createPeriodicWave(
      Float32Array.from([0, ...kind.partials.map(() => 0)]), Float32Array.from([0, ...kind.partials]),
    ));
  }

  vibrato(tone, depth, time, end) {
    const swing = this.audio.createOscillator(), amount = this.audio.createGain();
    swing.frequency.value = 5.2;
    amount.gain.setValueAtTime(0, time + 0.15);
    amount.gain.linearRampToValueAtTime(depth, time + 0.4);
    swing.connect(amount).connect(tone.frequency);
    swing.start(time);
    swing.stop(end + 0.3);
  }

  breathe(into, hertz, amount, time, end) {
    const air = this.audio.createBufferSource(), band = this.audio.createBiquadFilter(), level = this.audio.createGain();
    air.buffer = this.noise;
    air.loop = true;
    band.type = "bandpass";
    band.frequency.value = hertz * 2;
    level.gain.value = amount;
    air.connect(band).connect(level).connect(into);
    air.start(time);
    air.stop(end + 0.2);
  }
}

function noiseInto(samples, loudness) {
  let state = 1;
  for (let i = 0; i < samples.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    samples[i] = (state / 2147483648) * loudness(i / samples.length);
  }
}

function hall(audio) {
  const buffer = audio.createBuffer(2, audio.sampleRate * 1.1, audio.sampleRate);
  for (const channel of [0, 1]) noiseInto(buffer.getChannelData(channel), (share) => (1 - share) ** 3.5 * (0.9 + 0.1 * channel));
  return buffer;
}
