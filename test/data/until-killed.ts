/**
 * Packs the fixture of LSUN until some of it is done, then ends as a kill ends it. Run by resuming.test.ts:
 *
 *     node --import jiti/register test/data/until-killed.ts CACHE
 */
import { join } from "node:path";
import { packOf } from "../../src/data/define.ts";
import { lsun } from "../../src/data/sets/lsun.ts";

const path = join(import.meta.dirname, "../fixtures/datasets/lsun");
await packOf(lsun({ path, categories: ["bridge"], size: 600, first: 21 }), {
  cache: process.argv[2],
  workers: 1,
  onProgress: ({ done }) => {
    if (done >= 14) process.kill(process.pid, "SIGKILL");
  },
});
