/** Orthogonal regularisation (Brock et al. 2019, "Large Scale GAN Training for High Fidelity Natural Image Synthesis", equation 3). */
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { Embedding, type Module, WeightedModule } from "../nn/index.ts";
import { noGrad, type Tensor } from "../tensor/index.ts";
import { defineTechnique, type Gan, type Player, type Technique, type TechniqueContext } from "./technique.ts";

const options = z.strictObject({
  beta: z.number().positive("must be above 0").default(1e-4),
  players: z.enum(["generator", "discriminator", "both"]).default("generator"),
});

const PLAYERS = ["generator", "discriminator"] as const;
const STORED = ["weight", "weight_orig"];

/**
 * Adds to a player's cost, for each of its layers,
 *
 *     beta * |W W^T (1 - I)|_F^2,    (1 - I): all but the diagonal
 *
 * where W is the weight as a matrix with a row for each output: rows are to be orthogonal to each other, of whatever
 * length. It makes generators bear truncated latents, which they have hardly seen while they were trained.
 *
 * - `beta` (default 1e-4, the paper's).
 * - `players` (default "generator", the paper's): whose cost has the term.
 *
 * Linear layers and convolutions have it; embeddings, gains, biases and weight-normed layers have not. Under spectral norm W is
 * the stored weight, before the division. Its gradient, 4 beta (W W^T (1 - I)) W, is added to the player's gradients; published code
 * adds half of that, so its beta is twice the one here. The logged losses are without the term; the log has it as `orthoG`
 * and `orthoD`.
 *
 * @throws UserError for an option out of range, and when the run is built for a player without any such layer.
 *
 * @example
 * techniques: [orthogonalRegularisation({ beta: 1e-4 })]
 */
export const orthogonalRegularisation = defineTechnique(
  "orthogonalRegularisation",
  options,
  ({ beta, players }, _context: TechniqueContext): Technique => {
    const networks = new Map<Player, Module>();
    return {
      name: "orthogonalRegularisation",
      prepare(gan: Gan) {
        for (const player of PLAYERS) {
          if (players !== "both" && players !== player) continue;
          if (matrices(gan[player]).size === 0) {
            throw new UserError(
              `\`orthogonalRegularisation\`: the ${player} has no weight that is stored as a matrix (weight norm stores directions and lengths); see its \`players\``,
            );
          }
          networks.set(player, gan[player]);
        }
      },
      gradients(player, gradients) {
        const network = networks.get(player);
        return network === undefined ? gradients : noGrad(() => regularised(network, gradients, beta));
      },
      report() {
        const terms = [...networks].map(([player, network]) => {
          const squares = noGrad(() => [...matrices(network).values()].map((of) => overlaps(of).square().sum().item()));
          return [`ortho${player === "generator" ? "G" : "D"}`, beta * squares.reduce((a, b) => a + b, 0)] as const;
        });
        return Object.fromEntries(terms);
      },
    };
  },
);

/** A weight as a matrix with a row for each output, and the way back. */
interface Matrix {
  readonly rows: Tensor;
  toWeight(matrix: Tensor): Tensor;
}

/** The matrices of a network's linear layers and convolutions, by the dotted names of their parameters. */
function matrices(network: Module): Map<string, Matrix> {
  const found = new Map<string, Matrix>();
  for (const [path, module] of network.namedModules()) {
    if (!(module instanceof WeightedModule) || module instanceof Embedding) continue;
    for (const [name, weight] of module.namedParameters()) {
      if (STORED.includes(name)) found.set(path === "" ? name : `${path}.${name}`, asMatrix(weight, module.outputDim));
    }
  }
  return found;
}

function asMatrix(weight: Tensor, outputDim: number): Matrix {
  const rowsFirst = weight.detach().transpose(0, outputDim);
  return {
    rows: rowsFirst.flatten(1),
    toWeight: (matrix) => matrix.view(rowsFirst.shape).transpose(0, outputDim),
  };
}

/** W W^T without its diagonal. */
function overlaps({ rows }: Matrix): Tensor {
  const products = rows.mm(rows.transpose(0, 1));
  products.diagonal().zero_();
  return products;
}

function regularised(network: Module, gradients: readonly Tensor[], beta: number): Tensor[] {
  const found = matrices(network);
  return [...network.namedParameters().keys()].map((name, i) => {
    const matrix = found.get(name);
    if (matrix === undefined) return gradients[i]!;
    return gradients[i]!.add(matrix.toWeight(overlaps(matrix).mm(matrix.rows)), 4 * beta);
  });
}
