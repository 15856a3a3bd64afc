/** The engine's process: answers tasks that come as messages, one at a time, and ends with the studio. */
import { UserError } from "../../base/errors.ts";
import { type Diagnosis, diagnose } from "../../diagnosis/index.ts";
import { configureEngine } from "../../tensor/index.ts";
import { Checkpoints } from "./checkpoints.ts";
import { drawGrid, drawNeighbours, drawPath, drawTest } from "./images.ts";
import type { Answer, DiagnosisTask, Drawn, Task } from "./messages.ts";
import { drawPoints } from "./points.ts";

configureEngine({ threads: 1 });
const checkpoints = new Checkpoints();

function answerOf(task: Task | DiagnosisTask): Promise<Drawn | Diagnosis> {
  if (task.task === "diagnosis") return diagnose(task.path);
  return checkpoints.use<Drawn>(task, (opened) => {
    if (task.task === "grid") return drawGrid(opened, task);
    if (task.task === "path") return drawPath(opened, task);
    if (task.task === "neighbours") return drawNeighbours(opened, task);
    if (task.task === "points") return drawPoints(opened, task);
    return drawTest(opened, task);
  });
}

process.on("message", async (task: (Task | DiagnosisTask) & { readonly id: number }) => {
  let answer: Answer;
  try {
    answer = { id: task.id, result: await answerOf(task) };
  } catch (error) {
    answer = { id: task.id, error: (error as Error).message, forUser: error instanceof UserError };
  }
  process.send!(answer);
});
process.on("disconnect", () => process.exit());
