/** Types of what each part of a recipe builds, so that editors show mistakes in a recipe. */
import type { Descriptor, Role } from "../base/descriptor.ts";
import type { AnyDataDescriptor } from "../data/index.ts";
import type { Loss } from "../losses/index.ts";
import type { MetricDescriptor } from "../metrics/index.ts";
import type { DiscriminatorNetwork, GeneratorNetwork, ModelContext } from "../models/index.ts";
import type { Optimizer, OptimizerContext, Schedule, ScheduleContext } from "../optim/index.ts";
import type { Technique, TechniqueContext } from "../techniques/index.ts";

/** The descriptor that belongs in each role. */
export interface PartTypes {
  data: AnyDataDescriptor;
  generator: Descriptor<"generator", ModelContext, GeneratorNetwork>;
  discriminator: Descriptor<"discriminator", ModelContext, DiscriminatorNetwork>;
  loss: Descriptor<"loss", undefined, Loss>;
  technique: Descriptor<"technique", TechniqueContext, Technique>;
  optimizer: Descriptor<"optimizer", OptimizerContext, Optimizer>;
  schedule: Descriptor<"schedule", ScheduleContext, Schedule>;
  metric: MetricDescriptor;
}

/** The roles that a recipe has places for. */
export type PartRole = Role & keyof PartTypes;
