/**
 * The pages of docs/results have every table, and the sentences that answer their questions, from the records: each is
 * made again here and compared. `npm test -- test/results -u` writes them.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { byHand, figures, madeAgain, pages, partsIn, partTexts } from "../../docs/results/make/pages.ts";
import { tablesIn } from "../../docs/results/make/records.ts";

const results = join(import.meta.dirname, "../../docs/results");
const textOf = (page: string): string => readFileSync(join(results, page), "utf8");
const names = readdirSync(results).filter((name) => name.endsWith(".md"));

/** Tables that measure nothing, by their first cells: set-ups, pictures, what remains to be run. */
const setUps: Readonly<Record<string, readonly string[]>> = {
  "exploring.md": [
    ...["DCGAN", "BigGAN", "BigGAN", "DCGAN", "SAGAN", "DCGAN"],
    ...["orthogonal, none, seed 0", "all samples, seed 1", "batch norm", "plain, seed 0", "plain, seed 0"],
  ],
  "games.md": ["game"],
  "spectral-norm.md": ["data", ""],
  "top-k.md": ["what"],
  "top-k-images.md": ["GAN", "command"],
};

/** What is no interval of a record: an eigenvalue, a paper's result. */
const cited: Readonly<Record<string, readonly string[]>> = {
  "games.md": ["0.045 ± 0.908"],
  "improved.md": ["93 ± 6.5"],
};

/** Every `mean ± half-width` of a text, as numbers, without sign and marks. */
const intervals = (text: string): string[] =>
  [...text.matchAll(/(\d[\d.,]*\d|\d) ± (\d[\d.]*\d|\d)/g)].map(([, mean, halfWidth]) => `${mean} ± ${halfWidth}`);

it.each(Object.entries(figures))("docs/results/%s is what its records give", async (file, make) => {
  await expect(make()).toMatchFileSnapshot(join(results, file));
});

describe.each(names)("docs/results/%s", (page) => {
  const text = textOf(page);

  it("is what its records give", async () => {
    await expect(await madeAgain(page, text)).toMatchFileSnapshot(join(results, page));
  });

  it("has each part that is made for it, once", () => {
    expect(partsIn(text).sort()).toEqual(Object.keys(pages[page] ?? {}).sort());
  });

  it("has no table of measured numbers that nothing makes", () => {
    expect(tablesIn(byHand(text)).map(([header]) => header![0])).toEqual(setUps[page] ?? []);
  });

  it("says no interval that its parts do not have", () => {
    const parts = partTexts(text).flatMap(intervals);
    expect(intervals(byHand(text)).filter((one) => !parts.includes(one))).toEqual(cited[page] ?? []);
  });
});
