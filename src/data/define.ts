/**
 * Describing image datasets: what turns a source and its options into a recipe's `data` descriptor.
 *
 * Every kind defined here can also be prepared without an engine, which is how `gantry data` inspects one.
 */
import { resolve } from "node:path";
import type { z } from "zod";
import type { Descriptor, PlainDescriptor } from "../base/descriptor.ts";
import { UserError } from "../base/errors.ts";
import type { Dataset } from "./dataset.ts";
import type { Choice, Fit, Target } from "./options.ts";
import { type DataContext, type Pack, preparePack } from "./pack.ts";
import type { ImageSource } from "./source.ts";
import { defineDataset } from "./vectors.ts";

/** The options that every image dataset ends up with. */
export interface ImageOptions extends Choice {
  readonly size: number;
  readonly channels: 1 | 3;
  readonly fit?: Fit | undefined;
  readonly background: number;
}

/** A recipe's data: its `build` prepares the pack if need be and resolves to a {@link Dataset}. */
export type DataDescriptor = Descriptor<"data", DataContext, Promise<Dataset>>;

type Prepare = (options: never, context: DataContext) => Promise<Pack>;

const preparers = new Map<string, Prepare>();
/** Options that name files beside `path`, by the kinds that have such. */
const furtherPaths = new Map<string, readonly string[]>();

/**
 * Defines a kind of image dataset.
 *
 * @param kind its name in files and overrides
 * @param schema its options, those of {@link ImageOptions} among them
 * @param open finds the source that the options name; throws UserError when it is not there
 * @param paths its options, beside `path`, in which a text is the path of a file or folder
 *
 * @example
 * export const sprites = defineImageDataset("sprites", z.strictObject({ path: z.string(), size, ...choice, ... }), spriteSource);
 */
export function defineImageDataset<S extends z.ZodObject>(
  kind: string,
  schema: S & (z.output<S> extends ImageOptions ? unknown : never),
  open: (options: z.output<S>) => Promise<ImageSource>,
  paths: readonly (keyof z.output<S> & string)[] = [],
): (options?: z.input<S>) => DataDescriptor {
  const prepare = async (options: z.output<S>, context: DataContext): Promise<Pack> => {
    const { size, channels, fit, background, classes, first } = options as unknown as ImageOptions;
    const source = await open(options);
    const target: Target = { size, channels, fit: fit ?? source.defaultFit?.(size) ?? "crop", background };
    return preparePack(source, target, { classes, first }, context);
  };
  preparers.set(kind, prepare as Prepare);
  furtherPaths.set(kind, paths);
  return defineDataset(kind, schema, async (options: z.output<S>, context: DataContext): Promise<Dataset> => {
    const pack = await prepare(options, context);
    // Loaded late: everything up to here works where no engine is installed.
    const { openDataset } = await import("./dataset.ts");
    return openDataset(pack, options as unknown as ImageOptions);
  });
}

/**
 * The prepared pack of a described dataset, without opening it as tensors.
 *
 * @throws UserError when the descriptor is not an image dataset, and what preparing it throws.
 */
export function packOf(descriptor: DataDescriptor, context: DataContext = {}): Promise<Pack> {
  const prepare = preparers.get(descriptor.kind);
  if (prepare === undefined)
    throw new UserError(`\`${descriptor.kind}\` is not an image dataset that can be inspected`);
  return prepare(descriptor.options as never, context);
}

/** Described data whose paths go from the root, and so mean the same in another working directory. */
export function withAbsolutePaths(data: PlainDescriptor): PlainDescriptor {
  const options = { ...data.options };
  for (const name of ["path", ...(furtherPaths.get(data.kind) ?? [])]) {
    const value = options[name];
    if (typeof value === "string") options[name] = resolve(value);
  }
  return { ...data, options };
}
