/**
 * Games of two numbers, whose gradient play can be drawn: x is the generator's part and minimises, y is the
 * discriminator's and maximises. Every game has one equilibrium, and starts lie in the same square around it.
 */
import { minimax } from "../../losses/index.ts";
import { squaredGradientNorms } from "../../techniques/index.ts";
import { Generator, Tensor } from "../../tensor/index.ts";

/** The players: `x` is the generator's parameter, `y` the discriminator's. */
export type Side = "x" | "y";

/**
 * A game. Many are played at once: x and y are [S], one element per starting point, and the elements are independent.
 */
export interface ToyGame {
  readonly name: string;
  /** For titles. */
  readonly title: string;
  /** The value that x minimises and y maximises. */
  readonly formula: string;
  readonly source: string;
  /** The stationary point at which no player gains by a small move of its own. */
  readonly equilibrium: readonly [number, number];
  /** Side of the square around the equilibrium that figures show. */
  readonly view: number;
  /** The cost of the player, one number per starting point [S]. */
  cost(side: Side, x: Tensor, y: Tensor): Tensor;
  /** |dD/dx|^2 at the data [S], where the game has a discriminator and data: R1 penalises it. */
  slope?(y: Tensor): Tensor;
}

/** One minimises what the other maximises. */
const zeroSum =
  (value: (x: Tensor, y: Tensor) => Tensor): ToyGame["cost"] =>
  (side, x, y) =>
    side === "x" ? value(x, y) : value(x, y).neg();

const gan = minimax().build();

/** z^2/4 - z^4/2 + z^6/6, by Horner's rule in z^2. */
function well(z: Tensor): Tensor {
  const square = z.square();
  return square.mul(square.mul(square.div(6).sub(0.5)).add(0.25));
}

/** The games, in the order of pages. */
export const toyGames: readonly ToyGame[] = [
  {
    name: "bilinear",
    title: "Bilinear",
    formula: "x y",
    source: "the simplest game whose gradients only turn",
    equilibrium: [0, 0],
    view: 5,
    cost: zeroSum((x, y) => x.mul(y)),
  },
  {
    name: "dirac",
    title: "Dirac-GAN",
    formula: "log(1 - D(x)) + log D(0) with D(s) = sigmoid(y s): data at 0, generated samples at x",
    source: "Mescheder et al. 2018, section 2; the loss is `minimax`",
    equilibrium: [0, 0],
    view: 5,
    cost(side, x, y) {
      const fake = x.mul(y);
      if (side === "x") return gan.generator(fake);
      const halves = gan.discriminator(Tensor.zerosLike(fake), fake);
      return halves.real.add(halves.fake);
    },
    slope(y) {
      const discriminate = (images: Tensor) => {
        const logits = images.mul(y.unsqueeze(1));
        return { score: logits.select(1, 0), logits, features: images, hidden: [] };
      };
      return squaredGradientNorms({ discriminate }, Tensor.zeros([y.numel, 1], { dtype: y.dtype }), undefined);
    },
  },
  {
    name: "salimans",
    title: "Salimans et al.'s game",
    formula: "(f(x) - 1) (y - 1) with f(x) = x below 0 and x^2 from there on",
    source: "Salimans et al. 2016, section 3.3: the example by which the paper introduces historical averaging",
    equilibrium: [1, 1],
    view: 7,
    cost: zeroSum((x, y) => Tensor.where(x.lt(0), x, x.square()).sub(1).mul(y.sub(1))),
  },
  {
    name: "forsaken",
    title: "Forsaken",
    formula: "x (y - 0.45) + w(x) - w(y) with w(z) = z^2/4 - z^4/2 + z^6/6",
    source: "Hsieh, Mertikopoulos and Cevher 2021: an unstable cycle shields the equilibrium, a stable one attracts",
    equilibrium: [0.07802666873846009, 0.41193385136581984],
    view: 4,
    cost: zeroSum((x, y) => x.mul(y.sub(0.45)).add(well(x)).sub(well(y))),
  },
];

/** Side of the square around the equilibrium that starting points are drawn from. */
export const START_SIDE = 3;

/** One starting point from each seed, uniform over the square of {@link START_SIDE} around the game's equilibrium. */
export function startsOf({ equilibrium }: ToyGame, seeds: readonly number[]): [number, number][] {
  return seeds.map((seed) => {
    const drawn = Tensor.rand([2], { generator: new Generator(seed), dtype: "float64" });
    const [x, y] = drawn.toArray() as Float64Array;
    drawn.dispose();
    return [equilibrium[0] + START_SIDE * (x! - 0.5), equilibrium[1] + START_SIDE * (y! - 0.5)];
  });
}
