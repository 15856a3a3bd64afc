/** Historical averaging and the equilibria of games. */
import { wilsonInterval } from "../../metrics/index.ts";
import { decide, defineClaim } from "../claim.ts";
import type { Difference } from "../differences.ts";
import { type Arm, type GameRecord, games, NEAR } from "../games/games.ts";
import { holm, probabilityPhrase } from "../statistics.ts";

/** The starts that end near the equilibrium. */
const arrived = ({ distances }: Arm): boolean[] =>
  distances.at(-1)!.map((distance) => distance !== null && distance <= NEAR);

/** Two-sided p value of the sign test: starts that arrive under one setting only, `more` of them under the first. */
function signTest(more: number, fewer: number): number {
  const count = more + fewer;
  if (count === 0) return Number.NaN;
  let [sum, term] = [0, 0.5 ** count];
  for (let i = 0; i <= Math.min(more, fewer); i++) {
    sum += term;
    term *= (count - i) / (i + 1);
  }
  return Math.min(1, 2 * sum);
}

/** Of a game, how many more of the starts arrive with each weight than in plain play, in alternating steps. */
function gains({ arms }: GameRecord): Difference[] {
  const own = arms.filter(({ order }) => order === "alternating");
  const plain = arrived(own.find(({ setting }) => setting.kind === "plain")!);
  const tests = own.flatMap(({ setting, ...arm }) => {
    if (setting.kind !== "history") return [];
    const ends = arrived({ setting, ...arm });
    const more = ends.filter((end, i) => end && !plain[i]).length;
    const fewer = plain.filter((end, i) => end && !ends[i]).length;
    return [{ weight: setting.weight, gain: more - fewer, count: ends.length, p: signTest(more, fewer) }];
  });
  const corrected = holm(tests.map(({ p }) => p));
  return tests.map(({ weight, gain, count, p }, i) => ({
    arm: `weight ${weight}`,
    measure: "starts that arrive",
    tested: { mean: gain, halfWidth: Number.NaN, count, freedom: Number.NaN, p },
    p: corrected[i]!,
    seeds: count,
  }));
}

const best = (record: GameRecord): Difference =>
  gains(record).reduce((a, b) => (b.tested.mean > a.tested.mean ? b : a));

export const historicalAveraging = defineClaim<GameRecord>({
  name: "historical-averaging",
  claim:
    "Historical averaging finds the equilibrium of a continuous non-convex game in which gradient descent does not.",
  source: "Salimans et al. 2016, section 3.3",
  setup:
    "gantry lab games: the paper's own game and three others, plain play and historical averaging with four weights",
  size: { seeds: 16, seedsAre: ["starting point", "starting points"], length: 10_000, unit: "steps" },
  stages: ({ seeds, length }) => [
    {
      name: "games",
      experiment: games,
      options: { seeds, steps: length },
      count: 4,
      seconds: (120 * length) / 10_000,
    },
  ],
  rule: "On the paper's game, in alternating steps, starts that end within 0.01 of the equilibrium, against plain play (sign test, Holm's method over the weights): confirmed where a weight brings more and none fewer, refuted where one brings fewer and none more.",
  finding(records) {
    const own = records.find(({ game }) => game === "salimans")!;
    const family = gains(own);
    const { outcome } = decide(
      family.map((difference) => ({ difference, side: "higher" })),
      "any",
      own.steps,
    );
    const texts = records.map((record) => {
      const { arm, tested, p } = best(record);
      return `${record.game} ${tested.mean > 0 ? "+" : ""}${tested.mean} (${arm}, ${probabilityPhrase(p)})`;
    });
    const { arms } = own;
    const ends = arms
      .filter(({ order, setting }) => order === "alternating" && setting.kind === "history")
      .map(arrived);
    const most = Math.max(...ends.map((end) => end.filter(Boolean).length));
    const { low, high } = wilsonInterval(most, own.seeds.length);
    const share = (value: number) => (100 * value).toFixed(0);
    const evidence =
      `of ${own.seeds.length} starts of the paper's game ${most} arrive with the best weight (95 % interval ${share(low)} to ${share(high)} %); ` +
      `starts more than in plain play: ${texts.join(", ")}; p by Holm's method over the weights of a game`;
    return { outcome, evidence, seeds: own.seeds.length, length: own.steps };
  },
  cost: { estimated: "two minutes a game" },
  records: "games",
});
