/** mine.md: estimates of mutual information against the truth. */
import { type MineRecord, mineTables, tolerance } from "../../../src/experiments/mine.ts";
import { listed, spreadOf } from "./compare.ts";
import { labRecords } from "./records.ts";

const of = (dimensions: number): MineRecord[] =>
  labRecords<MineRecord>("mine").filter((record) => record.dimensions === dimensions);

const errorOf = ({ estimate, truth }: MineRecord): number => estimate - truth;
const allowed = (record: MineRecord): boolean => Math.abs(errorOf(record)) <= tolerance(record.truth);
const withinFive = (record: MineRecord): boolean => Math.abs(errorOf(record)) <= 0.05 * record.truth;

const count = (records: readonly MineRecord[], is: (record: MineRecord) => boolean): string =>
  `${records.filter(is).length} of ${records.length}`;

/** The estimates of one number of dimensions and rho, by seed. */
const estimates = (dimensions: number, rho: number): number[] =>
  of(dimensions)
    .filter((record) => record.rho === rho)
    .map(({ estimate }) => estimate);

function answer(): string {
  const [one, five, twenty] = [1, 5, 20].map(of) as [MineRecord[], MineRecord[], MineRecord[]];
  return (
    `In one dimension ${count(one, allowed)} estimates lie within max(0.02 nats, 5 %) of the truth, ${count(one, withinFive)} within 5 %; ` +
    `in 5 dimensions ${count(five, allowed)}; in 20 ${count(twenty, allowed)}, where it is too low: ` +
    `${spreadOf(estimates(20, 0.9))} nats for ${twenty.find(({ rho }) => rho === 0.9)!.truth.toFixed(1)}`
  );
}

/** How far the estimates of one dimension lie from the truth. */
function oneDimension(): string {
  const records = of(1);
  const furthest = records.reduce((a, b) => (Math.abs(errorOf(b)) > Math.abs(errorOf(a)) ? b : a));
  const smallest = records
    .filter(({ rho }) => rho === 0.1)
    .map(
      (record) => `${record.estimate > record.truth ? "+" : ""}${((100 * errorOf(record)) / record.truth).toFixed(0)}`,
    );
  return (
    `- **d = 1: ${count(records, allowed)} estimates within max(0.02 nats, 5 %)**, the criterion that was set beforehand; the furthest lies ` +
    `${Math.abs(errorOf(furthest)).toFixed(4)} nats from the truth (rho ${furthest.rho}, seed ${furthest.seed}). ` +
    `Within 5 % lie ${count(records, withinFive)}: at rho 0.1 the truth is ${records[0]!.truth.toFixed(4)} nats, and the estimates are off by ${listed(smallest)} %.`
  );
}

/** The section of one number of dimensions. */
function section(dimensions: number): string {
  const sections = mineTables(labRecords<MineRecord>("mine"))
    .trimEnd()
    .split(/\n\n(?=### )/);
  return sections.find((text) => text.startsWith(`### ${dimensions} dimension`))!;
}

const seconds = (): string => {
  const all = labRecords<MineRecord>("mine").map((record) => record.seconds);
  return `An estimate took ${Math.min(...all).toFixed(0)} to ${Math.max(...all).toFixed(0)} seconds.`;
};

export const answers = { answer };

export const parts: Readonly<Record<string, () => string>> = {
  answer: () => `**Short answer.** ${answer()}.`,
  seconds,
  "one-dimension": oneDimension,
  "1": () => section(1),
  "5": () => section(5),
  "20": () => section(20),
};
