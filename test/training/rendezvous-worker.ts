/** One of two workers that connect, for test/training/workers.test.ts: `rank port key=value ...`; prints what came of it. */
import { mnist } from "../../src/data/index.ts";
import { hinge } from "../../src/losses/index.ts";
import { mlp } from "../../src/models/index.ts";
import { adam } from "../../src/optim/index.ts";
import { applyOverrides } from "../../src/recipe/overrides.ts";
import { defineRecipe } from "../../src/recipe/recipe.ts";
import { leaveGroup } from "../../src/tensor/index.ts";
import { joinWorkers } from "../../src/training/distributed/workers.ts";

const [rank, port, ...changes] = process.argv.slice(2);
const recipe = defineRecipe({
  data: mnist(),
  generator: mlp.generator(),
  discriminator: mlp.discriminator(),
  loss: hinge(),
  optimizers: { generator: adam(), discriminator: adam() },
  steps: 1,
});
try {
  await joinWorkers(
    { rank: Number(rank), size: 2, host: "127.0.0.1", port: Number(port) },
    applyOverrides(recipe, changes),
  );
  console.log("met");
} catch (error) {
  console.log(String(error));
}
leaveGroup();
