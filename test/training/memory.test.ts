import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { spawnTypeScript } from "../spawn-typescript.ts";

it.skipIf(!existsSync("/proc/self/status"))(
  "2,000 training steps leave the count of live tensors and the resident memory flat (needs Linux's /proc)",
  async () => {
    const child = spawnTypeScript(new URL("long-run.ts", import.meta.url), []);
    expect(await child.ended).toEqual({ code: 0, errors: "" });
    const readings = child.lines.map((line) => JSON.parse(line) as { step: number; live: number; kilobytes: number });
    expect(readings.map(({ step }) => step)).toEqual([500, 1000, 1500, 2000]);
    expect(new Set(readings.map(({ live }) => live)).size, JSON.stringify(readings)).toBe(1);
    // In the first half the engine's and the language's own caches fill up.
    const growth = readings[3]!.kilobytes - readings[1]!.kilobytes;
    expect(growth, JSON.stringify(readings)).toBeLessThan(3000);
  },
);
