/** The reference pages on commands and recipes have what the code has. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { withParts } from "../generated-parts.ts";
import { cliParts } from "./cli-page.ts";

const home = join(import.meta.dirname, "../..");
const page = (name: string): URL => new URL(`../../docs/reference/${name}`, import.meta.url);

it("docs/reference/cli.md has every command with its flags", async () => {
  await expect(withParts(page("cli.md"), await cliParts())).toMatchFileSnapshot("../../docs/reference/cli.md");
});

it("docs/reference/cli.md has every environment variable of Gantry", () => {
  const table = readFileSync(page("cli.md"), "utf8").split("## Environment variables\n")[1]!;
  const listed = [...table.matchAll(/^\| `(GANTRY_\w+)` \|/gm)].map(([, name]) => name);
  const read = new Set<string>();
  for (const folder of ["src", "scripts", "bin", "bench"])
    for (const file of readdirSync(join(home, folder), { recursive: true, encoding: "utf8" }))
      if (/\.[jt]s$/.test(file))
        for (const [name] of readFileSync(join(home, folder, file), "utf8").matchAll(/\bGANTRY_[A-Z_0-9]+/g))
          read.add(name);
  // A flag of the compiler, and a variable of version 0.1 whose message names the new one.
  for (const name of ["GANTRY_GLOO", "GANTRY_INSTALL"]) read.delete(name);
  expect(listed.sort()).toEqual([...read].sort());
});
