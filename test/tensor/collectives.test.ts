import { expect, it } from "vitest";
import { freePort, spawnTypeScript } from "../spawn-typescript.ts";

async function members(...extra: string[]) {
  const port = String(await freePort());
  const children = [0, 1].map((rank) =>
    spawnTypeScript(new URL("group-member.ts", import.meta.url), [String(rank), "2", port, ...extra]),
  );
  return Promise.all(children.map(async ({ ended, lines }) => ({ ...(await ended), lines })));
}

it("two processes sum, gather and copy tensors, and sum gradients twice over", async () => {
  const results = (await members()).map(({ code, errors, lines }) => {
    expect({ code, errors }).toEqual({ code: 0, errors: "" });
    return JSON.parse(lines[0]!) as Record<string, number[]>;
  });
  // x is [1, 10] and [2, 20]: S = [3, 30]; the processes ask for (1 + 2) * 2 S together, and for 3 * 2 * 2 of that's sum.
  const maps = Array.from({ length: 16 }, (_, i) => 2 * i + 100);
  for (const result of results) {
    expect(result).toEqual({
      sum: [3, 30],
      first: [18, 180],
      second: [12, 12],
      gathered: [0, 0.5, 1, 1.5],
      maps,
      copied: [1, 7],
    });
  }
});

it("a process that is lost ends the others' wait with one sentence", async () => {
  const [first, second] = await members("lost");
  expect(second).toMatchObject({ code: 3, lines: [] });
  expect(JSON.parse(first!.lines[0]!).lost).toMatch(/^UserError: the connection to the other workers is lost: /);
});
