/** The example notebook, cell by cell in Deno's Jupyter kernel, for fewer steps. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { Kernel } from "./kernel.ts";

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "gantry-notebook-"));
let kernel: Kernel | undefined;

beforeAll(async () => {
  // Brings dist/ up to date, which the notebook imports.
  execFileSync(process.execPath, [join(root, "bin/gantry.js"), "--version"]);
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/gantry"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module", dependencies: { gantry: "*" } }));
  const deno = execFileSync(process.execPath, [join(root, "scripts/deno.js")], { encoding: "utf8" }).trim();
  kernel = await Kernel.start(deno, ["jupyter", "--kernel", "--conn"], folder);
});
afterAll(async () => {
  await kernel?.stop();
  rmSync(folder, { recursive: true });
});

it("trains the mixture and shows its samples as pictures", async () => {
  const notebook = JSON.parse(readFileSync(join(root, "examples/mixture.ipynb"), "utf8")) as {
    cells: { cell_type: string; source: string[] }[];
  };
  const [load, train, show] = notebook.cells
    .filter(({ cell_type }) => cell_type === "code")
    .map(({ source }) => source.join(""));
  expect(load).toContain("const steps = 2_000;");
  await kernel!.execute(
    load!.replace("const steps = 2_000;", "const steps = 8;").replace("[`steps", "[`log.every=4`, `steps"),
  );
  const trained = await kernel!.execute(train!);
  const lines = /^4 [\d.]+ [\d.]+ 256\n8 [\d.]+ [\d.]+ 256\n/;
  await vi.waitFor(() => expect(trained.text).toMatch(lines), { timeout: 20_000 });
  const { shown } = await kernel!.execute(show!);
  await vi.waitFor(() => expect(shown.length).toBe(4), { timeout: 20_000 });
  for (const data of shown) {
    const png = Buffer.from(data["image/png"]!, "base64");
    expect(png.subarray(1, 4).toString()).toBe("PNG");
  }
  await expect(kernel!.execute("throw new RangeError('of a cell')")).rejects.toThrow("of a cell");
});
