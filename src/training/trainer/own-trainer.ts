/** The trainer of `defineTrainer`: a user's modules, optimizers and step as the loop trains them. */
import { canonicalJson } from "../../base/canonical-json.ts";
import { type PlainDescriptor, toPlain } from "../../base/descriptor.ts";
import { UserError } from "../../base/errors.ts";
import { seedOf } from "../../base/seed.ts";
import { type Batch, type DataLoader, refuseOtherArrays, withAbsolutePaths } from "../../data/index.ts";
import { sampleShape } from "../../models/index.ts";
import { Module, withPassMode } from "../../nn/index.ts";
import { Optimizer } from "../../optim/index.ts";
import { amended, type PlainRecipe, withParts } from "../../recipe/index.ts";
import { allReduce, manualSeed, noGradScope, scope, Tensor } from "../../tensor/index.ts";
import { type DataShape, drawConditions, drawLatents } from "../step/gan.ts";
import { Progressing } from "../step/progressing.ts";
import { RandomStreams } from "../step/random-streams.ts";
import { ALONE, rowsOf, Sharding } from "../step/sharding.ts";
import type { RunSettings, Samplable, StepResult, Trainable } from "../trainable.ts";
import type { Modules, StepContext, TrainerDefinition } from "./definition.ts";
import { numbersOf } from "./step-numbers.ts";
import { StepOptimizer } from "./step-optimizer.ts";
import type { Trainer, TrainingSite } from "./trainer.ts";
import { type CheckedSettings, checkedSettings, placesOf } from "./trainer-settings.ts";

/** The functions of a definition. */
type Functions = Pick<TrainerDefinition<Modules, string>, "build" | "optimizers" | "step" | "sample">;

/** Made by `defineTrainer`. */
export class OwnTrainer implements Trainer {
  readonly needsFile = true;
  readonly settings: RunSettings & CheckedSettings;
  readonly #functions: Functions;

  constructor(functions: Functions, settings: CheckedSettings) {
    this.#functions = functions;
    this.settings = settings as RunSettings & CheckedSettings;
  }

  #with(settings: object): OwnTrainer {
    return new OwnTrainer(this.#functions, checkedSettings(settings));
  }

  named(name: string): OwnTrainer {
    return this.#with({ ...this.settings, name: this.settings.name ?? name });
  }

  amended(changes: readonly string[]): OwnTrainer {
    return this.#with(amended(this.settings, changes, placesOf(this.settings)));
  }

  restored({ data: storedData, ...stored }: PlainRecipe): OwnTrainer {
    // Data in memory exists only in the definition. It is taken from there unless the run was given other data.
    const own = withAbsolutePaths(toPlain(this.settings.data));
    const same = canonicalJson(own) === canonicalJson(storedData);
    refuseOtherArrays(own, storedData as PlainDescriptor);
    const data = same ? { data: this.settings.data } : withParts({ data: storedData });
    return this.#with({ ...withParts(stored), ...data });
  }

  on(device: string): OwnTrainer {
    return this.#with({ ...this.settings, device });
  }

  build(site: TrainingSite): Trainable {
    return new OwnTraining(this.#functions, this.settings, site);
  }
}

/** Modules, optimizers and random streams, with the user's step. */
class OwnTraining extends Progressing implements Trainable {
  readonly recipe: RunSettings & CheckedSettings;
  readonly shape: DataShape;
  readonly modules: Modules;
  readonly optimizers: Readonly<Record<string, Optimizer>>;
  readonly techniques = [];
  readonly auxiliaryLoaders: ReadonlyMap<string, DataLoader> = new Map();
  readonly streams: RandomStreams;
  readonly generator: Samplable["generator"];
  readonly draws: boolean;
  readonly hasGivenWeights: boolean;
  readonly #step: Functions["step"];
  readonly #stepOptimizers: Readonly<Record<string, StepOptimizer>>;
  readonly #sharding: Sharding;
  #names: readonly string[] | undefined;

