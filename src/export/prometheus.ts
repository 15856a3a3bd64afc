/**
 * The newest numbers of runs in Prometheus' text format (version 0.0.4): what a monitoring server reads at /metrics.
 */
import type { ScoresEvent } from "../training/index.ts";

/** The content type of the text. */
export const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** The newest state of a run. */
export interface RunNow {
  /** Tells it from the other runs. */
  readonly name: string;
  /** Such as `training`, `finished`, `stopped` or `failed`. */
  readonly state: string;
  /** Steps of the whole run; undefined where it is not known. */
  readonly steps?: number | undefined;
  /** The newest tick and evaluation, where there are any. */
  readonly tick?: Readonly<Record<string, number | undefined>> | undefined;
  readonly scores?: Pick<ScoresEvent, "step" | "scores"> | undefined;
}

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number | undefined;
}

interface Family {
  readonly name: string;
  readonly help: string;
  samples(run: RunNow): readonly Sample[];
}

/** Keys of a tick that have a family of their own. */
const OWN = ["step", "epoch", "imagesPerSecond", "seconds"];

const one = (value: number | undefined): Sample[] => [{ labels: {}, value }];

const FAMILIES: readonly Family[] = [
  {
    name: "gantry_run_state",
    help: "1 for the state that the run is in.",
    samples: ({ state }) => [{ labels: { state }, value: 1 }],
  },
  { name: "gantry_run_step", help: "Steps done at the newest line of the log.", samples: (run) => one(run.tick?.step) },
  { name: "gantry_run_steps", help: "Steps of the whole run.", samples: (run) => one(run.steps) },
  { name: "gantry_run_epoch", help: "Passes of D over the data.", samples: (run) => one(run.tick?.epoch) },
  {
    name: "gantry_run_images_per_second",
    help: "Real samples that D saw per second of training.",
    samples: (run) => one(run.tick?.imagesPerSecond),
  },
  {
    name: "gantry_run_training_seconds",
    help: "Seconds of training over all sessions.",
    samples: (run) => one(run.tick?.seconds),
  },
  {
    name: "gantry_run_number",
    help: "The other numbers of the newest line of the log, such as lossD and lossG.",
    samples: ({ tick = {} }) =>
      Object.entries(tick).flatMap(([name, value]) => (OWN.includes(name) ? [] : [{ labels: { name }, value }])),
  },
  {
    name: "gantry_run_score",
    help: "The scores of the newest evaluation.",
    samples: ({ scores }) => (scores?.scores ?? []).map(({ name, value }) => ({ labels: { name }, value })),
  },
  {
    name: "gantry_run_score_step",
    help: "The step of the newest evaluation.",
    samples: ({ scores }) => one(scores?.step),
  },
];

/**
 * The text for a list of runs. Families without a sample are left out.
 *
 * @example
 * prometheusText([{ name: "digits", state: "training", steps: 1800, tick: directory.ticks().at(-1) }]);
 */
export function prometheusText(runs: readonly RunNow[]): string {
  const lines = FAMILIES.flatMap(({ name, help, samples }) => {
    const found = runs.flatMap((run) =>
      samples(run).flatMap(({ labels, value }) =>
        value === undefined ? [] : [`${name}${labelText({ run: run.name, ...labels })} ${valueText(value)}`],
      ),
    );
    return found.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...found];
  });
  return lines.map((line) => `${line}\n`).join("");
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(",")}}`;
}

/** Label values may hold anything but a backslash, a quote and a line feed. Nothing else breaks a line for the format. */
function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function valueText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}
