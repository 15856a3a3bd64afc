/** modern.md: the relativistic loss with R1 and R2, on modes and in Gantry's own recipes. */
import { BEST, lossDifferences, MAIN, NEXT } from "../../../src/experiments/claims/relativistic-losses.ts";
import {
  bySeed,
  type Difference,
  differenceCells,
  differenceText,
  each,
  familyOf,
  familyText,
  find,
  type Measure,
  markdownTable,
  shown,
  shownOf,
  spreadOf,
} from "./compare.ts";
import { intervalFigure } from "./intervals.ts";
import { type Cell, cellOf, cellsOf } from "./records.ts";
import { FID, KL, MODES, score } from "./scores.ts";

const QUALITY = score("high quality", "highQuality");
const LOSSES = ["plain", "R1", NEXT, BEST] as const;
const UPDATES = ["all", "topK"] as const;

/** A sweep of the four losses on all samples and on the top k. */
interface Losses {
  readonly cells: readonly Cell[];
  readonly measures: readonly Measure<Cell>[];
  /** Decimals of each measure's single values. */
  readonly digits: readonly number[];
}
const stacked: Losses = { cells: cellsOf("modern-stacked"), measures: [MODES, KL], digits: [0, 2] };
const mixture: Losses = { cells: cellsOf("modern-mixture"), measures: [KL, MODES, QUALITY], digits: [3, 0, 3] };

/** Every loss on all samples and on the top k: the values of each seed, and mean ± interval. */
function lossTable({ cells, measures, digits }: Losses): string {
  const rows = LOSSES.flatMap((loss) =>
    UPDATES.map((update) => {
      const cell = cellOf(cells, loss, update);
      const values = measures.flatMap(({ of }, i) => [each(of(cell), digits[i]), spreadOf(of(cell))]);
      return [loss, update === "all" ? "all" : "top k", ...values];
    }),
  );
  const header = measures.flatMap(({ name }) => [`${name}, each seed`, name]);
  return markdownTable(["loss", "samples", ...header], rows, 2);
}

/** A row for each comparison: the difference in every measure, with its corrected p value. */
function differenceTable(family: readonly Difference[], measures: readonly Measure<Cell>[]): string {
  const rows = [...new Set(family.map(({ arm }) => arm))].map((arm) => [
    arm,
    ...measures.flatMap(({ name }) => differenceCells(find(family, arm, name))),
  ]);
  const header = measures.flatMap(({ name }) => [name, "p (Holm)"]);
  return `${markdownTable(["difference, by seed", ...header], rows, 1)}\n\n${familyText(family)}`;
}

const lossFamily = ({ cells, measures }: Losses): Difference[] => lossDifferences(cells, measures);

/** With each loss: the top k minus all samples, by seed. */
const topKFamily = ({ cells, measures }: Losses): Difference[] =>
  familyOf(
    LOSSES.flatMap((loss) =>
      measures.map(({ name, of }) => ({
        arm: `top k minus all, ${loss}`,
        measure: name,
        cells: [bySeed(of(cellOf(cells, loss, "topK")), of(cellOf(cells, loss, "all")))],
      })),
    ),
  );

/** What a family shows, or that it shows nothing. */
const foundIn = (family: readonly Difference[]): string =>
  shownOf(family, `none of ${family.length} differences is shown`);

/** What the relativistic loss changes in one measure, where both losses have R1 and R2. */
function mainText({ cells, measures, digits }: Losses, measure: string): string {
  const i = measures.findIndex(({ name }) => name === measure);
  const values = (loss: string) => each(measures[i]!.of(cellOf(cells, loss, "all")), digits[i]);
  const difference = find(lossDifferences(cells, measures), MAIN, measure);
  const verdict = shown(difference) ? "" : ", which is not shown";
  return `${measure} ${values(BEST)} by seed, and ${values(NEXT)} with the ordinary loss: ${differenceText(difference)}${verdict}`;
}

// Equal time.

const RECIPES = { mnist: "mnist", "cifar10-sngan": "cifar10-sngan", photos: "photos at 64 x 64" } as const;
const recipes = Object.entries(RECIPES).map(([name, recipe]) => {
  const cells = cellsOf(`equal-time-${name}`);
  return { recipe, shipped: cellOf(cells, "shipped"), modern: cellOf(cells, "modern") };
});
const equalTime: Difference[] = familyOf(
  recipes.map(({ recipe, shipped, modern }) => ({
    arm: recipe,
    measure: FID.name,
    cells: [bySeed(FID.of(modern), FID.of(shipped))],
  })),
);

function equalTimeTable(): string {
  const rows = recipes.map(({ recipe, shipped, modern }) => [
    recipe,
    ...[shipped, modern].flatMap((cell) => [each(FID.of(cell)), spreadOf(FID.of(cell))]),
    ...differenceCells(find(equalTime, recipe, FID.name)),
  ]);
  const header = ["shipped, each seed", "shipped", "modern, each seed", "modern", "modern minus shipped", "p (Holm)"];
  return `${markdownTable(["recipe", ...header], rows, 1)}\n\n${familyText(equalTime)}`;
}

function equalTimeAnswer(): string {
  const said = ({ arm, tested, p }: Difference) =>
    `${arm} ${!shown({ p }) ? "undecided" : tested.mean < 0 ? "gains" : "loses"}: FID ${differenceText({ tested, p })}`;
  return equalTime.map(said).join("; ");
}

const modesAnswer = (): string =>
  `on stacked MNIST after 1,000 steps: ${mainText(stacked, MODES.name)}; on 25 Gaussians after 4,000 steps: ${mainText(mixture, KL.name)}`;

export const answers = { modes: modesAnswer, equalTime: equalTimeAnswer };

export const parts: Readonly<Record<string, () => string>> = {
  answer: () =>
    `**Short answer.** The relativistic loss with R1 and R2, ${modesAnswer()}. ` +
    `Top-k: on stacked MNIST ${foundIn(topKFamily(stacked))}; on the mixture ${foundIn(topKFamily(mixture))}. ` +
    `In Gantry's own recipes, at equal time: ${equalTimeAnswer()}.`,
  stacked: () => lossTable(stacked),
  "stacked-losses": () => differenceTable(lossFamily(stacked), stacked.measures),
  "stacked-top-k": () => differenceTable(topKFamily(stacked), stacked.measures),
  mixture: () => lossTable(mixture),
  "mixture-losses": () => differenceTable(lossFamily(mixture), mixture.measures),
  "mixture-top-k": () => differenceTable(topKFamily(mixture), mixture.measures),
  "equal-time": equalTimeTable,
};

export const figures: Readonly<Record<string, () => string>> = {
  "modern/stacked.svg": () =>
    intervalFigure(
      "Modes of stacked MNIST (of 1,000), one loss minus another, 1,000 steps, 3 seeds",
      "right",
      lossFamily(stacked)
        .filter(({ measure }) => measure === MODES.name)
        .map((one) => ({ name: one.arm, ...one.tested, shown: shown(one) })),
    ),
};
