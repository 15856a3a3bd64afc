/** The tables of docs/how-to/export/how-close.md are those of the stored records. `npm test -- test/export -u` writes them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { markdownTable } from "markdown-table";
import { expect, it } from "vitest";
import { storedDifferences } from "./differences.ts";
import { networkCases } from "./networks.ts";

const page = join(import.meta.dirname, "../../docs/how-to/export/how-close.md");

/** The page with that table between its marks. */
const withTable = (text: string, mark: string, rows: readonly string[][]): string =>
  text.replace(new RegExp(`(<!-- ${mark} -->\n)[\\s\\S]*(<!-- /${mark} -->)`), (_, open: string, close: string) => {
    return `${open}\n${markdownTable(rows)}\n\n${close}`;
  });

interface Fidelity {
  readonly count: number;
  readonly torch_fidelity: Readonly<Record<string, number | string>>;
  readonly gantry: {
    readonly scores: readonly { readonly name: string; readonly value: number; readonly std?: number }[];
  };
}

it("show the largest differences of every case, and the scores of torch-fidelity", async () => {
  const stored = storedDifferences();
  const names = Object.keys(networkCases);
  expect(Object.keys(stored).sort()).toEqual([...names].sort());
  const targets = [...new Set(Object.values(stored).flatMap((row) => Object.keys(row)))];
  const rows = names.map((name) => [name, ...targets.map((target) => stored[name]![target]?.toExponential(1) ?? "")]);
  const text = withTable(readFileSync(page, "utf8"), "differences", [["network", ...targets], ...rows]);
  const record = JSON.parse(readFileSync(join(import.meta.dirname, "torch-fidelity.json"), "utf8")) as Fidelity;
  const theirs = record.torch_fidelity;
  const own = (name: string): string => {
    const score = record.gantry.scores.find((each) => each.name === name)!;
    return `${score.value.toFixed(2)} ± ${score.std!.toFixed(2)}`;
  };
  const scores = [
    [`${record.count} images`, `torch-fidelity ${theirs.version}, the ONNX model`, "Gantry, the run"],
    ["FID", Number(theirs.frechet_inception_distance).toFixed(2), own("fid")],
    ["Inception Score", Number(theirs.inception_score_mean).toFixed(2), own("inceptionScore")],
  ];
  await expect(withTable(text, "torch-fidelity", scores)).toMatchFileSnapshot(page);
});
