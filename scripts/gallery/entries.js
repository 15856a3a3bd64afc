/**
 * What the gallery shows: runs of shipped recipes, with the pictures that `gantry sample` draws of each, and pictures of
 * other pages.
 */

/**
 * @typedef {object} Picture
 * @property {string} file - its name in docs/gallery
 * @property {string[]} args - of `gantry sample RUN`
 * @property {string} text - the caption
 *
 * @typedef {object} Entry
 * @property {string} name - of the run below runs/gallery
 * @property {string} title
 * @property {string} recipe
 * @property {string[]} args - of `gantry train`, besides --out
 * @property {string} text - what the run is
 * @property {Picture[]} pictures
 */

/** @type {readonly Entry[]} */
export const entries = [
  {
    name: "digits",
    title: "Digits",
    recipe: "mnist",
    args: [],
    text: "The quickstart: a DCGAN with top-k training, 1,800 steps.",
    pictures: [
      { file: "digits.png", args: ["--count", "100", "--columns", "20"], text: "100 samples, not selected" },
      {
        file: "digits-interpolation.png",
        args: ["--interpolate", "spherical", "--rows", "4", "--steps", "20"],
        text: "Each row goes from one latent to another",
      },
      {
        file: "digits-neighbours.png",
        args: ["--neighbours", "9", "--seed", "3"],
        text: "A sample, then the nine training images that are nearest to it",
      },
      {
        file: "digits.webp",
        args: ["--interpolate", "spherical", "--to", "webp", "--seeds", "1,2,3,4", "--frames", "80", "--scale", "4"],
        text: "A path through four samples, as an animation",
      },
    ],
  },
  {
    name: "digits-by-class",
    title: "Digits by class",
    recipe: "mnist",
    args: ["--set", "generator.conditional=true", "--set", "discriminator.conditional=true"],
    text: "The quickstart with class labels in both networks, 1,800 steps.",
    pictures: [
      {
        file: "digits-by-class.png",
        args: ["--sheet", "classes", "--columns", "20"],
        text: "A row is a class, a column is one latent",
      },
      {
        file: "digits-truncation.png",
        args: ["--sheet", "truncation", "--columns", "20"],
        text: "The same latents with smaller and smaller truncation thresholds",
      },
      {
        file: "digits-class-to-class.png",
        args: ["--interpolate", "fixed", "--classes", "3,8", "--rows", "4", "--steps", "20"],
        text: "From the class 3 to the class 8 with a fixed latent",
      },
    ],
  },
  {
    name: "clothes",
    title: "Clothes",
    recipe: "fashion-mnist",
    args: [],
    text: "A DCGAN on Fashion-MNIST, 3,000 steps.",
    pictures: [{ file: "clothes.png", args: ["--count", "100", "--columns", "20"], text: "100 samples, not selected" }],
  },
  {
    name: "stacked",
    title: "A thousand modes",
    recipe: "stacked-mnist",
    args: ["--steps", "5000"],
    text: "Stacked MNIST: a digit for each colour. 5,000 of the recipe's 10,000 steps.",
    pictures: [{ file: "stacked.png", args: ["--count", "100", "--columns", "20"], text: "100 samples, not selected" }],
  },
];

/**
 * Pictures of other pages, with their text and the command or page that makes them.
 *
 * @type {readonly { title: string, picture: string, alt: string, text: string }[]}
 */
export const others = [
  {
    title: "A mixture of Gaussians over time",
    picture: "../results/mixture/figures/modes-25-strip.png",
    alt: "Points of the generator at eight times in training, on a grid of 25 modes, one row for each method",
    text: "All samples, top-k, bottom-k and a random k, over 100,000 iterations: [results](../results/top-k.md).",
  },
  {
    title: "Games",
    picture: "../results/games/figures/forsaken-ways.svg",
    alt: "Paths of two players, some of which end in a cycle and some at the equilibrium",
    text: "Historical averaging ends a cycle that plain play cannot leave: [results](../results/games.md).",
  },
  {
    title: "The studio",
    picture: "../images/studio-training.webp",
    alt: "The studio page of a run: samples, losses, and a slider over the steps",
    text: "A run in the browser, also while it trains: `gantry studio`. [More of it](../how-to/studio.md).",
  },
  {
    title: "A diagnosis",
    picture: "../images/studio-diagnosis.webp",
    alt: "A finding of the diagnosis with its evidence: a curve of the number of modes",
    text: "`gantry diagnose RUN` looks for the usual faults and shows its evidence. [How](../how-to/diagnose.md).",
  },
];
