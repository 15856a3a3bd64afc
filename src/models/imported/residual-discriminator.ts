/** The layers of a residual discriminator of another project, and their names in a `ResidualDiscriminator`. */

/** How a project names them. */
export interface DiscriminatorNames {
  /** Blocks, and how many of them, the first ones, halve the size. */
  readonly blocks: number;
  readonly down: number;
  /** The convolutions of block i: on the branch, and on the skip where there is one. */
  readonly branch: (block: number) => readonly [string, string];
  readonly skip: (block: number) => string;
  /** The block that attention comes after; undefined for none. */
  readonly attention: number | undefined;
}

/** Their name and Gantry's of each convolution of the blocks, and Gantry's name of attention. */
export function discriminatorLayers(names: DiscriminatorNames): {
  readonly layers: ReadonlyMap<string, string>;
  readonly attention: string | undefined;
} {
  const layers = new Map<string, string>();
  let attention: string | undefined;
  let stage = 0;
  for (let block = 0; block < names.blocks; block++) {
    const ours = `body.${stage++}`;
    // The first block has no ReLU before its first convolution, and the skip of one that halves begins with a pooling.
    const relu = block === 0 ? 0 : 1;
    const [first, second] = names.branch(block);
    layers.set(first, `${ours}.branch.${relu}`);
    layers.set(second, `${ours}.branch.${relu + 2}`);
    layers.set(names.skip(block), `${ours}.skip.${block < names.down ? 1 : 0}`);
    if (names.attention === block) attention = `body.${stage++}`;
  }
  return { layers, attention };
}
