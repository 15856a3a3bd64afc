/** The addresses that draw with the engine. They need the token, and a request that the page has given up is left out. */
import { lstatSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import { type Drawn, type Task, testSchema } from "../engine/messages.ts";
import type { FollowedRun } from "../runs/followed-run.ts";
import { RequestError, readBody } from "./body.ts";
import { sendJson } from "./respond.ts";
import { type Route, runOf } from "./route.ts";

/** Which checkpoint is meant, and what tells whether it was replaced. */
export function checkpointOf(run: FollowedRun, wanted: "last" | "best" | number): { step: number; stamp: string } {
  const step = wanted === "last" ? run.checkpoints.at(-1) : wanted === "best" ? run.summary().score?.bestStep : wanted;
  if (step === undefined || !run.checkpoints.includes(step)) {
    const list = run.checkpoints.length === 0 ? "none yet" : run.checkpoints.join(", ");
    throw new RequestError(404, `this run has no checkpoint \`${wanted}\`; there are: ${list}`);
  }
  const folder = join(run.path, "checkpoints", `step-${String(step).padStart(6, "0")}`);
  return { step, stamp: String(lstatSync(folder, { throwIfNoEntry: false })?.mtimeMs) };
}

/** What the page gets: a PNG as text of base 64. */
export const sendable = (drawn: Drawn): object =>
  "png" in drawn ? { ...drawn, png: Buffer.from(drawn.png).toString("base64") } : drawn;

/** The route of a task. */
export function drawing(
  name: Task["task"],
  schema: z.ZodType<{ run: string; checkpoint: "last" | "best" | number }>,
): Route {
  return {
    method: "POST",
    token: true,
    async answer({ library, engine }, { request, response }) {
      const wanted = await readBody(request, schema);
      const run = await runOf(library, wanted.run);
      const gone = new AbortController();
      response.on("close", () => gone.abort());
      const task = { ...wanted, task: name, path: run.path, ...checkpointOf(run, wanted.checkpoint) } as Task;
      sendJson(response, sendable(await engine.run(task, gone.signal)));
    },
  };
}

/** Begins a blind test. The page gets the images in the order of the questions, and not which of them are real. */
export const startTest: Route = {
  method: "POST",
  token: true,
  async answer({ library, engine, tests }, { request, response }) {
    const wanted = await readBody(request, testSchema);
    const run = await runOf(library, wanted.run);
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const { mode, seed, count, averaged, truncation, shown, seconds } = wanted;
    const place = checkpointOf(run, wanted.checkpoint);
    const protocol = { mode, seed, count, step: place.step, averaged, truncation, shown, seconds };
    const { test, order } = tests.open(run.path, protocol);
    const drawn = await engine.run({ ...wanted, task: "test", order, path: run.path, ...place }, gone.signal);
    sendJson(response, { ...sendable(drawn), test });
  },
};
