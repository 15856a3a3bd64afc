import { createServer } from "node:net";
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

it("who cannot meet the others says so in one sentence", async () => {
  const stranger = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => socket.write(Buffer.alloc(64, 255)));
  });
  await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
  const taken = String((stranger.address() as { port: number }).port);
  const free = String(await freePort());
  const lonely = [
    ["0", "2", free],
    ["0", "2", taken],
    ["1", "2", taken],
  ].map((place) => spawnTypeScript(new URL("group-member.ts", import.meta.url), [...place, "impatient"]));
  for (const { ended, lines } of lonely) {
    await ended;
    expect(JSON.parse(lines[0]!).lost).toMatch(
      /^UserError: the connection to the other workers cannot be made at 127\.0\.0\.1:\d+: .+$/,
    );
  }
  stranger.close();
});
