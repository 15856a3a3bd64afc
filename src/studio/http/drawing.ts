/** The addresses that draw with the engine. They need the token, and a request that the page has given up is left out. */
import { existsSync, lstatSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import { type Drawn, type Task, testSchema } from "../engine/messages.ts";
import { type NewPart, orderOf } from "../rating/blind-tests.ts";
import type { FollowedRun } from "../runs/followed-run.ts";
import { RequestError, readBody } from "./body.ts";
import { sendJson } from "./respond.ts";
import { type Route, runOf } from "./route.ts";

/** A checkpoint as the page names it. */
type Wanted = "last" | "best" | number;

/** Checkpoints that are tried while training removes them. */
const TRIES = 10;

/** A checkpoint as the engine's process is told of it. */
interface Place {
  readonly step: number;
  /** Tells whether a checkpoint of this step has been written again. */
  readonly stamp: string;
}

const folderOf = (run: FollowedRun, step: number): string =>
  join(run.path, "checkpoints", `step-${String(step).padStart(6, "0")}`);

/** Which checkpoint is meant. */
function checkpointOf(run: FollowedRun, wanted: Wanted): Place {
  const step = wanted === "last" ? run.checkpoints.at(-1) : wanted === "best" ? run.summary().score?.bestStep : wanted;
  if (step === undefined || !run.checkpoints.includes(step)) {
    const list = run.checkpoints.length === 0 ? "none yet" : run.checkpoints.join(", ");
    throw new RequestError(404, `this run has no checkpoint \`${wanted}\`; there are: ${list}`);
  }
  return { step, stamp: String(lstatSync(folderOf(run, step), { throwIfNoEntry: false })?.mtimeMs) };
}

/**
 * Draws from a checkpoint. Training can remove it before it is read: then from the one that is the newest, or the best, by
 * then.
 *
 * @throws RequestError when there is no such checkpoint, or none stays for long enough.
 */
export async function drawnFrom<T>(run: FollowedRun, wanted: Wanted, draw: (place: Place) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    const place = checkpointOf(run, wanted);
    try {
      return await draw(place);
    } catch (error) {
      if (existsSync(folderOf(run, place.step)) || tries === TRIES) throw error;
      await run.refresh();
    }
  }
}

/** What the page gets: a PNG as text of base 64. */
export const sendable = (drawn: Drawn): object =>
  "png" in drawn ? { ...drawn, png: Buffer.from(drawn.png).toString("base64") } : drawn;

/** The route of a task. */
export function drawing(name: Task["task"], schema: z.ZodType<{ run: string; checkpoint: Wanted }>): Route {
  return {
    method: "POST",
    token: true,
    async answer({ library, engine }, { request, response }) {
      const wanted = await readBody(request, schema);
      const run = await runOf(library, wanted.run);
      const gone = new AbortController();
      response.on("close", () => gone.abort());
      const drawn = await drawnFrom(run, wanted.checkpoint, (place) =>
        engine.run({ ...wanted, task: name, path: run.path, ...place } as Task, gone.signal),
      );
      sendJson(response, sendable(drawn));
    },
  };
}

/**
 * Begins a blind test of one or several runs. The page gets a sheet of images for each run and the order of the questions,
 * and not which of the images are real.
 */
export const startTest: Route = {
  method: "POST",
  token: true,
  async answer({ library, engine, tests }, { request, response }) {
    const { runs: ids, checkpoint, ...wish } = await readBody(request, testSchema);
    if (new Set(ids).size < ids.length) throw new RequestError(400, "`runs`: a run is named twice");
    const runs = await Promise.all(ids.map((id) => runOf(library, id)));
    requireAlike(runs);
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const { mode, seed, count, averaged, truncation, shown, seconds } = wish;
    const order = orderOf(wish);
    const sheets: object[] = [];
    const parts: NewPart[] = [];
    for (const [i, run] of runs.entries()) {
      const firstReal = i * count;
      const task = { ...wish, checkpoint, task: "test", order, firstReal, path: run.path } as const;
      const drawn = await drawnFrom(run, checkpoint, (place) => engine.run({ ...task, ...place }, gone.signal));
      const { step } = drawn;
      sheets.push(sendable(drawn));
      parts.push({
        path: run.path,
        protocol: { mode, seed, count, step, averaged, truncation, shown, seconds, runs: runs.length, firstReal },
      });
    }
    sendJson(response, { ...tests.open(parts), sheets });
  },
};

/** @throws RequestError unless the images of all runs look as if they could be of one kind: same data, same size. */
function requireAlike(runs: readonly FollowedRun[]): void {
  const kinds = runs.map(({ data }) => `${data?.name} ${JSON.stringify(data?.sample)}`);
  const other = kinds.findIndex((kind) => kind !== kinds[0]);
  if (other < 0) return;
  const [a, b] = [runs[0]!, runs[other]!];
  throw new RequestError(
    400,
    `runs of one test must have the same data and size of images: ${a.id} has ${kinds[0]}, ${b.id} ${kinds[other]}`,
  );
}
