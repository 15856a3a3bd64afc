/** The table of a sweep as Markdown, as CSV and as JSON. */
import { markdownTable } from "../markdown.ts";
import type { Interval } from "../statistics.ts";
import { type CellScore, type Column, isBest, type SweepTable, type SweptRun } from "./results.ts";

/**
 * A mean with its interval, `31.2 ± 1.4`: the half-width has two significant digits, and the mean as many decimals. One
 * value has no interval and five digits.
 *
 * @example
 * spreadText({ mean: 31.2345, halfWidth: 1.391 }); // "31.2 ± 1.4"
 */
export function spreadText({ mean, halfWidth }: { readonly mean: number; readonly halfWidth: number }): string {
  if (!Number.isFinite(mean)) return String(mean);
  if (!Number.isFinite(halfWidth) || halfWidth === 0) {
    const alone = Number.isInteger(mean) ? String(mean) : mean.toPrecision(5);
    return halfWidth === 0 ? `${alone} ± 0` : alone;
  }
  // The digits of the rounded half-width: 0.0996 is 0.10.
  const size = Math.floor(Math.log10(Number(halfWidth.toPrecision(2))));
  const decimals = 1 - size;
  if (decimals > 8) return `${mean.toExponential(4)} ± ${halfWidth.toExponential(1)}`;
  // A mean that rounds to nothing has no sign.
  const centre = mean.toFixed(Math.max(0, decimals)).replace(/^-(?=[0.]+$)/, "");
  return `${centre} ± ${halfWidth.toFixed(Math.max(0, decimals))}`;
}

/** A difference as {@link spreadText}, with its sign. */
export function signedText(difference: { readonly mean: number; readonly halfWidth: number }): string {
  const text = spreadText(difference);
  return difference.mean > 0 ? `+${text}` : text;
}

/** An interval as {@link spreadText}, bold as Markdown has it where it is better than and apart from every other one. */
export function boldText(own: Interval, others: readonly Interval[], better: Column["better"]): string {
  return isBest(own, others, better) ? `**${spreadText(own)}**` : spreadText(own);
}

const arrow = ({ better }: Column): string => (better === undefined ? "" : better === "lower" ? " ↓" : " ↑");

interface TextCell {
  readonly text: string;
  readonly best?: boolean;
}

/** Header and rows; where a cell has fewer values than runs, their number is said. */
function cells(table: SweepTable): TextCell[][] {
  const header = [...table.axes, "runs", ...table.columns.map((column) => `${column.name}${arrow(column)}`)];
  const rows = table.rows.map((row): TextCell[] => {
    const failed = row.failures.length > 0 ? `, ${row.failures.length} failed` : "";
    const count = row.finished === row.planned ? String(row.planned) : `${row.finished} of ${row.planned}${failed}`;
    const scores = row.scores.map((score) => ({ text: scoreText(score, row.planned), best: score?.best ?? false }));
    return [...row.cell.values.map((text) => ({ text })), { text: count }, ...scores];
  });
  return [header.map((text) => ({ text })), ...rows];
}

function scoreText(score: CellScore | undefined, planned: number): string {
  if (score === undefined) return "–";
  return score.count === planned ? spreadText(score) : `${spreadText(score)} (n = ${score.count})`;
}

/** The description of the table's numbers, and the notes. */
function legend(table: SweepTable): string[] {
  const counts = table.rows.map(({ planned }) => planned);
  const seeds = Math.max(0, ...counts);
  const compared = table.columns.some(({ better }) => better !== undefined) && table.rows.length > 1;
  const bold = compared ? "; the best is bold where its interval is apart from all others" : "";
  const spread =
    seeds > 1
      ? `Mean ± 95 % confidence interval (Student's t) over seeds${bold}.`
      : "One run per cell: there is no interval, and nothing is called the best.";
  return [spread, ...table.notes.map((note) => `${note}.`)];
}

