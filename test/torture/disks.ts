/**
 * Disks that are full, or become read-only, at a random moment: a file system in memory of a random size, in a namespace of its own.
 * Promised: one sentence, the older checkpoint whole, and the same bits when there is room again.
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
size=$1; moment=$2; place=$3; out=$4; shift 4
mount -t tmpfs -o size=$size none "$place" || exit 90
"$@" >"$out.first" 2>&1 & process=$!
if [ "$moment" != never ]; then
  until [ -e "$place/run/recipe.json" ] || ! kill -0 $process 2>/dev/null; do sleep 0.02; done
  sleep "$moment"
  # Refused while a file is open for writing.
  until mount -o remount,ro "$place" 2>/dev/null || ! kill -0 $process 2>/dev/null; do :; done
fi
wait $process; first=$?
mount -o remount,rw,size=64m "$place" || exit 91
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
      const isFull = i % 2 === 0;
      const size = isFull ? 4096 * (2 + roll(Math.ceil(bytes / 4096))) : 64 * 2 ** 20;
      const moment = isFull ? "never" : (roll(3_000) / 1000).toFixed(3);
      const out = join(folder, `run-${i}`);
      const place = mkdtempSync(join(folder, "mount-"));
      const script = join(folder, "script.sh");
      writeFileSync(script, SCRIPT);
      const through = [...NAMESPACE, "sh", script, String(size), moment, place, out];
      const { stdout, stderr } = await gantry([...tinyTraining(join(place, "run"), steps), "--resume-or-start"], {
        through,
      }).ended;
      const [, first, second] = /codes (\d+) (\d+)/.exec(stdout) ?? [];
      const read = (name: string) => spawnSync("cat", [`${out}.${name}`], { encoding: "utf8" }).stdout;
      const said = read("first").trim();
      tally.count(first === "0" ? "with enough room" : isFull ? "full" : "read-only");
      const how = isFull ? `a disk of ${size} bytes` : `a disk that is read-only after ${moment} s`;
      if (first === undefined) tally.problems.push(`${how}: ${stderr.trim()}`);
      else if (first !== "0" && !(isFull ? /no space is left on the device|disk quota/ : /is read-only/).test(said)) {
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
