/** What the page can ask for: one entry for each address, with what it needs. */
import { join } from "node:path";
import { z } from "zod";
import { gantryVersion } from "../../base/version.ts";
import { PROMETHEUS_TYPE, prometheusText } from "../../export/index.ts";
import { ratedTest, requestStop } from "../../training/index.ts";
import type { SmallCurve, StudioInfo } from "../api.ts";
import { gridSchema, neighboursSchema, pathSchema, pointsSchema } from "../engine/messages.ts";
import { answersSchema } from "../rating/blind-tests.ts";
import { smallCurve, smallScore } from "../runs/small-curve.ts";
import { RequestError, readBody } from "./body.ts";
import { diagnosis } from "./diagnosis.ts";
import { drawing, startTest } from "./drawing.ts";
import { readInside } from "./files.ts";
import { sendBytes, sendJson } from "./respond.ts";
import { type Route, runOf } from "./route.ts";
import { sweep } from "./sweep.ts";

/** Runs whose small curves one request gets. */
const MOST_SMALL = 32;

/** The API by path. */
export const routes: Readonly<Record<string, Route>> = {
  "/metrics": {
    method: "GET",
    async answer({ library }, { response }) {
      const runs = await library.runs();
      sendBytes(response, Buffer.from(prometheusText(runs.map((run) => run.now()))), PROMETHEUS_TYPE);
    },
  },
  "/api/info": {
    method: "GET",
    async answer({ library, program }, { response, allowed }) {
      const { folder, more } = library;
      const info: StudioInfo = { folder, version: gantryVersion(), program, allowed, more };
      sendJson(response, info);
    },
  },
  "/api/runs": {
    method: "GET",
    async answer({ library }, { response }) {
      const runs = await library.runs();
      sendJson(response, { runs: runs.map((run) => run.summary()) });
    },
  },
  "/api/run": {
    method: "GET",
    async answer({ library }, { response, query }) {
      sendJson(response, (await runOf(library, query.get("id"))).details());
    },
  },
  "/api/curves": {
    method: "GET",
    async answer({ library }, { response, query }) {
      const run = await runOf(library, query.get("id"));
      library.used(run);
      sendJson(response, await run.curves(wholeIn(query, "generation", -1), wholeIn(query, "from", 0)));
    },
  },
  "/api/small-curves": {
    method: "GET",
    async answer({ library }, { response, query }) {
      const ids = query.getAll("id");
      const [number, score] = [query.get("number"), query.get("score")];
      if (ids.length > MOST_SMALL) throw new RequestError(400, `\`id\` can be given ${MOST_SMALL} times at most`);
      if ((number === null) === (score === null)) throw new RequestError(400, "give `number` or `score`");
      const curves: SmallCurve[] = [];
      for (const id of ids) {
        const run = await runOf(library, id);
        if (number === null) curves.push({ id, points: smallScore(run.details().scores, score!) });
        else {
          library.used(run);
          curves.push({ id, points: smallCurve(await run.curves(-1, 0), number) });
        }
      }
      sendJson(response, { curves });
    },
  },
  "/api/sample": {
    method: "GET",
    async answer({ library }, { response, query }) {
      const run = await runOf(library, query.get("id"));
      const step = wholeIn(query, "step", -1);
      if (!run.samples.includes(step)) throw new RequestError(404, `this run has no samples of step ${step}`);
      const file = join(run.path, "samples", `${fileNumber(step)}.png`);
      sendBytes(response, await readInside(library.folder, file), "image/png");
    },
  },
  "/api/outputs": {
    method: "GET",
    async answer({ library }, { response, query }) {
      const run = await runOf(library, query.get("id"));
      library.used(run);
      sendJson(response, { outputs: (await run.outputs()).outputs() });
    },
  },
  "/api/batch": {
    method: "GET",
    async answer({ library }, { response, query }) {
      const run = await runOf(library, query.get("id"));
      library.used(run);
      const step = wholeIn(query, "step", -1);
      const batch = (await run.outputs()).batch(step);
      if (batch === undefined) throw new RequestError(404, `this run has no batch of step ${step}`);
      sendJson(response, batch);
    },
  },
  "/api/batch-picture": {
    method: "GET",
    async answer({ library }, { response, query }) {
      const run = await runOf(library, query.get("id"));
      const file = join(run.path, "batches", `${fileNumber(wholeIn(query, "step", -1))}.png`);
      sendBytes(response, await readInside(library.folder, file), "image/png");
    },
  },
  "/api/changes": {
    method: "GET",
    answer: ({ streams }, { response }) => streams.add(response),
  },
  "/api/stop": {
    method: "POST",
    token: true,
    async answer({ library }, { request, response }) {
      const { run: id } = await readBody(request, z.strictObject({ run: z.string() }));
      const run = await runOf(library, id);
      if (run.state !== "training" && run.state !== "preparing") {
        throw new RequestError(409, `this run is not being trained: it is ${run.state}`);
      }
      requestStop(run.path);
      sendJson(response, {});
    },
  },
  "/api/ratings": {
    method: "GET",
    async answer({ library }, { response, query }) {
      const run = await runOf(library, query.get("id"));
      sendJson(response, { tests: await run.ratings() });
    },
  },
  "/api/sweep": sweep,
  "/api/test": startTest,
  "/api/rate": {
    method: "POST",
    token: true,
    async answer({ tests }, { request, response }) {
      const ratings = tests.close(await readBody(request, answersSchema));
      sendJson(response, { results: ratings.map(ratedTest) });
    },
  },
  "/api/diagnosis": diagnosis,
  "/api/grid": drawing("grid", gridSchema),
  "/api/path": drawing("path", pathSchema),
  "/api/neighbours": drawing("neighbours", neighboursSchema),
  "/api/points": drawing("points", pointsSchema),
};

/** A step as file names have it. */
const fileNumber = (step: number): string => String(Math.max(0, step)).padStart(6, "0");

function wholeIn(query: URLSearchParams, name: string, standard: number): number {
  const text = query.get(name);
  if (text === null) return standard;
  const value = Number(text);
  if (/^-?\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new RequestError(400, `\`${name}\` must be a whole number`);
}
