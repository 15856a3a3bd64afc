/** docs/explanation/dependencies.md has every package of package.json, with its version. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

it("docs/explanation/dependencies.md lists every dependency with its version", () => {
  const rows = [...read("docs/explanation/dependencies.md").matchAll(/^\| ([^|]+) \| ([^|]+) \| .+ \| .+ \|$/gm)];
  const listed = rows.flatMap(([, names, versions]) => {
    const each = versions!.split(", ");
    return names!.split(", ").map((name, i) => `${name} ${each[i]}`);
  });
  const { dependencies, devDependencies } = JSON.parse(read("package.json")) as Record<string, Record<string, string>>;
  const wanted = Object.entries({ ...dependencies, ...devDependencies });
  expect(listed).toEqual(expect.arrayContaining(wanted.map(([name, version]) => `${name} ${version}`)));
});
