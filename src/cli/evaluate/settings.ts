/** What an evaluation measures: by a preset, or as the run does it while it trains. */
import { UserError } from "../../base/errors.ts";
import { type MetricDescriptor, type Preset, preset, presets, type Score } from "../../metrics/index.ts";
import type { OwnEvaluation } from "../../training/index.ts";

/** The protocol that is a run's own. */
export const OWN = "run";

/** The names that `--protocol` takes. */
export const protocolNames: readonly string[] = [OWN, ...Object.keys(presets)];

/** The settings of an evaluation. */
export interface EvaluationSettings extends Pick<Preset, "fakeCount" | "realCount" | "realSplit"> {
  /** The name of the protocol. */
  readonly name: string;
  readonly metrics: readonly MetricDescriptor[];
  readonly features: string;
  /** Undefined: the network's usual one. */
  readonly resizer: Preset["resizer"] | undefined;
  readonly seed: number;
}

/** The flags that choose them. */
interface Flags {
  readonly protocol: string | undefined;
  readonly features: string | undefined;
}

/**
 * The settings: those of the named protocol, with Inception's features unless others are named. Without a name they are the
 * run's own, if it scores itself while it trains, and else those of `quick`.
 *
 * @throws UserError when there is no such protocol, or none of its own.
 */
export function evaluationSettings(
  { protocol, features }: Flags,
  { title, own }: { readonly title: string; readonly own?: OwnEvaluation | undefined },
): EvaluationSettings {
  const name = protocol ?? (own === undefined ? "quick" : OWN);
  if (name !== OWN) return { name, seed: 0, ...preset(name), features: features ?? "inception" };
  if (own === undefined) {
    throw new UserError(
      `--protocol ${OWN} is how a run scores itself while it trains, and ${title} does not; name another: ${Object.keys(presets).join(", ")}`,
    );
  }
  return {
    name,
    metrics: own.metrics,
    features: features ?? own.features,
    resizer: undefined,
    fakeCount: own.samples,
    realCount: own.real,
    seed: own.seed,
  };
}

/**
 * What the user changed of the named protocol, in words: `images 300`, `features mnist-classifier`. Scores of a changed
 * protocol are not those that its name promises.
 */
export function changesOf(
  settings: EvaluationSettings,
  standardFeatures: string,
  given: { readonly metrics: string | undefined; readonly options: readonly string[] },
  scores: readonly Score[],
): string[] {
  const { fakeCount, realCount, features } = settings;
  const images = scores[0]?.protocol.fakeCount;
  const real = scores.find(({ protocol }) => protocol.real !== null)?.protocol.real?.count ?? undefined;
  const standard = fakeCount === "real" ? real : fakeCount;
  return [
    ...(images !== undefined && standard !== undefined && images !== standard ? [`images ${images}`] : []),
    ...(real !== undefined && realCount !== undefined && real !== realCount ? [`real images ${real}`] : []),
    ...(features === standardFeatures ? [] : [`features ${features}`]),
    ...(given.metrics === undefined ? [] : [`metrics ${given.metrics}`]),
    ...given.options,
  ];
}
