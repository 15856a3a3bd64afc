/**
 * The blocks of Inception v3 (Szegedy et al. 2016, "Rethinking the Inception Architecture for Computer Vision", figures
 * 5 to 7 and 10) as they are in the TensorFlow graph of 2015-12-05. Names of layers are those of the published weights.
 */
import { UnaryModule } from "../../nn/index.ts";
import type { Tensor } from "../../tensor/index.ts";
import { ConvLayer, chain, join, type LayerContext, scaled, type Window } from "./layer.ts";

/** Channels of a layer in the published network, and its window. */
type Stage = readonly [outputs: number, window: Window];

/** A block, with its number of output channels. */
export abstract class Block extends UnaryModule {
  abstract readonly outputs: number;
  readonly #context: LayerContext;

  constructor(context: LayerContext) {
    super();
    this.#context = context;
  }

  /** Adds a layer; `outputs` is the number of channels in the published network, `inputs` that in this one. */
  protected layer(name: string, inputs: number, outputs: number, window: Window = {}): ConvLayer {
    const { width } = this.#context;
    return this.registerModule(name, new ConvLayer(this.#context, inputs, scaled(width, outputs), window));
  }

  /** Adds layers that follow each other: `name_1`, `name_2` and so on. */
  protected tower(name: string, inputs: number, ...stages: readonly Stage[]): ConvLayer[] {
    let channels = inputs;
    return stages.map(([outputs, window], i) => {
      const layer = this.layer(`${name}_${i + 1}`, channels, outputs, window);
      channels = layer.outputs;
      return layer;
    });
  }
}

const step =
  (layer: ConvLayer) =>
  (x: Tensor): Tensor =>
    layer.forward(x);

const through = (x: Tensor, layers: readonly ConvLayer[]): Tensor => chain(x, ...layers.map(step));

/**
 * Average over 3 x 3, then the layer. The average leaves padding out, so its weights sum to 1, and a 1 x 1 convolution
 * works on each pixel. So the two commute, and the average is taken of whichever has fewer channels.
 */
const averaged = (x: Tensor, layer: ConvLayer): Tensor =>
  chain(
    x,
    (maps) => layer.affine(maps),
    (maps) => maps.avgPool2d(3, 1, 1, false),
    (maps) => maps.relu(),
  );

const strided = (x: Tensor): Tensor => x.maxPool2d(3, 2);

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
const last = (layers: readonly ConvLayer[]): number => layers.at(-1)!.outputs;

const THREE: Window = { kernel: 3, padding: 1 };
const FIVE: Window = { kernel: 5, padding: 2 };
const HALVING: Window = { kernel: 3, stride: 2 };
const row = (length: number): Window => ({ kernel: [1, length], padding: [0, (length - 1) / 2] });
const column = (length: number): Window => ({ kernel: [length, 1], padding: [(length - 1) / 2, 0] });

/** A 1 x 1, towers, and a pooled branch: the blocks that keep the size. */
abstract class TowersBlock extends Block {
  readonly outputs: number;
  readonly #single: ConvLayer;
  readonly #towers: readonly ConvLayer[][];
  readonly #pool: ConvLayer;

  /** @param towers - Their names and stages. */
  constructor(context: LayerContext, inputs: number, single: number, towers: Record<string, Stage[]>, pooled: number) {
    super(context);
    this.#single = this.layer("branch1x1", inputs, single);
    this.#towers = Object.entries(towers).map(([name, stages]) => this.tower(name, inputs, ...stages));
    this.#pool = this.layer("branch_pool", inputs, pooled);
    this.outputs = sum([this.#single.outputs, ...this.#towers.map(last), this.#pool.outputs]);
  }

  override forward(x: Tensor): Tensor {
    const towers = this.#towers.map((layers) => through(x, layers));
    return join([this.#single.forward(x), ...towers, averaged(x, this.#pool)]);
  }
}

/** 35 x 35: 1 x 1, 5 x 5, two of 3 x 3, and a pooled branch. */
export class BlockA extends TowersBlock {
  constructor(context: LayerContext, inputs: number, pooled: number) {
    const branch5x5: Stage[] = [
      [48, {}],
      [64, FIVE],
    ];
    const branch3x3dbl: Stage[] = [
      [64, {}],
      [96, THREE],
      [96, THREE],
    ];
    super(context, inputs, 64, { branch5x5, branch3x3dbl }, pooled);
  }
}

/** 35 x 35 to 17 x 17. */
export class BlockB extends Block {
  override readonly outputs: number;
  readonly #single: ConvLayer;
  readonly #tower: readonly ConvLayer[];

  constructor(context: LayerContext, inputs: number) {
    super(context);
    this.#single = this.layer("branch3x3", inputs, 384, HALVING);
    this.#tower = this.tower("branch3x3dbl", inputs, [64, {}], [96, THREE], [96, HALVING]);
    this.outputs = this.#single.outputs + last(this.#tower) + inputs;
  }

  override forward(x: Tensor): Tensor {
    return join([this.#single.forward(x), through(x, this.#tower), strided(x)]);
  }
}

/** 17 x 17: 7 x 7 split into rows and columns; `inner` channels within the towers. */
export class BlockC extends TowersBlock {
  constructor(context: LayerContext, inputs: number, inner: number) {
    const [first, across, down]: Stage[] = [
      [inner, {}],
      [inner, row(7)],
      [inner, column(7)],
    ];
    const branch7x7: Stage[] = [first!, across!, [192, column(7)]];
    const branch7x7dbl: Stage[] = [first!, down!, across!, down!, [192, row(7)]];
    super(context, inputs, 192, { branch7x7, branch7x7dbl }, 192);
  }
}

/** 17 x 17 to 8 x 8. */
export class BlockD extends Block {
  override readonly outputs: number;
  readonly #towers: readonly ConvLayer[][];

  constructor(context: LayerContext, inputs: number) {
    super(context);
    this.#towers = [
      this.tower("branch3x3", inputs, [192, {}], [320, HALVING]),
      this.tower("branch7x7x3", inputs, [192, {}], [192, row(7)], [192, column(7)], [192, HALVING]),
    ];
    this.outputs = sum(this.#towers.map(last)) + inputs;
  }

  override forward(x: Tensor): Tensor {
    return join([...this.#towers.map((layers) => through(x, layers)), strided(x)]);
  }
}

/** 8 x 8: towers that end in a row and a column side by side. The pooled branch takes averages or maxima. */
export class BlockE extends Block {
  override readonly outputs: number;
  readonly #pooling: "average" | "max";
  readonly #single: ConvLayer;
  readonly #towers: readonly { stem: readonly ConvLayer[]; ends: readonly [ConvLayer, ConvLayer] }[];
  readonly #pool: ConvLayer;

  constructor(context: LayerContext, inputs: number, pooling: "average" | "max") {
    super(context);
    this.#pooling = pooling;
    this.#single = this.layer("branch1x1", inputs, 320);
    const forked = (name: string, ...stages: readonly Stage[]) => {
      const stem = this.tower(name, inputs, ...stages);
      const fork = (letter: string, window: Window) =>
        this.layer(`${name}_${stages.length + 1}${letter}`, last(stem), 384, window);
      return { stem, ends: [fork("a", row(3)), fork("b", column(3))] as const };
    };
    this.#towers = [forked("branch3x3", [384, {}]), forked("branch3x3dbl", [448, {}], [384, THREE])];
    this.#pool = this.layer("branch_pool", inputs, 192);
    const ends = this.#towers.flatMap((tower) => tower.ends.map((layer) => layer.outputs));
    this.outputs = sum([this.#single.outputs, ...ends, this.#pool.outputs]);
  }

  override forward(x: Tensor): Tensor {
    const towers = this.#towers.flatMap(({ stem, ends }) => {
      const maps = through(x, stem);
      const branches = ends.map((layer) => layer.forward(maps));
      maps.dispose();
      return branches;
    });
    return join([this.#single.forward(x), ...towers, this.#pooled(x)]);
  }

  #pooled(x: Tensor): Tensor {
    if (this.#pooling === "average") return averaged(x, this.#pool);
    return chain(x, (maps) => maps.maxPool2d(3, 1, 1), step(this.#pool));
  }
}
