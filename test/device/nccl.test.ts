/**
 * Collectives over NCCL's interface, without a GPU: the library is fake-nccl.cc, and the device is other-device.cc, whose memory the
 * library can read.
 */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { freePort, spawnTypeScript } from "../spawn-typescript.ts";
import { withFakeNccl } from "./fake-nccl.ts";
import { hasGradients, OTHER_DEVICE } from "./other-device.ts";

const NCCL = { library: "NCCL 2.26.2", reason: "" };
const FLOAT32 = 7;

/** Runs two processes. `env` has the variables of each. */
async function members(
  mode: string,
  env: readonly [Record<string, string>, Record<string, string>],
  devices: readonly [string, string] = [OTHER_DEVICE, OTHER_DEVICE],
  file?: string,
) {
  const place = file ?? String(await freePort());
  const children = env.map((variables, rank) => {
    const args = [String(rank), place, mode, devices[rank]!];
    return spawnTypeScript(new URL("nccl-member.ts", import.meta.url), args, undefined, variables);
  });
  return Promise.all(
    children.map(async ({ ended, lines }) => {
      const { code, errors } = await ended;
      return { code, lines: lines.map((line) => JSON.parse(line)), calls: errors.trim().split("\n") };
    }),
  );
}

it("sums, collections and copies are those of gloo", async () => {
  const fake = withFakeNccl();
  const [nccl, gloo] = [await members("values", [fake, fake]), await members("values", [{}, {}])];
  for (const rank of [0, 1]) {
    expect(nccl[rank]).toMatchObject({ code: 0, lines: [NCCL, {}] });
    expect(gloo[rank]!.lines[0]).toEqual({ library: "gloo", reason: expect.stringContaining("libnccl.so.2") });
    expect(nccl[rank]!.lines[1]).toEqual(gloo[rank]!.lines[1]);
    expect(nccl[rank]!.calls).toEqual([
      `ncclAllReduce 1000 ${FLOAT32} 0`,
      `ncclAllReduce 1 ${FLOAT32} 0`,
      "ncclAllReduce 2 4 0",
      "ncclAllReduce 1000 8 0",
      `ncclAllReduce 32 ${FLOAT32} 0`,
      `ncclAllGather 3 ${FLOAT32}`,
      `ncclBroadcast 1000 ${FLOAT32} 1`,
      "ncclBroadcast 1000 6 0",
      // The second to leave finds the other one gone.
      expect.stringMatching(/^ncclComm(Destroy|Abort)$/),
    ]);
  }
});

describe.runIf(hasGradients)("training", () => {
  it("has the gradients and steps of gloo, in one message an update", async () => {
    const fake = withFakeNccl();
    const [nccl, gloo] = [await members("steps", [fake, fake]), await members("steps", [{}, {}])];
    for (const rank of [0, 1]) {
      const [carrier, gradients, end] = nccl[rank]!.lines;
      expect(carrier).toEqual(NCCL);
      // The processes ask for (1 + 2) * 2 S together, S = [3, 30], and for 3 * 2 * 2 of that's sum.
      expect(gradients).toEqual([
        [18, 180],
        [12, 12],
      ]);
      expect([gradients, end]).toEqual(gloo[rank]!.lines.slice(1));
      const weights = Object.entries(end.weights as Record<string, number[]>);
      const parameters = (player: string): number =>
        weights
          .filter(([name]) => name.startsWith(player) && /(weight|bias|weight_orig)$/.test(name))
          .reduce((sum, [, values]) => sum + values.length, 0);
      const messages = (player: string): number =>
        nccl[rank]!.calls.filter((call) => call === `ncclAllReduce ${parameters(player)} ${FLOAT32} 0`).length;
      // Three updates of each; MINE's gradient of G is a message of its own.
      expect([messages("discriminator."), messages("generator.")]).toEqual([3, 6]);
    }
    expect(nccl[0]!.lines[2].weights).toEqual(nccl[1]!.lines[2].weights);
  });
});

describe("gloo is used", () => {
  it("where one process has no NCCL, and the other says so", async () => {
    const [first, second] = await members("values", [withFakeNccl(), {}]);
    expect(first!.lines[0]).toEqual({ library: "gloo", reason: "another worker cannot use it" });
    expect(second!.lines[0].reason).toContain("libnccl.so.2");
    expect(first!.lines[1].gathered).toEqual(second!.lines[1].gathered);
  });

  it("on the CPU", async () => {
    const fake = withFakeNccl();
    const both = await members("values", [fake, fake], ["cpu", OTHER_DEVICE]);
    const reasons = both.map(({ lines }) => lines[0].reason);
    expect(reasons).toEqual(["this worker computes on the CPU", "another worker cannot use it"]);
    expect(both[0]!.lines[1]).toEqual(both[1]!.lines[1]);
  });
});

describe("an error of NCCL is one sentence", () => {
  it.each([
    ["ncclCommInitRank", "invalid argument (run with NCCL_DEBUG=WARN for details)"],
    ["ncclAllReduce", "unhandled cuda error (run with NCCL_DEBUG=INFO for details)"],
  ])("%s", async (name, words) => {
    const fake = { ...withFakeNccl(), FAKE_NCCL_FAILS: name };
    for (const { code, lines } of await members("failing", [fake, fake])) {
      expect(code).toBe(1);
      expect(lines.at(-1)).toBe(`UserError: the connection to the other workers is lost: NCCL: ${name}: ${words}`);
    }
  });
});

it.each(["port", "file"])("a process that is gone ends what the other waits for: met by a %s", async (place) => {
  const fake = withFakeNccl();
  const file = place === "port" ? undefined : join(fake.FAKE_NCCL_FOLDER, "place");
  const [first, second] = await members("late", [fake, fake], undefined, file);
  expect(second!.code).toBe(3);
  expect(first!.code).toBe(1);
  const lost = "UserError: the connection to the other workers is lost: ";
  // In the call that waits, after a read, and in the next call.
  const sentence = `${lost}${place === "port" ? "worker 1" : "another worker"} has ended`;
  expect(first!.lines).toEqual([NCCL, sentence, sentence, sentence]);
  expect(first!.calls.at(-1)).toBe("ncclCommAbort");
});
