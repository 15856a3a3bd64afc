/** The recipe of runs that are made by hand. */
const part = (role: string, kind: string, options: object = {}) => ({ role, kind, options });

export const recipe = {
  name: "digits",
  data: part("data", "mnist", { size: 32 }),
  generator: part("generator", "dcgan", { latent: 128, width: 32 }),
  discriminator: part("discriminator", "dcgan", { width: 32 }),
  loss: part("loss", "hinge"),
  techniques: [part("technique", "topK", { gamma: 0.9, floor: 0.5 })],
  optimizers: {
    generator: part("optimizer", "adam", { lr: 0.001 }),
    discriminator: part("optimizer", "adam", { lr: 0.001 }),
  },
  batchSize: 64,
  steps: 1_000,
  samples: { every: 100, count: 64, columns: 8 },
};
