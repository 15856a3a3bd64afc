/**
 * Changes files and reads them, in a process of its own: `mutate.ts FOLDER RUN COUNT SEED`. Prints JSON lines: where it is, what
 * went wrong, how many of each kind were read, and at the end the largest memory.
 */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { outcomeOf, readersIn } from "./readers.ts";
import { type Dice, dice } from "./trial.ts";

const [folder, run, count, seed] = process.argv.slice(2) as [string, string, string, string];
const say = (message: object): void => void process.stdout.write(`${JSON.stringify(message)}\n`);

/** Where a change is: two thirds near the beginning, where the structure is, some near the end, some anywhere. */
function placeIn({ length }: Buffer, roll: Dice): number {
  if (roll(3) > 0) return roll(Math.min(length, 700));
  return roll(2) === 0 ? length - 1 - roll(Math.min(length, 500)) : roll(length);
}

function changed(whole: Buffer, roll: Dice): Buffer {
  const place = (): number => placeIn(whole, roll);
  const at = place();
  const bytes = Buffer.from(whole);
  switch (roll(12)) {
    case 0:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + roll(9))]);
    case 1:
      return Buffer.concat([bytes.subarray(0, at + 1 + roll(9)), bytes.subarray(at)]);
    case 2:
      return bytes.fill(0xff, at, Math.min(bytes.length, at + 1 + roll(8)));
    case 3:
      bytes.copy(bytes, place(), at, at + 1 + roll(16));
      return bytes;
    case 4:
      return bytes.subarray(0, at);
    case 5:
      // A number of 4 bytes that is large, or near a limit.
      bytes.writeUInt32LE(
        [0xffffffff, 0x7fffffff, 0x80000000, 0x10000000][roll(4)]!,
        Math.max(0, Math.min(at, bytes.length - 4)),
      );
      return bytes;
    case 6:
      bytes.writeUInt32BE(
        [0xffffffff, 0x7fffffff, 0x80000000, 0x10000000][roll(4)]!,
        Math.max(0, Math.min(at, bytes.length - 4)),
      );
      return bytes;
    default:
      for (let i = 0, changes = 1 + roll(3); i < changes; i++) bytes[place()]! ^= 1 << roll(8);
      return bytes;
  }
}

const roll = dice(Number(seed));
const readers = await readersIn(folder, run);
for (const reader of readers) {
  const path = join(folder, `whole-${reader.name}`);
  if (!/json/.test(reader.name)) {
    writeFileSync(path, reader.bytes);
    const outcome = await outcomeOf(reader, path);
    if (outcome !== "read" && !/tar\.gz/.test(reader.what))
      say({ problem: `${reader.what} is ${outcome} when it is whole` });
  }
}
const counts = new Map<string, number>();
let before = process.cpuUsage();
for (let i = 0; i < Number(count); i++) {
  const reader = readers[i % readers.length]!;
  const bytes = changed(reader.bytes, roll);
  const path = join(folder, reader.name);
  writeFileSync(path, bytes);
  if (i % 100 === 0) say({ at: `${reader.what}, file ${i}` });
  const outcome = await outcomeOf(reader, path);
  if (outcome !== "read" && outcome !== "refused") {
    say({ problem: `${reader.what}, file ${i}: ${outcome}` });
  }
  // Of the processor: a busy machine is slow at everything.
  const { user, system } = process.cpuUsage(before);
  if (user + system > 20e6) say({ problem: `${reader.what}, file ${i}: ${Math.round((user + system) / 1e6)} s` });
  before = process.cpuUsage();
  counts.set(reader.what, (counts.get(reader.what) ?? 0) + 1);
}
for (const [what, number] of counts) say({ what, count: number });
rmSync(folder, { recursive: true, force: true });
say({ megabytes: Math.round(process.resourceUsage().maxRSS / 1024) });