  constructor(functions: Functions, settings: RunSettings & CheckedSettings, site: TrainingSite) {
    const { shape, loader, replica = ALONE, startWith } = site;
    super(loader);
    const { batchSize, device, memoryFormat, seed } = settings;
    this.recipe = settings;
    this.shape = shape;
    this.#step = functions.step;
    this.#sharding = new Sharding(batchSize, 1, replica);
    this.streams = new RandomStreams(seed, device);
    const rng = this.streams.get("weights");
    const conditions = shape.conditions?.columns.length ?? 0;
    const data = { image: shape.sample, classes: shape.classes.length, conditions, data: shape };
    this.modules = modulesOf(functions.build({ rng, device, memoryFormat, batchSize, ...data }));
    for (const module of Object.values(this.modules)) module.to({ device, memoryFormat });
    this.hasGivenWeights = startWith !== undefined;
    startWith?.(this.modules);
    this.optimizers = optimizersOf(functions.optimizers, settings, this.modules);
    this.#stepOptimizers = byKnownName(
      Object.entries(this.optimizers).map(([name, optimizer]) => [name, new StepOptimizer(optimizer, this.#sharding)]),
    );
    this.draws = functions.sample !== undefined;
    this.generator = this.#samplesOf(functions.sample);
    if (this.draws && loader !== undefined) this.#trySample();
  }

  /** A wrong `sample` is refused before the first step, not when samples are first due. */
  #trySample(): void {
    const { generator, recipe } = this;
    this.streams.aside(() =>
      noGradScope(() => {
        generator.eval();
        const { classes, conditions } = this.shape;
        const numbers = classes.length > 0 ? Tensor.zeros([2], { dtype: "int64" }) : undefined;
        const labels = conditions === undefined ? numbers : Tensor.zeros([2, conditions.columns.length]);
        const z = Tensor.zeros([2, generator.latent]);
        generator.forward(z.to({ device: recipe.device }), labels?.to({ device: recipe.device }));
        generator.train();
      }),
    );
  }

  /** `sample` as the generator that samples are drawn from. */
  #samplesOf(sample: Functions["sample"]): Samplable["generator"] {
    const all = Object.values(this.modules);
    return {
      latent: this.recipe.latent ?? 0,
      // A `sample` that does not name its third parameter does not look at labels.
      takesLabels: sample !== undefined && sample.length > 2 ? "classes" : "none",
      forward: (z, labels) => {
        if (sample === undefined) throw new UserError("the trainer has no `sample`, so there is nothing to draw with");
        const drawn = sample({ modules: this.modules }, z, labels);
        this.#refuseShape(drawn, z.shape[0]!);
        return drawn;
      },
      train: () => all.map((module) => module.train()),
      eval: () => all.map((module) => module.eval()),
    };
  }

  #refuseShape(drawn: Tensor, count: number): void {
    const { sample } = this.shape;
    const wanted = [count, ...sampleShape({ image: sample })];
    if (Tensor.isTensor(drawn) && drawn.shape.join() === wanted.join()) return;
    const met = Tensor.isTensor(drawn) ? `a tensor of shape [${drawn.shape.join(", ")}]` : kindOf(drawn);
    throw new UserError(
      `\`sample\` must return samples like those of the data, of shape [${wanted.join(", ")}]; it returned ${met}`,
    );
  }

