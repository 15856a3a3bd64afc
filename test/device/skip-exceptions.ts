/** Before each test where GANTRY_TEST_DEVICE is set: what cannot be run there is skipped, with its reason (exceptions.ts). */
import { beforeEach } from "vitest";
import { whyNot } from "./exceptions.ts";

beforeEach(({ skip, task }) => {
  const why = whyNot(task.file.filepath, task.name);
  if (why !== undefined) skip(why);
});
