/** A loss of pairs, defined as a user would: the relativistic pairing GAN, RSGAN in Jolicoeur-Martineau 2018, "The relativistic discriminator". */
import { z } from "zod";
import { defineLoss, type Loss } from "../../src/losses/index.ts";
import { Tensor } from "../../src/tensor/index.ts";

/** D: softplus(-(D(x) - D(G(z)))). G: softplus(-(D(G(z)) - D(x))). */
export const relativistic = defineLoss(
  "testRelativistic",
  z.strictObject({}),
  (): Loss => ({
    name: "testRelativistic",
    usualTargets: undefined,
    pairs: true,
    discriminator: (real, fake) => ({ real: fake.sub(real).softplus(), fake: Tensor.zerosLike(fake) }),
    generator: (fake, real) => real!.sub(fake).softplus(),
    realness: (score) => score,
    probability: (score) => score.sigmoid(),
  }),
);
