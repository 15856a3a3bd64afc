/**
 * A generator and a discriminator with a reference batch. It passes through the network in front of every batch, so
 * that virtual batch norm can take its statistics in each layer (Salimans et al. 2016, section 3.5). Its outputs are
 * dropped.
 */
import { type Module, withPassMode } from "../nn/index.ts";
import { noGrad, noGradScope, Tensor } from "../tensor/index.ts";
import { sharesOf } from "./conditioning.ts";
import { type ModelContext, sampleShape } from "./context.ts";
import { ofLabels } from "./label-weights.ts";
import { DiscriminatorNetwork, type DiscriminatorOutput, GeneratorNetwork, type TakenLabels } from "./network.ts";

/** The reference batch as buffers: zeros until it is chosen. */
function emptyBatch(context: ModelContext, size: number, shape: readonly number[]): Map<string, Tensor> {
  const { device, dtype = "float32", classes, conditions = 0 } = context;
  const buffers = new Map([["reference", Tensor.zeros([size, ...shape], { dtype, device })]]);
  if (classes > 0) buffers.set("reference_labels", Tensor.zeros([size], { dtype: "int64", device }));
  if (conditions > 0) buffers.set("reference_labels", Tensor.zeros([size, conditions], { dtype, device }));
  return buffers;
}

/** Puts a batch into the buffers of a network. */
function take(network: Module, samples: Tensor, labels: Tensor | undefined): void {
  const buffers = network.namedBuffers();
  noGrad(() => {
    buffers.get("reference")!.copy_(samples);
    if (labels !== undefined) buffers.get("reference_labels")?.copy_(labels);
  });
}

/** Whether a network's reference batch has been chosen: it begins as zeros. */
const hasReference = (network: Module): boolean => {
  return noGradScope(() => network.namedBuffers().get("reference")!.ne(0).any().item() === 1);
};

/** A generator with a reference batch of latents. Modules and buffers: `network`, `reference`, `reference_labels`. */
export class ReferencedGenerator extends GeneratorNetwork {
  override readonly latent: number;
  readonly #network: GeneratorNetwork;

  /** @param size - Samples of the reference batch; they are zeros until {@link takeReference}. */
  constructor(context: ModelContext, network: GeneratorNetwork, size: number) {
    super();
    this.latent = network.latent;
    this.#network = this.registerModule("network", network);
    for (const [name, buffer] of emptyBatch(context, size, [network.latent])) this.registerBuffer(name, buffer);
    ofLabels(this, "batch");
  }

  /** Chooses the reference batch: latents [size, latent] and, where the data has classes, labels. */
  takeReference(latents: Tensor, labels: Tensor | undefined): void {
    take(this, latents, labels);
  }

  get hasReference(): boolean {
    return hasReference(this);
  }

  override get takesLabels(): TakenLabels {
    return this.#network.takesLabels;
  }

  override forward(z: Tensor, labels?: Tensor): Tensor {
    const reference = this.buffer("reference");
    const size = reference.shape[0]!;
    const own = (like: Tensor): Tensor => {
      const numbers = this.buffer("reference_labels");
      return like.ndim === 2 ? sharesOf(numbers, like.shape[1]!) : numbers;
    };
    const all = labels && Tensor.cat([own(labels), labels]);
    const made = withPassMode({ referenceRows: size }, () => this.#network.forward(Tensor.cat([reference, z]), all));
    return made.narrow(0, size, z.shape[0]!);
  }
}

/**
 * A discriminator with a reference batch of samples. Modules and buffers: `network`, `reference`, `reference_labels`.
 */
export class ReferencedDiscriminator extends DiscriminatorNetwork {
  readonly #network: DiscriminatorNetwork;

  /** @param size - Samples of the reference batch; they are zeros until {@link takeReference}. */
  constructor(context: ModelContext, network: DiscriminatorNetwork, size: number) {
    super();
    this.#network = this.registerModule("network", network);
    for (const [name, buffer] of emptyBatch(context, size, sampleShape(context))) this.registerBuffer(name, buffer);
    ofLabels(this, "batch");
  }

  /** Chooses the reference batch: samples [size, ...] and, where the data has classes, labels. */
  takeReference(samples: Tensor, labels: Tensor | undefined): void {
    take(this, samples, labels);
  }

  get hasReference(): boolean {
    return hasReference(this);
  }

  override forward(images: Tensor, labels?: Tensor): DiscriminatorOutput {
    const reference = this.buffer("reference");
    const size = reference.shape[0]!;
    const all = labels && Tensor.cat([this.buffer("reference_labels"), labels]);
    const output = withPassMode({ referenceRows: size }, () =>
      this.#network.forward(Tensor.cat([reference, images]), all),
    );
    const samples = (rows: Tensor): Tensor => rows.narrow(0, size, images.shape[0]!);
    return {
      score: samples(output.score),
      logits: samples(output.logits),
      features: samples(output.features),
      hidden: output.hidden.map(samples),
    };
  }
}
