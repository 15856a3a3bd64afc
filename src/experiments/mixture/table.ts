/** The tables of the experiment: of each number of modes, every arm's final scores with their intervals over seeds. */
import { type Interval, interval, separated } from "../statistics.ts";
import { spreadText } from "../sweep/render.ts";
import { updateNames, updates } from "./experiment.ts";
import type { MixtureRecord } from "./record.ts";

interface Column {
  readonly name: string;
  readonly better: "higher" | "lower";
  of(record: MixtureRecord): number;
}

const last = ({ curve }: MixtureRecord): MixtureRecord["curve"][number] => curve.at(-1)!;

const columns: readonly Column[] = [
  { name: "high quality, % ↑", better: "higher", of: (record) => last(record).highQuality * 100 },
  { name: "modes with a sample ↑", better: "higher", of: (record) => last(record).modes },
  { name: "with a tenth of their share ↑", better: "higher", of: populatedModes },
  { name: "reverse KL, nats ↓", better: "lower", of: (record) => last(record).reverseKl },
  { name: "distance ↓", better: "lower", of: (record) => last(record).distance },
];

/** Modes with at least a tenth of the high-quality samples that each would have if all had as many. */
export function populatedModes({ histogram, samples, modes }: MixtureRecord): number {
  return histogram.filter((count) => count >= samples / (10 * modes)).length;
}

/** Records that are compared with each other: of one mixture and one length. */
export interface Group {
  readonly modes: number;
  readonly steps: number;
  readonly records: readonly MixtureRecord[];
}

/** The records by number of modes and length, in their order. */
export function groupsOf(records: readonly MixtureRecord[]): Group[] {
  const groups = new Map<string, MixtureRecord[]>();
  for (const record of records) {
    const key = `${record.modes}/${record.steps}`;
    groups.set(key, [...(groups.get(key) ?? []), record]);
  }
  return [...groups.values()].map((group) => ({ modes: group[0]!.modes, steps: group[0]!.steps, records: group }));
}

/** The arms of a group that have records. */
export function armsOf({
  records,
}: Group): { readonly update: MixtureRecord["update"]; readonly records: MixtureRecord[] }[] {
  return updates
    .map((update) => ({ update, records: records.filter((record) => record.update === update) }))
    .filter((arm) => arm.records.length > 0);
}

const better = (direction: Column["better"], a: Interval, b: Interval): boolean =>
  direction === "higher" ? a.mean > b.mean : a.mean < b.mean;

/**
 * A group's table as Markdown: mean ± 95 % confidence interval over seeds, bold where the interval is better than and
 * apart from that of every other arm.
 */
export function groupTable(group: Group): string {
  const arms = armsOf(group);
  const intervals = columns.map((column) =>
    arms.map(({ records }) => interval(records.map((record) => column.of(record)))),
  );
  const rows = arms.map(({ update, records }, row) => {
    const cells = columns.map((column, i) => {
      const own = intervals[i]![row]!;
      const others = intervals[i]!.filter((_, other) => other !== row);
      const best = others.length > 0 && others.every((o) => better(column.better, own, o) && separated(own, o));
      return best ? `**${spreadText(own)}**` : spreadText(own);
    });
    const seconds = records.reduce((sum, record) => sum + record.seconds, 0) / records.length;
    const k = [...new Set(records.map((record) => record.k))].join(", ");
    return [updateNames[update], records.map(({ seed }) => seed).join(" "), k, ...cells, (seconds / 60).toFixed(0)];
  });
  const header = ["generator learns from", "seeds", "last k", ...columns.map(({ name }) => name), "min a run"];
  const rule = header.map((_, i) => (i < 2 ? "---" : "---:"));
  return [header, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** What the intervals say about the share of high-quality samples: each arm against learning from all samples. */
export function verdicts(group: Group): string[] {
  const arms = armsOf(group).map(({ update, records }) => ({
    update,
    share: interval(records.map((record) => last(record).highQuality * 100)),
  }));
  const baseline = arms.find(({ update }) => update === "all");
  if (baseline === undefined) return [];
  return arms
    .filter((arm) => arm !== baseline)
    .map(({ update, share }) => {
      const difference = share.mean - baseline.share.mean;
      const sign = difference >= 0 ? "above" : "below";
      const known = Number.isFinite(share.halfWidth) && Number.isFinite(baseline.share.halfWidth);
      const rest = known
        ? separated(share, baseline.share)
          ? "the intervals are apart"
          : "the intervals overlap"
        : "too few seeds for intervals";
      const points = Math.abs(difference).toFixed(2);
      return `${updateNames[update]}: ${points} points ${sign} learning from all samples; ${rest}.`;
    });
}

/** All tables as one Markdown text. */
export function mixtureTables(records: readonly MixtureRecord[]): string {
  return groupsOf(records)
    .map((group) =>
      [
        `### ${group.modes} modes, ${group.steps.toLocaleString("en")} iterations`,
        groupTable(group),
        verdicts(group)
          .map((line) => `- ${line}`)
          .join("\n"),
      ].join("\n\n"),
    )
    .join("\n\n")
    .concat("\n");
}
