/** The torture in short: a few trials of each part. `npm run torture` makes as many as are wanted. */
import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { bits } from "./bits.ts";
import { clients } from "./clients.ts";
import { canMount, disks } from "./disks.ts";
import { files } from "./files.ts";
import { kills } from "./kills.ts";
import type { Outcome } from "./trial.ts";

function expectNone({ trials, problems }: Outcome, least: number): void {
  expect(problems).toEqual([]);
  expect(Object.values(trials).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(least);
}

it("a killed run ends as one that was not", async () => expectNone(await kills(2, 1), 2));

it.skipIf(!canMount())("a full disk costs nothing but time", async () => expectNone(await disks(2, 1), 2));

it("flipped bits are noticed", async () => expectNone(await bits(120, 1), 120));

it("changed files are read or refused", async () => expectNone(await files(600, 1), 600));

it.skipIf(!existsSync("/proc/self/status"))("strangers at the workers' port do no harm", async () =>
  expectNone(await clients(24, 1), 24),
);
