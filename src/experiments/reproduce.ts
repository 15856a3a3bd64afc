/**
 * Reproducing a claim: where it comes from, its size, the verdict of the records in a folder or a file, and the page.
 *
 *     claim.md              claim, set-up, rule, verdict, evidence, and the last stage's tables and figures
 *     <stage>/              a folder of `gantry lab` or `gantry sweep` for each stage
 */
import { join, resolve } from "node:path";
import { suggestion, UserError } from "../base/errors.ts";
import { writeFileAtomic } from "../formats/index.ts";
import { importModule } from "../recipe/index.ts";
import { type Claim, isClaim, type Size, type Stage, setupText, type Verdict, verdictOf } from "./claim.ts";
import { claims } from "./claims/index.ts";
import { pageText } from "./page.ts";
import { RECORDS, requireRecords } from "./records.ts";
import { locatedSweep } from "./sweep/definition.ts";
import { readScoredCells, readSweepTable, tableMarkdown } from "./sweep/index.ts";

/**
 * The size that is asked for.
 *
 * @throws UserError for a length where the claim's cannot be chosen
 */
export function sizeOf(
  claim: Claim,
  { seeds, length }: { readonly seeds?: number | undefined; readonly length?: number | undefined },
): Size {
  if (length !== undefined && claim.fixedLength && length !== claim.size.length)
    throw new UserError(
      `the length of ${claim.name} (=${length} ${claim.size.unit}) cannot be chosen; it is ${claim.size.length}`,
    );
  return { seeds: seeds ?? claim.size.seeds, length: length ?? claim.size.length };
}

/**
 * A claim by its name, or from the file that exports it by default.
 *
 * @throws UserError when there is none
 */
export async function loadClaim(named: string): Promise<Claim> {
  if (Object.hasOwn(claims, named)) return claims[named]!;
  if (!/[/\\]|\.[cm]?[jt]s$/.test(named))
    throw new UserError(`there is no claim \`${named}\`${suggestion(named, Object.keys(claims))}`);
  const { default: claim } = await importModule(named);
  if (!isClaim(claim)) throw new UserError(`${named} must export a claim: export default defineClaim({ ... })`);
  const located = (stage: Stage): Stage =>
    "sweep" in stage ? { ...stage, sweep: locatedSweep(stage.sweep, resolve(named)) } : stage;
  return { ...claim, stages: (size, folder) => claim.stages(size, folder).map(located) };
}

/** The verdict of the records of a claim's last stage: a file or a folder. */
export function verdictFrom(claim: Claim, stage: Stage, path: string): Verdict {
  const records = "sweep" in stage ? readScoredCells(path) : requireRecords<object>(path, stage.experiment);
  return verdictOf(claim, claim.finding(records));
}

/** Tables and figures of the last stage, with links from the folder above. */
async function resultsText(stage: Stage, folder: string): Promise<string> {
  const path = join(folder, stage.name, RECORDS);
  if ("sweep" in stage) return tableMarkdown(readSweepTable(path));
  const page = await stage.experiment.page(requireRecords<object>(path, stage.experiment));
  return pageText(page, `${stage.name}/figures`);
}

/**
 * The verdict of the records in a folder, with the page written.
 *
 * @throws UserError when the last stage has no records there
 */
export async function conclude(claim: Claim, size: Size, folder: string): Promise<Verdict> {
  const stages = claim.stages(size, folder);
  const stage = stages.at(-1)!;
  const verdict = verdictFrom(claim, stage, join(folder, stage.name, RECORDS));
  const parts = [
    `# ${claim.name}: ${verdict.text}`,
    `**Claim.** ${claim.claim} (${claim.source})`,
    `**Set-up.** ${setupText(claim, size)}.${claim.limits === undefined ? "" : ` ${claim.limits}`}`,
    `**Rule.** ${claim.rule}`,
    `**Verdict.** ${verdict.text} (${verdict.size}).`,
    `**Evidence.** ${verdict.evidence}.`,
    "## Results",
    await resultsText(stage, folder),
  ];
  writeFileAtomic(join(folder, "claim.md"), [`${parts.join("\n\n").trimEnd()}\n`]);
  return verdict;
}
