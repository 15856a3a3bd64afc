/** Which runs are listed, and in which order. */
import type { RunState, RunSummary } from "../../../api.ts";
import { STATES } from "../../data/text.ts";

/** The orders by name, with what they are called. */
export const ORDERS = {
  newest: "Newest first",
  name: "Name",
  score: "Best score",
  step: "Steps done",
  speed: "Images a second",
} as const;
export type Order = keyof typeof ORDERS;

/** Groups of states that can be chosen. */
export const STATE_FILTERS: Readonly<Record<string, readonly RunState[]>> = {
  "All states": [],
  Active: ["preparing", "training", "stopping"],
  Finished: ["finished"],
  Stopped: ["stopped", "lost"],
  Failed: ["failed"],
};

/** Whether every word of the filter stands somewhere in the run's name, folder, state or settings (`loss=hinge`). */
export function matches(run: RunSummary, filter: string): boolean {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const settings = Object.entries(run.settings).map(([path, value]) => `${path}=${value}`);
  const text = [run.name, run.id, run.source, STATES[run.state], ...settings].join("\n").toLowerCase();
  return words.every((word) => text.includes(word));
}

const began = ({ began: time }: RunSummary): number => Date.parse(time ?? "") || 0;

/** Lower and higher scores mix only where runs differ in their score; those without one come last. */
function byScore(a: RunSummary, b: RunSummary): number {
  if (a.score === undefined || b.score === undefined)
    return Number(a.score === undefined) - Number(b.score === undefined);
  if (a.score.name !== b.score.name) return a.score.name.localeCompare(b.score.name);
  const difference = a.score.best - b.score.best;
  return a.score.better === "lower" ? difference : -difference;
}

const comparers: Readonly<Record<Order, (a: RunSummary, b: RunSummary) => number>> = {
  newest: (a, b) => began(b) - began(a),
  name: (a, b) => a.name.localeCompare(b.name),
  score: byScore,
  step: (a, b) => b.step - a.step,
  speed: (a, b) => (b.imagesPerSecond ?? -1) - (a.imagesPerSecond ?? -1),
};

/** The runs in an order; equal ones by their folders. */
export const ordered = (runs: readonly RunSummary[], order: Order): RunSummary[] =>
  [...runs].sort((a, b) => comparers[order](a, b) || a.id.localeCompare(b.id));

/** The settings in which runs differ first, then the others: what can be shown as tags. */
export function tagChoices(runs: readonly RunSummary[]): { readonly differing: string[]; readonly equal: string[] } {
  const values = new Map<string, Set<string>>();
  for (const { settings } of runs) {
    for (const path of Object.keys(settings)) if (!values.has(path)) values.set(path, new Set());
  }
  for (const [path, set] of values) for (const { settings } of runs) set.add(settings[path] ?? "");
  const paths = [...values.keys()];
  return {
    differing: paths.filter((path) => values.get(path)!.size > 1),
    equal: paths.filter((path) => values.get(path)!.size === 1),
  };
}
