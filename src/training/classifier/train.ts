/**
 * Training a classifier: SGD with Nesterov's momentum under one cycle of the learning rate, on shifted and flipped
 * images, then one measurement on the test split. The last weights are the result, never the best by test.
 */
import { setImmediate } from "node:timers/promises";
import { UserError } from "../../base/errors.ts";
import { longerSide, sizeInWords } from "../../base/image-size.ts";
import { seedOf } from "../../base/seed.ts";
import { type Dataset, ShuffledLoader } from "../../data/index.ts";
import { Classifier, roundToFile } from "../../models/index.ts";
import { SGD } from "../../optim/index.ts";
import { type Device, Generator, grad, keep, noGrad, scope, Tensor } from "../../tensor/index.ts";
import { countCorrect } from "./accuracy.ts";
import { oneCycle } from "./one-cycle.ts";
import type { ClassifierSetup } from "./setup.ts";
import { randomShift } from "./shift.ts";

/** Progress of the training: means over the steps since the last report. */
export interface ClassifierTick {
  /** Steps done. */
  readonly step: number;
  readonly steps: number;
  /** Epochs done, with a fraction. */
  readonly epoch: number;
  /** Mean cross-entropy of the training batches. */
  readonly loss: number;
  /** Share of the training images classified correctly, augmented as they were. */
  readonly accuracy: number;
}

/** One line of a training's history: means over an epoch. */
export interface ClassifierEpoch {
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
}

/** What {@link trainClassifier} needs. */
export interface ClassifierTraining {
  readonly train: Dataset;
  readonly test: Dataset;
  readonly setup: ClassifierSetup;
  /** Default "cpu". */
  readonly device?: Device;
  /** Raise it to stop after the current step. */
  readonly stop?: AbortSignal | undefined;
  readonly events?: {
    begin?(steps: number, parameters: number): void;
    tick?(tick: ClassifierTick): void;
    epoch?(epoch: ClassifierEpoch): void;
    testing?(count: number): void;
  };
}

/** A trained classifier. */
export interface TrainedClassifier {
  /** In evaluation mode, rounded to the precision of its file. */
  readonly network: Classifier;
  readonly history: readonly ClassifierEpoch[];
  readonly test: { readonly correct: number; readonly count: number };
}

/** Steps between two reports. */
const TICK = 20;

/**
 * Trains a classifier and measures it on the whole test split. The same images, set-up, engine and number of threads
 * give the same bits.
 *
 * Resolves to undefined when `stop` was raised before the last step.
 *
 * @throws UserError when the data has fewer than two classes, the splits do not match, or the training diverges.
 *
 * @example
 * const trained = await trainClassifier({ train, test, setup: classifierSetup("mnist") });
 */
export async function trainClassifier(options: ClassifierTraining): Promise<TrainedClassifier | undefined> {
  const { train, test, setup, device = "cpu", stop, events = {} } = options;
  refuseUnfit(train, test);
  const { classes, count } = train;
  const [channels, size] = [train.channels as 1 | 3, longerSide(train.size)];
  const context = { rng: new Generator(seedOf(setup.seed, "classifier weights")), device };
  const { width, blocks } = setup;
  const network = scope(() => new Classifier(context, { channels, size, classes: classes.length, width, blocks }));
  const steps = Math.ceil((setup.epochs * count) / setup.batchSize);
  events.begin?.(steps, network.parameterCount());
  try {
    const history = await allSteps(network, options, steps);
    if (history !== undefined) {
      roundToFile(network);
      network.requiresGrad_(false).eval();
      events.testing?.(test.count);
      const correct = await countCorrect(network, test, device, stop);
      if (correct !== undefined) return { network, history, test: { correct, count: test.count } };
    }
  } catch (error) {
    network.dispose();
    throw error;
  }
  network.dispose();
  return undefined;
}

