import { createHmac, randomBytes } from "node:crypto";
import { connect, createServer } from "node:net";
import { expect, it } from "vitest";
import { joinGroup } from "../../src/tensor/index.ts";
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

/** A worker's greeting, computed here by Node's own HMAC: what it says, and the proof that it knows the secret. */
function greeting(secret: string, theirs: Buffer, rank: number, size: number): Buffer {
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32LE(rank);
  numbers.writeUInt32LE(size, 4);
  const said = Buffer.concat([randomBytes(32), numbers]);
  const proof = createHmac("sha256", secret).update("gantry 1 worker\0").update(theirs).update(said).digest();
  return Buffer.concat([said, proof]);
}

/** Connects to a port, sends what `answer` makes of the first 32 bytes, and gives all that came until the other closed. */
function stranger(port: string, answer: (nonce: Buffer) => Buffer | undefined): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), "127.0.0.1");
    const came: Buffer[] = [];
    socket.on("error", () => {});
    socket.once("data", (nonce) => {
      const bytes = answer(nonce);
      if (bytes !== undefined) socket.write(bytes);
    });
    socket.on("data", (bytes) => came.push(bytes));
    socket.on("close", () => resolve(Buffer.concat(came)));
  });
}

async function listens(port: string): Promise<void> {
  await expect
    .poll(
      () =>
        new Promise((resolve) => {
          const socket = connect(Number(port), "127.0.0.1", () => resolve(true));
          socket.on("error", () => resolve(false));
          socket.on("connect", () => socket.destroy());
        }),
      { timeout: 60_000 },
    )
    .toBe(true);
}

it("a group lets in only those who know its secret; garbage and half-open connections do it no harm", async () => {
  const port = String(await freePort());
  const member = (rank: number, secret: string) =>
    spawnTypeScript(new URL("group-member.ts", import.meta.url), [String(rank), "2", port, `secret=${secret}`]);
  const first = member(0, "what both of them know");
  await listens(port);
  // Half-open ones stay open; the others are closed by the first worker. One more than it keeps at a time.
  const open = Array.from({ length: 65 }, () => connect(Number(port), "127.0.0.1").on("error", () => {}));
  const lengths = Buffer.alloc(72, 0xff);
  for (const bytes of [lengths, randomBytes(1 << 20)]) expect(await stranger(port, () => bytes)).toHaveLength(32);
  expect(await stranger(port, (nonce) => greeting("another secret", nonce, 1, 2))).toHaveLength(32);
  // Who knows it is answered, also where the rank or the number of workers is wrong.
  const answer = await stranger(port, (nonce) => greeting("what both of them know", nonce, 2, 2));
  expect(answer).toHaveLength(32 + 33);
  expect(answer[32]).toBe(1);
  expect((await stranger(port, (nonce) => greeting("what both of them know", nonce, 1, 3)))[32]).toBe(2);
  const wrong = member(1, "what only one knows");
  await wrong.ended;
  expect(JSON.parse(wrong.lines[0]!).lost).toContain("worker 0 has another secret than this worker");
  const second = member(1, "what both of them know");
  for (const { ended, lines } of [first, second]) {
    expect(await ended).toEqual({ code: 0, errors: "" });
    expect(JSON.parse(lines[0]!)).toMatchObject({ sum: [3, 30], copied: [1, 7] });
  }
  for (const socket of open) socket.destroy();
});

it("a process that falls silent is noticed", async () => {
  const port = String(await freePort());
  const [first, second] = [0, 1].map((rank) =>
    spawnTypeScript(new URL("group-member.ts", import.meta.url), [String(rank), "2", port, "silent"], (line, child) => {
      if (line === "joined" && rank === 1) child.kill("SIGSTOP");
    }),
  );
  await first!.ended;
  expect(JSON.parse(first!.lines.at(-1)!).lost).toBe(
    "UserError: the connection to the other workers is lost: worker 1 has given no sign of life for 2 seconds",
  );
  second!.process.kill("SIGCONT");
  await second!.ended;
  expect(JSON.parse(second!.lines.at(-1)!).lost).toMatch(/^UserError: the connection to the other workers is lost: /);
});

it("a group over the network needs a secret", () => {
  expect(() => joinGroup({ rank: 0, size: 2, host: "10.0.0.1", port: 1 })).toThrow("need a secret");
});
