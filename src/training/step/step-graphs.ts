/**
 * Whole steps that a device repeats by itself: CUDA graphs. A step of small networks is thousands of small operators, and takes the
 * time that the host needs to call them. Captured once, all of them are one call.
 *
 * A replay takes the numbers that were on the host at the capture. So numbers that choose operators, sizes or constants are the key
 * of a capture (k of top-k, whether a penalty is due): for another key there is another one. What changes in each step is written
 * to the device before each replay: batches, random draws, and numbers such as the learning rate.
 *
 * The first steps of a key run eagerly. They say what the step draws, how many numbers it has, and warm up what the device's libraries
 * set up once. A step of which the log wants more than its numbers runs eagerly too. All have the same bits as without a graph, as far
 * as Adam's rounding is the same on the device.
 */
import { UserError } from "../../base/errors.ts";
import type { DataLoader } from "../../data/index.ts";
import type { Recipe } from "../../recipe/index.ts";
import type { Gan, Technique } from "../../techniques/index.ts";
import {
  CapturedSide,
  DeviceGraph,
  type DrawPlan,
  EagerSide,
  FixedDraws,
  keep,
  noGrad,
  type RepeatedDraws,
  type Tensor,
  useGraphStream,
} from "../../tensor/index.ts";
import { refuseGraph, refuseUncapturable } from "./graph-support.ts";
import { HostConstants } from "./host-constants.ts";
import type { Observation } from "./observation.ts";
import type { Sharding } from "./sharding.ts";
import { FixedBatches, type StepBatches } from "./step-batches.ts";

/** Steps of a key that run eagerly before it is captured: CUDA's libraries are warm after them. */
const WARM_UP = 3;

/** Keys whose captures are kept: memory is bounded where a number changes again and again. */
const MOST = 8;

/** The GAN whose steps are captured. */
interface CapturedGan extends Gan {
  readonly recipe: Recipe;
  readonly step: number;
  readonly techniques: readonly Technique[];
  readonly sharding: Sharding;
  readonly repeatedDraws: RepeatedDraws | undefined;
}

/** What is known of the steps of one key. */
interface Kind {
  /** Steps that ran eagerly. */
  seen: number;
  readonly constants: HostConstants;
  draws: DrawPlan;
  loaders: readonly DataLoader[];
  numbers: number;
  captured?: CapturedStep;
}

/** The captured steps of a run. */
export class StepGraphs {
  readonly #gan: CapturedGan;
  readonly #batches: StepBatches;
  readonly #device: string;
  /** By key, the one that was not used for the longest time first. */
  readonly #kinds = new Map<string, Kind>();
  readonly #eager: EagerSide;

  /** @throws UserError when a part of the recipe cannot be captured. */
  constructor(gan: CapturedGan, batches: StepBatches) {
    refuseGraph(gan.recipe);
    refuseUncapturable(gan.techniques, gan.sharding.replica);
    this.#gan = gan;
    this.#batches = batches;
    this.#device = gan.recipe.device;
    this.#eager = new EagerSide(this.#device);
    useGraphStream(this.#device, true);
  }

  /**
   * One step.
   *
   * @param run - The step as it runs without a graph. Its result is the numbers of the step.
   */
  step(run: () => Tensor, observation: Observation | undefined): Tensor {
    const kind = this.#kind(this.#key());
    if (observation !== undefined || kind.seen < WARM_UP) return this.#runEagerly(kind, run, observation);
    kind.captured ??= this.#capture(kind, run);
    return kind.captured.replay();
  }

  /** The numbers on the host that the coming step takes as they are. */
  #key(): string {
    const { techniques, optimizers, step, recipe } = this.#gan;
    const { discriminatorSteps } = recipe;
    const updates = Array.from({ length: discriminatorSteps }, (_, i) => step * discriminatorSteps + i);
    return JSON.stringify([
      Object.values(optimizers).map((optimizer) => optimizer.capturedNumbers()),
      techniques.map(({ graph }) => graph?.key?.(updates, this.#gan) ?? []),
    ]);
  }

  #kind(key: string): Kind {
    const kind = this.#kinds.get(key) ?? {
      seen: 0,
      constants: new HostConstants(),
      draws: [],
      loaders: [],
      numbers: 0,
    };
    this.#kinds.delete(key);
    this.#kinds.set(key, kind);
    if (this.#kinds.size > MOST) {
      const [oldest, { captured }] = this.#kinds.entries().next().value!;
      captured?.dispose();
      this.#kinds.delete(oldest);
    }
    return kind;
  }

  #runEagerly(kind: Kind, run: () => Tensor, observation: Observation | undefined): Tensor {
    const draws = this.#gan.repeatedDraws!;
    // The first one may set something up.
    const first = kind.seen === 0;
    const step = (): Tensor =>
      first ? run() : kind.constants.during(run, observation !== undefined, this.#gan.step + 1);
    const { result, loaders } = this.#batches.during(() => draws.during(() => this.#eager.during(step)));
    kind.seen++;
    kind.draws = draws.plan();
    kind.loaders = loaders;
    kind.numbers = this.#eager.count;
    return result;
  }

  /** Captures the coming step. Its host's side is done with that; the device's is not. */
  #capture(kind: Kind, run: () => Tensor): CapturedStep {
    const other = [...this.#kinds.values()].find(({ captured }) => captured !== undefined)?.captured;
    const step = this.#gan.step + 1;
    try {
      return new CapturedStep(this.#device, kind, this.#batches, run, other);
    } catch (error) {
      if (error instanceof UserError) throw error;
      const message = error instanceof Error ? error.message : String(error);
      throw new UserError(`\`graph\` (=true): step ${step} cannot be captured (${message}); leave \`graph\` out`, {
        cause: error,
      });
    }
  }

  dispose(): void {
    for (const { captured } of this.#kinds.values()) captured?.dispose();
    this.#kinds.clear();
    useGraphStream(this.#device, false);
  }
}

/** A step that was captured, with all that is written before a replay. */
class CapturedStep {
  readonly #draws: FixedDraws;
  readonly #batches: FixedBatches;
  readonly #side: CapturedSide;
  readonly #graph: DeviceGraph;
  #numbers: Tensor | undefined;
  /** Whether the host's side of the coming replay is done, by the capture. */
  #ready = true;

  constructor(device: string, kind: Kind, batches: StepBatches, run: () => Tensor, other: CapturedStep | undefined) {
    this.#draws = new FixedDraws(device, kind.draws);
    this.#batches = new FixedBatches(kind.loaders);
    this.#side = new CapturedSide(device, kind.numbers);
    this.#renew();
    const step = (): void => {
      const { result } = batches.during(() => this.#draws.during(() => this.#side.during(run)), this.#batches.next);
      this.#numbers = keep(result);
    };
    this.#graph = new DeviceGraph(device, step, other === undefined ? undefined : other.#graph);
  }

  /** Batches and draws of the coming step. */
  #renew(): void {
    this.#batches.renew();
    this.#draws.renew();
  }

  /** The next step. Returns its numbers. */
  replay(): Tensor {
    if (!this.#ready) {
      this.#renew();
      this.#side.repeat();
    }
    this.#ready = false;
    this.#side.write();
    this.#graph.replay();
    // The next replay overwrites the numbers, and the log reads them later.
    return noGrad(() => this.#numbers!.clone());
  }

  dispose(): void {
    this.#numbers?.dispose();
    this.#graph.dispose();
    this.#side.dispose();
    this.#draws.dispose();
    this.#batches.dispose();
  }
}
