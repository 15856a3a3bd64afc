/** Orthogonal regularisation (Brock et al. 2019, "Large Scale GAN Training for High Fidelity Natural Image Synthesis", equation 3). */
import { z } from "zod";
import { UserError } from "../base/errors.ts";
import { Embedding, type Module, WeightedModule } from "../nn/index.ts";
import { noGrad, type Tensor } from "../tensor/index.ts";
import { letterOf, players, playersOf, positive } from "./options.ts";
import { defineTechnique, type Player } from "./technique.ts";

const options = z.strictObject({
  beta: positive.default(1e-4),
  players: players.default("generator"),
});

/** Names of weights that are stored as a matrix. */
const STORED = ["weight", "weight_orig"];

/**
 * Makes the rows of weights orthogonal, of whatever length, so that G bears truncated latents, which training hardly visits.
 * Adds to a player's cost, for each of its layers,
 *
 *     beta * |W W^T (1 - I)|_F^2,    (1 - I): all but the diagonal
 *
 * where W is the weight as a matrix with a row for each output.
 *
 * - `beta` (default 1e-4, the paper's).
 * - `players` (default "generator", the paper's): whose cost has the term.
 *
 * It is for linear layers and convolutions, not for embeddings, gains, biases and weight-normed layers. Under spectral norm W
 * is the stored weight, before the division. The gradient 4 beta (W W^T (1 - I)) W is added to the player's gradients;
 * published code adds half of that, so its beta is twice the one here. The logged losses are without the term; the log has it
 * as `orthoG` and `orthoD`.
 *
 * @throws UserError for an option out of range, and when the run is built for a player without such a layer.
 *
 * @example
 * techniques: [orthogonalRegularisation({ beta: 1e-4 })]
 */
export const orthogonalRegularisation = defineTechnique("orthogonalRegularisation", options, (o) => {
  const networks = new Map<Player, Module>();
  return {
    name: "orthogonalRegularisation",
    graph: {},
    prepare(gan) {
      for (const player of playersOf(o.players)) {
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
      return network === undefined ? gradients : noGrad(() => regularised(network, gradients, o.beta));
    },
    report: () =>
      Object.fromEntries(
        [...networks].map(([player, network]) => {
          const squares = noGrad(() => [...matrices(network).values()].map((of) => overlaps(of).square().sum().item()));
          return [`ortho${letterOf(player)}`, o.beta * squares.reduce((a, b) => a + b, 0)];
        }),
      ),
  };
});

/** A weight as a matrix with a row for each output, and how to bring such a matrix into the weight's shape. */
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

/** W W^T (1 - I) */
function overlaps({ rows }: Matrix): Tensor {
  const products = rows.mm(rows.transpose(0, 1));
  products.diagonal().zero_();
  return products;
}

/** The gradients plus 4 beta (W W^T (1 - I)) W. */
function regularised(network: Module, gradients: readonly Tensor[], beta: number): Tensor[] {
  const found = matrices(network);
  return [...network.namedParameters().keys()].map((name, i) => {
    const matrix = found.get(name);
    if (matrix === undefined) return gradients[i]!;
    return gradients[i]!.add(matrix.toWeight(overlaps(matrix).mm(matrix.rows)), 4 * beta);
  });
}
