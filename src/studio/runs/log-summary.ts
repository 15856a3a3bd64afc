/**
 * What the list of runs needs of a log: its sessions, its scores and where it stands. Most lines of a log are numbers, of
 * which only the last ones are parsed, so that a hundred long logs are read in less than a second.
 */
import type { Score } from "../../metrics/index.ts";
import type { RunLine } from "../api.ts";
import type { LineSink } from "./line-reader.ts";
import { type ParsedLine, parseLine, parseLines, type ScoresLine } from "./log-lines.ts";

const NEWLINE = 0x0a;
/** Every line but those of numbers has this key. */
const EVENT = Buffer.from('"event"');
/** How Gantry writes the lines that are not needed here: they are long. */
const OUTPUTS = Buffer.from('"event":"outputs"');
/** Lines of numbers that the speed is computed from. */
const RECENT = 10;
/** Lines about sessions that are kept: the first and the last ones. */
const MOST_EVENTS = 400;
/** Evaluations that are kept. Beyond, every other one is left out. */
const MOST_EVALUATIONS = 4_000;

/** Where the log stands at one of its lines of numbers. */
export interface Mark {
  readonly step: number;
  readonly seconds: number;
  readonly imagesPerSecond: number | undefined;
}

/** Follows the log of a run. */
export class LogSummary implements LineSink {
  /** The last lines of numbers of the newest session, oldest first. */
  marks: Mark[] = [];
  events: RunLine[] = [];
  evaluations: ScoresLine[] = [];
  /** All numbers of the last line of numbers. */
  newest: ReadonlyMap<string, number> = new Map();
  /** Steps done. */
  step = 0;
  /** Seconds of training. */
  seconds = 0;
  /** Protocols by their text: a run has few, and each of its scores names one. */
  readonly #protocols = new Map<string, Score["protocol"]>();

  restart(): void {
    this.marks = [];
    this.events = [];
    this.evaluations = [];
    this.newest = new Map();
    this.step = 0;
    this.seconds = 0;
    this.#protocols.clear();
  }

  lines(chunk: Buffer): void {
    let after = 0;
    /** The lines of numbers of the newest session in this chunk: what stands between the others. */
    let numbers: Buffer[] = [];
    for (let at = chunk.indexOf(EVENT); at >= 0; at = chunk.indexOf(EVENT, after)) {
      const start = chunk.lastIndexOf(NEWLINE, at) + 1;
      const end = chunk.indexOf(NEWLINE, at) + 1 || chunk.length;
      if (start > after) numbers.push(chunk.subarray(after, start));
      after = end;
      if (chunk.subarray(at, at + OUTPUTS.length).equals(OUTPUTS)) continue;
      const line = parseLine(chunk.toString("utf8", start, end));
      if (line === undefined) continue;
      this.#take(line);
      if ("event" in line && (line.event === "start" || line.event === "resume")) numbers = [];
    }
    if (after < chunk.length) numbers.push(chunk.subarray(after));
    for (const part of lastLines(numbers)) for (const line of parseLines(part)) this.#take(line);
  }

  #take(line: ParsedLine): void {
    if ("numbers" in line) {
      this.step = line.step;
      this.newest = line.numbers;
      this.seconds = line.numbers.get("seconds") ?? this.seconds;
      const imagesPerSecond = line.numbers.get("imagesPerSecond");
      this.marks.push({ step: line.step, seconds: this.seconds, imagesPerSecond });
      if (this.marks.length > RECENT) this.marks.shift();
    } else if ("scores" in line) {
      this.evaluations.push({ ...line, scores: line.scores.map((score) => this.#shared(score)) });
      if (this.evaluations.length > MOST_EVALUATIONS) {
        this.evaluations = this.evaluations.filter((_, i) => i % 2 === 1);
        // A log with ever new protocols does not fill the memory with them.
        this.#protocols.clear();
      }
    } else if (!("fields" in line)) {
      this.#session(line);
    }
  }

  /** The score with the one protocol that all scores of that protocol share. */
  #shared(score: Score): Score {
    const text = JSON.stringify(score.protocol);
    const protocol = this.#protocols.get(text) ?? score.protocol;
    this.#protocols.set(text, protocol);
    return { ...score, protocol };
  }

  #session(line: RunLine): void {
    // Steps after the checkpoint are made again.
    if (line.event === "start" || line.event === "resume") {
      this.step = line.step;
      this.marks = [];
      this.evaluations = this.evaluations.filter(({ step }) => step <= line.step);
    }
    this.events.push(line);
    if (this.events.length > MOST_EVENTS) this.events.splice(MOST_EVENTS / 2, 1);
  }
}

/** The last lines of several pieces, in order. */
function lastLines(pieces: readonly Buffer[]): Buffer[] {
  const found: Buffer[] = [];
  let count = 0;
  for (let i = pieces.length - 1; i >= 0 && count < RECENT; i--) {
    const piece = pieces[i]!;
    let start = piece.length;
    for (; count < RECENT && start > 0; count++) start = start < 2 ? 0 : piece.lastIndexOf(NEWLINE, start - 2) + 1;
    found.unshift(piece.subarray(start));
  }
  return found;
}
