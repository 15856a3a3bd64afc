/** `gantry lab`: the laboratory, an experiment each sub-command. */
import { defineCommand } from "./command.ts";
import { annealCommand } from "./lab/anneal.ts";
import { anomalyCommand } from "./lab/anomaly.ts";
import { gamesCommand } from "./lab/games.ts";
import { imagesCommand } from "./lab/images.ts";
import { mineCommand } from "./lab/mine.ts";
import { mixtureCommand } from "./lab/mixture.ts";
import { oracleCommand } from "./lab/oracle.ts";
import { semiCommand } from "./lab/semi.ts";
import { truncationCommand } from "./lab/truncation.ts";

/** The command, for the shell to mount. */
export const lab = defineCommand({
  meta: {
    name: "lab",
    description:
      "Experiments: what top-k training does and why, and what other techniques do on problems whose answer is known.",
  },
  subCommands: {
    mixture: mixtureCommand,
    oracle: oracleCommand,
    anneal: annealCommand,
    images: imagesCommand,
    anomaly: anomalyCommand,
    mine: mineCommand,
    games: gamesCommand,
    semi: semiCommand,
    truncation: truncationCommand,
  },
  examples: [{ line: "gantry lab mixture --steps 5000 --seeds 2", does: "a short version of the main experiment" }],
});