/** All steps; undefined when stopped before the last. */
async function allSteps(
  network: Classifier,
  { train, setup, device = "cpu", stop, events = {} }: ClassifierTraining,
  steps: number,
): Promise<ClassifierEpoch[] | undefined> {
  const { batchSize, lr, momentum, weightDecay, seed, flip, shift } = setup;
  const parameters = network.parameters();
  const optimizer = new SGD(parameters, { lr, momentum, nesterov: true, weightDecay });
  const schedule = oneCycle(steps, setup.rise);
  const batches = new ShuffledLoader(train, { batchSize, flip, device: "cpu", seed: seedOf(seed, "classifier data") });
  const shifts = new Generator(seedOf(seed, "classifier shifts"));
  const sinceTick = new Means();
  const sinceEpoch = new Means();
  const history: ClassifierEpoch[] = [];
  try {
    for (let step = 1; step <= steps; step++) {
      if (stop?.aborted) return undefined;
      optimizer.lr = lr * schedule.factor(step - 1);
      const numbers = scope(() => {
        const { images, labels } = batches.next();
        const target = labels!.to({ device });
        const { logits } = network.forward(randomShift(images, shift, shifts).to({ device }));
        const loss = logits.crossEntropy(target);
        optimizer.step(grad(loss, parameters));
        return keep(noGrad(() => Tensor.stack([loss.detach(), logits.argmax(1).eq(target).float().mean()], 0)));
      });
      sinceTick.take(numbers);
      // Batches continue from one epoch into the next; a batch may even span several.
      const done = Math.min((step * batchSize) / train.count, setup.epochs);
      const isEpoch = Math.floor(done) > (history.at(-1)?.epoch ?? 0);
      if (step % TICK === 0 || isEpoch) {
        const { loss, accuracy, count } = sinceTick.means(step);
        sinceEpoch.add(loss, accuracy, count);
        events.tick?.({ step, steps, epoch: done, loss, accuracy });
      }
      if (isEpoch) {
        const { loss, accuracy } = sinceEpoch.means(step);
        history.push({ epoch: Math.floor(done), loss, accuracy });
        events.epoch?.(history.at(-1)!);
      }
      await setImmediate();
    }
    return history;
  } finally {
    sinceTick.dispose();
    optimizer.dispose();
  }
}

/** Means of loss and accuracy. The tensors stay on the device until they are read. */
class Means {
  readonly #waiting: Tensor[] = [];
  #loss = 0;
  #accuracy = 0;
  #count = 0;

  take(numbers: Tensor): void {
    this.#waiting.push(numbers);
  }

  add(loss: number, accuracy: number, count: number): void {
    this.#loss += loss * count;
    this.#accuracy += accuracy * count;
    this.#count += count;
  }

  /**
   * The means since the last call.
   * @throws UserError when the loss is not finite.
   */
  means(step: number): { loss: number; accuracy: number; count: number } {
    for (const numbers of this.#waiting.splice(0)) {
      const [loss, accuracy] = Array.from(numbers.toArray(), Number) as [number, number];
      numbers.dispose();
      this.add(loss, accuracy, 1);
    }
    const [loss, accuracy, count] = [this.#loss / this.#count, this.#accuracy / this.#count, this.#count];
    if (!Number.isFinite(loss)) {
      throw new UserError(`step ${step}: the loss is ${loss}, so training has diverged; try a smaller \`lr\``);
    }
    this.#loss = 0;
    this.#accuracy = 0;
    this.#count = 0;
    return { loss, accuracy, count };
  }

  dispose(): void {
    for (const numbers of this.#waiting.splice(0)) numbers.dispose();
  }
}

/** The classes that have an image. */
function shownClasses({ classes, labels }: Dataset): string[] {
  const shown = new Set(labels === undefined ? [] : Array.from(labels.toArray(), Number));
  return classes.filter((_, number) => shown.has(number));
}

/** @throws UserError unless there is something to tell apart and both splits show the same things in the same form. */
function refuseUnfit(train: Dataset, test: Dataset): void {
  if (train.classes.length < 2) {
    const found = train.classes.length === 1 ? `only one class, ${train.classes[0]}` : "no classes";
    throw new UserError(`${train.name} has ${found}; a classifier needs images of two classes or more`);
  }
  const form = ({ channels, size }: Dataset): string => `${channels} x ${sizeInWords(size)}`;
  if (typeof train.size !== "number") {
    throw new UserError(
      `${train.name} has images of ${sizeInWords(train.size)}; a classifier takes square ones: give one \`size\``,
    );
  }
  if (train.channels !== 1 && train.channels !== 3) {
    throw new UserError(
      `${train.name} has images of ${train.channels} channels; a classifier takes 1 (gray) or 3 (colour)`,
    );
  }
  if (form(train) !== form(test)) {
    throw new UserError(
      `${train.name} has images of ${form(train)}, ${test.name} of ${form(test)}; they must be alike`,
    );
  }
  // Splits of one folder have the same classes, also those of which one split has no image.
  const [learned, tested] = [shownClasses(train), shownClasses(test)];
  const missing = learned.find((name) => !tested.includes(name));
  const further = tested.find((name) => !learned.includes(name));
  if (missing !== undefined || further !== undefined) {
    const [name, has, lacks] = missing !== undefined ? [missing, train, test] : [further, test, train];
    throw new UserError(`${has.name} has the class ${name} and ${lacks.name} has not; both need the same classes`);
  }
  if (train.classes.some((name, i) => test.classes[i] !== name)) {
    throw new UserError(`${train.name} and ${test.name} number their classes differently; give \`classes\` to both`);
  }
}