  trainStep(): StepResult {
    this.streams.claim();
    const { size, rank } = this.#sharding.replica;
    const { seed, device, batchSize } = this.recipe;
    // Layers that draw for themselves (dropout) draw other numbers for each worker's rows.
    if (size > 1) manualSeed(seedOf(seed, `draws.${this.step}.${rank}`), device);
    let batches = 0;
    const nextBatch = (): Batch => {
      batches++;
      const { images, labels } = this.loader.next();
      return { images: this.#rows(images), labels: labels && this.#rows(labels) };
    };
    const result = withPassMode({ replicas: size }, () =>
      scope(() => {
        const found = numbersOf(this.#step(this.#context(nextBatch)), this.step + 1, this.#names);
        // The log has the means over the whole batch.
        return size === 1 ? found : { ...found, values: allReduce(found.values).div(size) };
      }),
    );
    this.#names = result.names;
    this.reach(this.step + 1);
    return { ...result, samples: batches * batchSize };
  }

  #context(nextBatch: () => Batch): StepContext<Modules, string> {
    const { recipe, modules, progress, streams } = this;
    const { batchSize, latent, device } = recipe;
    return {
      batch: nextBatch(),
      nextBatch,
      modules,
      optimizers: this.#stepOptimizers,
      latents: () => {
        if (latent === undefined) throw new UserError("`latents` needs the key `latent`: the length of z, such as 128");
        return this.#rows(drawLatents(this, batchSize, streams.get("latents")));
      },
      labels: () => {
        const { conditions } = this.shape;
        const classes = this.shape.classes.length;
        if (classes === 0 && conditions === undefined) return undefined;
        const generator = streams.get("labels");
        if (conditions !== undefined)
          return this.#rows(drawConditions(conditions, batchSize, generator).to({ device }));
        return this.#rows(Tensor.randint(0, classes, [batchSize], { generator }).to({ device }));
      },
      progress,
      rng: streams.get("step"),
      rows: (whole) => this.#rows(whole),
      batchSize,
    };
  }

  /** This worker's rows of a tensor of the whole batch. */
  #rows(whole: Tensor): Tensor {
    return rowsOf(whole, this.#sharding.own[0]!);
  }

  report(): Record<string, number> {
    return { ...this.scheduledNumbers };
  }

  dispose(): void {
    for (const optimizer of Object.values(this.optimizers)) optimizer.dispose();
    for (const module of Object.values(this.modules)) module.dispose();
    this.streams.dispose();
  }
}

/** The optimizers of a step by name. A name that has none throws UserError instead of giving undefined. */
function byKnownName(entries: readonly (readonly [string, StepOptimizer])[]): Record<string, StepOptimizer> {
  const names = entries.map(([name]) => `\`${name}\``).join(", ");
  return new Proxy(Object.fromEntries(entries), {
    get(found, name) {
      if (typeof name === "symbol" || name in found) return Reflect.get(found, name);
      throw new UserError(`the step asks for an optimizer \`${name}\`, and there is none; \`optimizers\` has ${names}`);
    },
  });
}

/** @throws UserError unless `build` returned modules by names that files can have. */
function modulesOf(built: unknown): Modules {
  if (typeof built !== "object" || built === null || built instanceof Module || built instanceof Promise) {
    throw new UserError(
      `\`build\` must return modules by name, such as { generator, critic }; it returned ${kindOf(built)}`,
    );
  }
  for (const [name, module] of Object.entries(built)) {
    if (!(module instanceof Module)) {
      throw new UserError(`\`build\` must return modules by name; \`${name}\` is ${kindOf(module)}`);
    }
    if (!/^[A-Za-z]\w*$/.test(name) || name === "state") {
      throw new UserError(
        `\`build\`: a module cannot be called \`${name}\`; its name must consist of letters and digits, and \`state\` is taken`,
      );
    }
  }
  return built as Modules;
}

/** Builds the descriptors, by the names of modules. Optimizers that a function built are taken as they are. */
function optimizersOf(
  described: Functions["optimizers"],
  settings: CheckedSettings,
  modules: Modules,
): Record<string, Optimizer> {
  const found = typeof described === "function" ? described(modules) : settings.optimizers!;
  return Object.fromEntries(
    Object.entries(found).map(([name, one]) => {
      if (one instanceof Optimizer) return [name, one];
      const module = modules[name];
      if (module === undefined) {
        throw new UserError(
          `\`optimizers.${name}\`: \`build\` returns no module of that name; there are ${Object.keys(modules).join(", ")}`,
        );
      }
      return [name, one.build({ parameters: module.parameters() })];
    }),
  );
}

/** A value in words. */
function kindOf(value: unknown): string {
  if (value instanceof Promise) return "a promise";
  if (value === null || value === undefined) return String(value);
  return typeof value === "object" ? `an object of ${value.constructor?.name ?? "no class"}` : `a ${typeof value}`;
}
