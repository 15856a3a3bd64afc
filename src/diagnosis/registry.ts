/** The checks of `gantry diagnose`, in the order in which it names them: one line for each. */
import type { Check } from "./check.ts";
import { collapse } from "./checks/collapse.ts";
import { discriminatorWins } from "./checks/discriminator-wins.ts";
import { divergence } from "./checks/divergence.ts";
import { generatorWins } from "./checks/generator-wins.ts";
import { memorising } from "./checks/memorising.ts";
import { overfitting } from "./checks/overfitting.ts";
import { saturation } from "./checks/saturation.ts";

export const checks: readonly Check[] = [
  divergence,
  discriminatorWins,
  generatorWins,
  saturation,
  collapse,
  memorising,
  overfitting,
];
