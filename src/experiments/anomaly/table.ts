/** The tables of the experiment: of each GAN and digit both updates side by side, and their means over the digits. */
import { type Interval, interval, mean, separated } from "../statistics.ts";
import { spreadText } from "../sweep/render.ts";
import { anomalyUpdates } from "./experiment.ts";
import type { Areas, Method } from "./measure.ts";
import { METHODS } from "./measure.ts";
import type { AnomalyRecord } from "./record.ts";

const METHOD_NAMES: Readonly<Record<Method, string>> = {
  discriminator: "D",
  search: "search",
  mix: "mix",
  discriminatorAll: "D, whole test split",
};
const UPDATE_NAMES: Readonly<Record<AnomalyRecord["update"], string>> = { all: "all", topK: "top-k" };

/** Records that may be compared: of one GAN, trained and measured alike. */
function groupsOf(records: readonly AnomalyRecord[]): AnomalyRecord[][] {
  const groups = new Map<string, AnomalyRecord[]>();
  for (const record of records) {
    const { gan, steps, batchSize, subset, searchSteps } = record;
    const key = [gan, steps, batchSize, subset, searchSteps].join("/");
    groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  return [...groups.values()];
}

const valuesOf = <K extends keyof AnomalyRecord>(records: readonly AnomalyRecord[], key: K): AnomalyRecord[K][] => [
  ...new Set(records.map((record) => record[key])),
];

/**
 * The mean over digits of each seed, with its interval over seeds; only seeds that have every digit count, since digits
 * differ far more than seeds do.
 */
export function overDigits(records: readonly AnomalyRecord[], method: Method, area: keyof Areas): Interval {
  const digits = valuesOf(records, "digit").length;
  const seeds = valuesOf(records, "seed").map((seed) => records.filter((record) => record.seed === seed));
  const whole = seeds.filter((own) => own.length === digits);
  return interval(whole.map((own) => mean(own.map(({ areas }) => areas[method][area]))));
}

function pairOf(group: readonly AnomalyRecord[], value: (own: readonly AnomalyRecord[]) => Interval): string[] {
  const pair = anomalyUpdates.map((update) => {
    const own = group.filter((record) => record.update === update);
    return own.length === 0 ? undefined : value(own);
  });
  return pair.map((own, i) => {
    const other = pair[1 - i];
    if (own === undefined || own.count === 0) return "–";
    const better = other !== undefined && own.mean > other.mean && separated(own, other);
    return better ? `**${spreadText(own)}**` : spreadText(own);
  });
}

function groupTable(group: readonly AnomalyRecord[], area: keyof Areas): string {
  const methods = METHODS.flatMap((method) =>
    anomalyUpdates.map((update) => `${METHOD_NAMES[method]}, ${UPDATE_NAMES[update]}`),
  );
  const header = ["left out", "seeds", ...methods];
  const digits = valuesOf(group, "digit").map((digit) => {
    const own = group.filter((record) => record.digit === digit);
    const cells = METHODS.flatMap((method) =>
      pairOf(own, (records) => interval(records.map(({ areas }) => areas[method][area]))),
    );
    return [`${digit}`, valuesOf(own, "seed").join(" "), ...cells];
  });
  const last = METHODS.flatMap((method) => pairOf(group, (records) => overDigits(records, method, area)));
  const means = digits.length > 1 ? [["mean over digits", valuesOf(group, "seed").join(" "), ...last]] : [];
  const rule = header.map((_, i) => (i < 2 ? "---" : "---:"));
  return [header, rule, ...digits, ...means].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/**
 * All tables as Markdown: mean ± 95 % confidence interval over seeds; bold where one update is above the other with their
 * intervals apart.
 */
export function anomalyTables(records: readonly AnomalyRecord[]): string {
  const parts = groupsOf(records).flatMap((group) => {
    const { gan, steps, batchSize, subset, searchSteps } = group[0]!;
    const k = valuesOf(
      group.filter(({ update }) => update === "topK"),
      "k",
    ).join(", ");
    return [
      `### ${gan}: ${steps} steps, batch ${batchSize}${k === "" ? "" : `, last k ${k}`}`,
      `AUROC; D, search and mix on ${subset} test images, half of them of the digit left out; ${searchSteps} search steps`,
      groupTable(group, "auroc"),
      "AUPRC (average precision); chance is 0.5, and about 0.1 on the whole test split",
      groupTable(group, "auprc"),
    ];
  });
  return `${parts.join("\n\n")}\n`;
}
