/**
 * Disks that are full at a random moment: a file system in memory of a random size, in a namespace of its own. Promised: one
 * sentence, the older checkpoint whole, and the same bits when there is room again.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endOf } from "./run-end.ts";
import { dice, gantry, type Outcome, Tally, tinyTraining } from "./trial.ts";

const NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"];

/** Whether a file system can be mounted without being asked for a password. */
export const canMount = (): boolean =>
  spawnSync(NAMESPACE[0]!, [...NAMESPACE.slice(1), "sh", "-c", "mount -t tmpfs none /mnt"]).status === 0;

/** Trains in a file system of `size` bytes, then gives it room, verifies and resumes; copies the run out at the end. */
const SCRIPT = `
size=$1; place=$2; out=$3; shift 3
mount -t tmpfs -o size=$size none "$place" || exit 90
"$@" >"$out.first" 2>&1; first=$?
mount -o remount,size=64m "$place" || exit 91
node=$1; entry=$2
if [ -e "$place/run/recipe.json" ]; then "$node" "$entry" verify "$place/run" >"$out.verify" 2>&1; echo "verify $?" >>"$out.verify"; fi
"$@" >"$out.second" 2>&1; second=$?
cp -r "$place/run" "$out"
echo "codes $first $second"
`;

/** Makes `count` full disks. */
export async function disks(count: number, seed: number): Promise<Outcome> {
  const tally = new Tally();
  const roll = dice(seed);
  if (!canMount()) {
    tally.notes.push("skipped: no file system can be mounted here");
    return tally.outcome("disks");
  }
  const folder = mkdtempSync(join(tmpdir(), "gantry-disks-"));
  const steps = 120;
  try {
    const reference = join(folder, "reference");
    await gantry(tinyTraining(reference, steps)).ended;
    const whole = endOf(reference, 10);
    const bytes = Number(spawnSync("du", ["-sk", reference], { encoding: "utf8" }).stdout.split("\t")[0]) * 1024;
    for (let i = 0; i < count; i++) {
      const size = 4096 * (2 + roll(Math.ceil(bytes / 4096)));
      const out = join(folder, `run-${i}`);
      const place = mkdtempSync(join(folder, "mount-"));
      const script = join(folder, "script.sh");
      writeFileSync(script, SCRIPT);
      const through = [...NAMESPACE, "sh", script, String(size), place, out];
      const { stdout, stderr } = await gantry([...tinyTraining(join(place, "run"), steps), "--resume-or-start"], {
        through,
      }).ended;
      const [, first, second] = /codes (\d+) (\d+)/.exec(stdout) ?? [];
      const read = (name: string) => spawnSync("cat", [`${out}.${name}`], { encoding: "utf8" }).stdout;
      const said = read("first").trim();
      tally.count(first === "0" ? "with enough room" : "full");
      const how = `a disk of ${size} bytes`;
      if (first === undefined) tally.problems.push(`${how}: ${stderr.trim()}`);
      else if (first !== "0" && !/no space is left on the device|disk quota/.test(said)) {
        tally.problems.push(`${how}: it said ${JSON.stringify(said)}`);
      }
      if (first !== "0" && said.split("\n").length !== 1) tally.problems.push(`${how}: more than one line: ${said}`);
      if (/verify 1/.test(read("verify"))) tally.problems.push(`${how}: ${read("verify")}`);
      if (second !== "0") tally.problems.push(`${how}: the run cannot be continued: ${read("second")}`);
      else if (endOf(out, 10) !== whole) tally.problems.push(`${how}: the run ends otherwise`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return tally.outcome("disks");
}