function failureLines(table: SweepTable): string[] {
  return table.rows.flatMap(({ cell, failures }) =>
    failures.map(({ seed, reason }) => `${cell.label}, seed ${seed}: ${reason}`),
  );
}

/**
 * The table as Markdown, its columns aligned.
 *
 * @param bold - how to show the best; default: as Markdown does
 */
export function tableMarkdown(table: SweepTable, bold: (text: string) => string = (text) => `**${text}**`): string {
  const [header, ...rows] = cells(table).map((row) => row.map(({ text, best }) => (best ? bold(text) : text)));
  const failures = failureLines(table).map((line) => `- ${line.replaceAll("|", "\\|").replaceAll("\n", " ")}`);
  const parts = [markdownTable(header!, rows, table.axes.length + 1), legend(table).join("\n\n")];
  if (failures.length > 0) parts.push(`Failed:\n\n${failures.join("\n")}`);
  return `${parts.join("\n\n")}\n`;
}

/** A field of a CSV file (RFC 4180). */
const field = (value: string | number | undefined): string => {
  const text = value === undefined || Number.isNaN(value) ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

const csv = (rows: readonly (readonly (string | number | undefined)[])[]): string =>
  rows.map((row) => `${row.map(field).join(",")}\n`).join("");

/** The table as CSV: of each score mean, half-width of the interval, number of values, and 1 where it is the best. */
export function tableCsv(table: SweepTable): string {
  const parts = (name: string) => [name, `${name} ±95%`, `${name} n`, `${name} best`];
  const header = [
    ...table.axes,
    "runs",
    "finished",
    "failed",
    ...table.columns.flatMap(({ name }) => parts(name)),
    "reasons",
  ];
  const rows = table.rows.map((row) => [
    ...row.cell.values,
    row.planned,
    row.finished,
    row.failures.length,
    ...row.scores.flatMap((score) =>
      score === undefined ? ["", "", 0, 0] : [score.mean, score.halfWidth, score.count, score.best ? 1 : 0],
    ),
    row.failures.map(({ seed, reason }) => `seed ${seed}: ${reason}`).join("; "),
  ]);
  return csv([header, ...rows]);
}

/** Every run as a line of CSV: its values, its state, and its last numbers. */
export function runsCsv(table: SweepTable, results: readonly SweptRun[]): string {
  const header = [
    "run",
    ...table.axes,
    "seed",
    "state",
    "step",
    "seconds",
    ...table.columns.map(({ name }) => name),
    "reason",
  ];
  const rows = results.map(({ run, state, step, seconds }) => {
    const row = table.rows.find(({ cell }) => cell === run.cell)!;
    const values = row.scores.map((score) => score?.values.find(({ seed }) => seed === run.seed)?.value);
    const reason = state.kind === "failed" ? state.reason : "";
    return [run.name, ...run.cell.values, run.seed, state.kind, step, seconds, ...values, reason];
  });
  return csv([header, ...rows]);
}

/** JSON has no NaN: what is not known is null. */
export const known = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** The table and its runs as plain data: protocols, values by seed, states. */
export function tableData(table: SweepTable, results: readonly SweptRun[]): object {
  return {
    format: 1,
    axes: table.axes,
    columns: table.columns,
    rows: table.rows.map(({ cell, scores, ...row }) => ({
      cell: cell.name,
      values: Object.fromEntries(table.axes.map((axis, i) => [axis, cell.values[i]])),
      ...row,
      scores: scores
        .map((score) => score && { ...score, mean: known(score.mean), halfWidth: known(score.halfWidth) })
        .map((score) => score ?? null),
    })),
    notes: table.notes,
    runs: results.map(({ run, state, step, seconds }) => ({
      run: run.name,
      cell: run.cell.name,
      seed: run.seed,
      ...stateData(state),
      scoredStep: step ?? null,
      seconds: seconds ?? null,
    })),
  };
}

function stateData(state: SweptRun["state"]): object {
  return state.kind === "failed" ? { state: state.kind, reason: state.reason } : { state: state.kind };
}
