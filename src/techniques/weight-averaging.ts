/** Weight averaging (Karras et al. 2018, appendix A.1; Yazıcı et al. 2019): samples and scores are made with the average. */
import { z } from "zod";
import { scheduled, valueAt, WeightAveraging } from "../optim/index.ts";
import { eachStep } from "../tensor/index.ts";
import { decay, notNegative, players, playersOf, positive, whole } from "./options.ts";
import { reportOf } from "./scheduled-report.ts";
import { loadParts, type StateParts, stateOfParts } from "./state-parts.ts";
import { defineTechnique, type Gan, type Player } from "./technique.ts";

const USUAL_DECAY = 0.999;

const options = z
  .strictObject({
    decay: decay.default(USUAL_DECAY),
    start: whole(0, "steps").default(0),
    warmUp: z.boolean().default(false),
    halfLife: scheduled(notNegative).optional(),
    rampUp: positive.optional(),
    buffers: z.enum(["copied", "averaged"]).default("copied"),
    players: players.default("generator"),
  })
  .refine((o) => o.halfLife === undefined || (o.decay === USUAL_DECAY && !o.warmUp), {
    path: ["halfLife"],
    message: "says how fast the average forgets: leave out `decay` and `warmUp`",
  })
  .refine(({ halfLife, rampUp }) => rampUp === undefined || halfLife !== undefined, {
    path: ["rampUp"],
    message: "needs `halfLife`, which it shortens at the beginning",
  });

/**
 * Keeps an exponential moving average over a player's updates:
 *
 *     average <- decay * average + (1 - decay) * weights
 *
 * Training itself is unchanged. `decay`, `start`, `warmUp` and `buffers` are the options of {@link WeightAveraging}.
 *
 * - `halfLife`: in place of `decay`, the real images after which a weight counts half, a number or a schedule
 *   ({@link cosine}): decay = 0.5^(images of an update / half-life), and 0 for a half-life of 0 (StyleGAN2, Karras et al. 2020;
 *   R3GAN lets it grow from 0).
 * - `rampUp`: the half-life is at most this part of the images so far (0.05 in StyleGAN2-ADA).
 * - `buffers` (default "copied"): "averaged" averages batch norm's running statistics too. `standingStatistics` after this
 *   technique takes them again with the averaged weights.
 * - `players` (default "generator"): whose weights. An averaged D matters where D is used after training, as the classifier of
 *   `semiSupervised`.
 *
 * @throws UserError for an option out of range, and for options that contradict each other.
 *
 * @example
 * techniques: [weightAveraging({ decay: 0.999 })]
 */
export const weightAveraging = defineTechnique("weightAveraging", options, (all, { batchSize }) => {
  const { players, halfLife, rampUp, ...o } = all;
  const averages = new Map<Player, WeightAveraging>();
  const parts = (): StateParts => [...averages].map(([player, average]) => [prefixOf(player), average]);
  const report = reportOf(halfLife === undefined ? {} : { halfLife });
  /** Updates of D since the last one of G. */
  let batches = 0;
  const decayOf = (player: Player, { progress }: Gan, batchesNow = batches): number | undefined => {
    if (halfLife === undefined) return undefined;
    const images = player === "discriminator" ? batchSize : Math.max(1, batchesNow) * batchSize;
    const most = rampUp === undefined ? Number.POSITIVE_INFINITY : progress.images * rampUp;
    const half = Math.min(valueAt(halfLife, progress), most);
    return half === 0 ? 0 : 0.5 ** (images / half);
  };
  return {
    name: "weightAveraging",
    after: { dataDependentInitialisation: "the average begins with the weights that this one sets" },
    averages: playersOf(players),
    graph: {
      key: (updates, gan) =>
        [...averages].flatMap(([player, average]) =>
          (player === "discriminator" ? updates : [0]).map((_, i) =>
            average.decayIn(i, decayOf(player, gan, updates.length)),
          ),
        ),
    },
    prepare(gan) {
      for (const player of playersOf(players)) averages.set(player, new WeightAveraging(gan[player], o));
    },
    afterStep(player, gan) {
      eachStep(() => {
        report.at(gan.progress);
        if (player === "discriminator") batches++;
      });
      averages.get(player)?.update(decayOf(player, gan));
      if (player === "generator") {
        eachStep(() => {
          batches = 0;
        });
      }
    },
    sampler: (sample) => [...averages.values()].reduce((inner, average) => () => average.use(inner), sample)(),
    report: report.numbers,
    state: () => stateOfParts(parts()),
    load: (state) => loadParts(parts(), state),
  };
});

/** In checkpoints G's average has no prefix. */
const prefixOf = (player: Player): string => (player === "generator" ? "" : "of discriminator: ");
