/**
 * The address that looks for the usual faults of GANs in a run. It needs the token: it opens checkpoints and data, and writes
 * pictures into the run's folder `diagnosis`.
 */
import { lstatSync } from "node:fs";
import { join } from "node:path";
import type { RunDiagnosis } from "../api.ts";
import { diagnosisSchema } from "../engine/messages.ts";
import { RequestError, readBody } from "./body.ts";
import { readInside } from "./files.ts";
import { sendJson } from "./respond.ts";
import { type Route, runOf } from "./route.ts";

/** Answers with a {@link RunDiagnosis}. The run is read in the engine's process. */
export const diagnosis: Route = {
  method: "POST",
  token: true,
  async answer({ library, engine }, { request, response }) {
    const wanted = await readBody(request, diagnosisSchema);
    const { path } = await runOf(library, wanted.run);
    if (lstatSync(join(path, "diagnosis"), { throwIfNoEntry: false })?.isSymbolicLink()) {
      throw new RequestError(
        403,
        "`diagnosis` in this run's folder is a link, and pictures would be written elsewhere",
      );
    }
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    const { findings, ...rest } = await engine.run({ task: "diagnosis", path }, gone.signal);
    const found = findings.map(async ({ picture, ...finding }) => ({
      ...finding,
      ...(picture === undefined ? {} : { picture: (await readInside(library.folder, picture)).toString("base64") }),
    }));
    const answer: RunDiagnosis = { ...rest, findings: await Promise.all(found) };
    sendJson(response, answer);
  },
};
