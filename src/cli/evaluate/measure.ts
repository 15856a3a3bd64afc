/** Measures the scores of a subject: opens what the metrics need, and gives a function that evaluates with a seed. */
import { counted } from "../../base/counted.ts";
import { UserError } from "../../base/errors.ts";
import {
  costText,
  evaluate,
  hashOf,
  type ImageSet,
  isStatistics,
  type Metric,
  type MetricDescriptor,
  needsFeatures,
  openFeatures,
  resizerFor,
  type Score,
  type StatisticsFile,
  statisticsHash,
  writeStatistics,
} from "../../metrics/index.ts";
import { UsageError } from "../errors.ts";
import { clock, Remaining } from "../progress.ts";
import type { EvaluationSettings } from "./settings.ts";
import { openReal, type Preparing, type Subject, type VectorSubject } from "./subject.ts";

/** What to measure, and how. */
export interface Measurement {
  readonly what: string;
  readonly settings: EvaluationSettings;
  readonly metrics: readonly MetricDescriptor[];
  /** Whether the user named the metrics. */
  readonly named: boolean;
  /** How many samples the user wants. */
  readonly count: number | undefined;
  readonly real: string | undefined;
  readonly split: string | undefined;
  readonly realCount: number | undefined;
  readonly device: string;
  /** The statistics file to write. */
  readonly saveStatistics: string | undefined;
  readonly seeds: number;
  readonly preparing: Preparing;
  /** Shows progress. */
  show(text: string): void;
  /** Prints a line that stays. */
  print(text: string): void;
}

/** Evaluates with one seed. */
export type Measure = (seed: number) => Promise<Score[]>;

/**
 * Measures the samples of a run that makes vectors.
 * @throws UserError when no metric is named and the run has none.
 */
export function measureVectors(subject: VectorSubject, { settings, metrics, named, count }: Measurement): Measure {
  if (subject.own === undefined && !named) {
    throw new UserError(
      `${subject.title} makes vectors, and its recipe names no scores: give --metrics, such as mixture`,
    );
  }
  const samples = count ?? (settings.fakeCount === "real" ? undefined : settings.fakeCount);
  if (samples === undefined) throw new UserError(`--protocol ${settings.name} is for images`);
  return (seed) => subject.vectorScores(metrics, samples, seed);
}

/**
 * Measures images. What is opened is given to `opened`, to be closed at the end.
 * @throws UserError when the real images are missing, or flags do not fit.
 */
export async function measureImages(
  subject: Subject,
  measurement: Measurement,
  opened: { close(): void | Promise<void> }[],
): Promise<Measure> {
  const { what, settings, named, realCount, saveStatistics, device, preparing } = measurement;
  const all = measurement.metrics.map((metric) => metric.build());
  const classifying = subject.classify === undefined ? [] : all.filter(({ needs }) => needs.classified);
  let metrics = all.filter((metric) => !classifying.includes(metric));
  let isAlone = false;
  const isNeeded = (): boolean => metrics.some(comparing) || settings.fakeCount === "real";
  const real = isNeeded()
    ? await openReal(subject, {
        ...measurement,
        usualSplit: settings.realSplit,
        most: realCount ?? settings.realCount,
      })
    : undefined;
  if (real !== undefined) opened.push(real);
  else if (isNeeded() && saveStatistics !== undefined && !named) {
    isAlone = true;
    metrics = metrics.filter((metric) => !comparing(metric));
    preparing.note?.("there are no real images to compare with (--real), so only scores that need none are measured");
  } else if (isNeeded()) {
    throw new UsageError(`${what} does not say which real images to compare with: give --real, such as --real mnist`);
  }
  if (realCount !== undefined && real !== undefined && isStatistics(real.value)) {
    throw new UsageError(`--real-count goes with images, and ${real.value.name} holds statistics of all its images`);
  }
  const network =
    metrics.some(needsFeatures) || saveStatistics !== undefined
      ? await openFeatures(settings.features, { device, resizer: settings.resizer })
      : undefined;
  if (network !== undefined) opened.push({ close: () => network.dispose() });
  if (subject.warning !== undefined) preparing.note?.(subject.warning);
  const count = measurement.count ?? (settings.fakeCount === "real" ? countOf(real!.value) : settings.fakeCount);
  if (count === undefined) {
    throw new UserError(
      `--protocol ${settings.name} draws as many samples as there are real images, and ${measurement.real} does not say how many: give --count`,
    );
  }
  if (isAlone) {
    // The statistics are what is wanted: a score of the protocol that cannot be had is no reason to refuse them.
    const samples = subject.drawn ? count : subject.images(count, 0).images.count;
    for (const { kind, fewest } of metrics.filter((metric) => metric.fewest > samples))
      preparing.note?.(
        `\`${kind}\` is left out: it needs at least ${counted(fewest, "sample")}, and ${what} has ${samples}`,
      );
    metrics = metrics.filter(({ fewest }) => fewest <= samples);
  }
  return async (seed) => {
    const classified = classifying.length > 0 ? await subject.classify!(classifying) : [];
    if (metrics.length === 0 && saveStatistics === undefined) return classified;
    const pace = new Map<string, Remaining>();
    const which = measurement.seeds > 1 ? `seed ${seed}, ` : "";
    const fake = subject.images(count, seed);
    const statistics = saveStatistics === undefined ? undefined : { file: saveStatistics, network: network! };
    const hash = statistics && !subject.drawn ? await hashOf(fake.images, preparing.stop) : undefined;
    const scores = await evaluate({
      network,
      metrics,
      fake,
      real: real?.value,
      seed,
      stop: preparing.stop,
      trial: subject.trial?.(count, seed),
      announce: (cost) => measurement.print(`${which}${costText(cost)}`),
      warn: (message) => preparing.note?.(message),
      onMoments:
        statistics &&
        ((moments) => {
          const images = { name: subject.title, count: moments.count, hash: hash ?? statisticsHash(moments) };
          const { name, hash: featuresHash } = statistics.network;
          const resizer = resizerFor(fake.images, statistics.network);
          writeStatistics(statistics.file, moments, { images, features: name, featuresHash, resizer });
        }),
      onProgress({ name, done, total }) {
        const remaining = pace.get(name) ?? new Remaining();
        pace.set(name, remaining);
        const left = clock(remaining.update(done, total));
        measurement.show(`${which}features of ${name}: ${done} of ${counted(total, "image")}, ${left} left`);
      },
    });
    return [...scores, ...classified];
  };
}

const comparing = ({ needs }: Metric): boolean => needs.real.length > 0;

/** How many real images there are; undefined of statistics that do not say it. */
function countOf(real: ImageSet | StatisticsFile): number | undefined {
  if (!isStatistics(real)) return real.count;
  return Number.isNaN(real.moments.count) ? undefined : real.moments.count;
}
