/** The work of `gantry train-classifier`: prepares both splits, trains, writes the file. */
import { existsSync } from "node:fs";
import { counted } from "../base/counted.ts";
import { UserError } from "../base/errors.ts";
import { gantryVersion } from "../base/version.ts";
import { type DataContext, type DataDescriptor, type Dataset, folderSource, type Pack, packOf } from "../data/index.ts";
import { writeClassifier } from "../models/index.ts";
import { configureEngine, engineSummary } from "../tensor/index.ts";
import { type ClassifierSetup, fitToCount, type TrainedClassifier, trainClassifier } from "../training/index.ts";
import { classifierReporter } from "./classifier-reporter.ts";
import { refuseAbsentDevice } from "./device.ts";
import { exitCodes } from "./errors.ts";
import { watchInterrupts } from "./interrupt.ts";
import { describeDataset, isDatasetName } from "./named-dataset.ts";
import type { OutputFlags } from "./reporter.ts";

/** Options of {@link makeClassifier}. */
export interface ClassifierOptions extends OutputFlags {
  /** A dataset's name or a path. */
  readonly dataset: string;
  readonly name: string;
  readonly out: string;
  readonly setup: ClassifierSetup;
  readonly testSplit: string;
  readonly size: number;
  readonly channels: number | undefined;
  readonly threads: number | undefined;
  readonly device: string;
}

/** Trains a classifier and gives the exit code. Writes nothing when a signal stops it early. */
export async function makeClassifier(options: ClassifierOptions): Promise<number> {
  const { name, out, device } = options;
  const reporter = classifierReporter(options);
  const interrupt = watchInterrupts(() => reporter.stopping());
  try {
    if (options.threads !== undefined) configureEngine({ threads: options.threads });
    refuseAbsentDevice(device);
    const context: DataContext = { onProgress: reporter.preparing, stop: interrupt.signal };
    const [train, test] = await describeSplits(options);
    const pack = await packOf(train, context);
    const [trainSet, testSet] = [await train.build(context), await test.build(context)];
    const setup = fitToCount(options.setup, trainSet.count);
    reporter.start(name, trainSet, testSet);
    const { signal: stop } = interrupt;
    const trained = await trainClassifier({ train: trainSet, test: testSet, setup, device, stop, events: reporter });
    if (trained === undefined) {
      reporter.stopped();
      return interrupt.exitCode();
    }
    write({ ...options, setup }, trained, pack, trainSet, testSet);
    trained.network.dispose();
    reporter.end({ file: out, ...trained.test, history: trained.history });
    return exitCodes.success;
  } catch (error) {
    if (!interrupt.signal.aborted || error !== interrupt.signal.reason) throw error;
    reporter.stopped();
    return interrupt.exitCode();
  } finally {
    interrupt.dispose();
  }
}

/**
 * Both splits.
 * @throws UserError, with what is needed, when a folder lacks one of them.
 */
async function describeSplits(options: ClassifierOptions): Promise<[DataDescriptor, DataDescriptor]> {
  const { dataset, testSplit, size, channels } = options;
  const form = { size, ...(channels === undefined ? {} : { channels }) };
  const splits = ["train", testSplit] as const;
  if (!isDatasetName(dataset) && existsSync(dataset)) {
    for (const split of splits) {
      // Only for a missing split: the remedy would not fit other problems with the images.
      await folderSource(dataset, { split }).catch((error: unknown) => {
        if (!(error instanceof UserError)) throw error;
        const remedy = `a classifier needs sub-folders train and ${testSplit}, each with a sub-folder for every class`;
        throw new UserError(`${error.message}; ${remedy}`, { cause: error });
      });
    }
  }
  const [train, test] = splits.map((split) => describeDataset(dataset, { ...form, split }));
  return [train!, test!];
}

function write(
  options: ClassifierOptions,
  trained: TrainedClassifier,
  pack: Pack,
  train: Dataset,
  test: Dataset,
): void {
  const { channels, size, width, blocks } = trained.network.options;
  const { libtorch, threads } = engineSummary();
  writeClassifier(options.out, trained.network, {
    version: 1,
    name: options.name,
    classes: train.classes,
    network: { channels, size, width, blocks },
    ...paddedFrom(pack),
    test: trained.test,
    data: { train: train.protocolNote ?? train.name, test: test.protocolNote ?? test.name },
    training: { ...options.setup },
    history: trained.history,
    gantry: gantryVersion(),
    engine: `libtorch ${libtorch}, ${options.device}, ${counted(threads, "thread")}`,
  });
}

/** The originals' side where all were squares of one size that got a margin. */
function paddedFrom({ header: { fit, originals, size } }: Pack): { paddedFrom?: number } {
  const { width, height } = originals;
  const sides = new Set([...width, ...height]);
  return fit === "pad" && sides.size === 1 && typeof size === "number" && width[0] < size
    ? { paddedFrom: width[0] }
    : {};
}
