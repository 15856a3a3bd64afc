/** The table of shipped recipes in docs/reference/recipe.md, made from the recipes. */
import { shippedRecipes } from "../../src/recipe/shipped/index.ts";
import { pageTable } from "../generated-parts.ts";

/** How long each takes, as the head of its file says. The others take days on a CPU. */
const TIMES: Readonly<Record<string, string>> = {
  mnist: "3 min",
  "fashion-mnist": "2 min",
  "wgan-gp": "5 min",
  "narrow-dcgan": "15 s, one core",
  mixture: "17 to 28 min, one core",
  "stacked-mnist": "14 min, one core",
  "semi-mnist": "40 to 70 min, one core",
  "mnist-r3gan": "about 25 min, one core (estimate)",
  "mnist-biggan": "12 min",
  "mnist-biggan-deep": "14 min",
  "fashion-mnist-sngan": "10 min",
  "fashion-mnist-sagan": "11 min",
  cifar10: "35 min",
  "seed-dcgan-64": "13 h (estimate)",
  "seed-sn-dcgan-64": "13 h (estimate)",
};

interface Part {
  readonly kind: string;
  readonly options: object;
}

const option = ({ options }: Part, name: string): unknown => (options as Record<string, unknown>)[name];

/** `dcgan, width 64, by class, spectral norm in D`. */
function networksOf(generator: Part, discriminator: Part): string {
  const widths = option(generator, "widths");
  const width = Array.isArray(widths) ? widths.join(" ") : option(generator, "width");
  return [
    generator.kind,
    ...(width === undefined ? [] : [`width ${width}`]),
    ...(option(generator, "conditional") === true ? ["by class"] : []),
    ...(option(discriminator, "spectralNorm") === true
      ? [`spectral norm in ${option(generator, "spectralNorm") === true ? "both" : "D"}`]
      : []),
  ].join(", ");
}

function dataOf(data: Part): string {
  const size = option(data, "size");
  return typeof size === "number" ? `${data.kind}, ${size} px` : data.kind;
}

/** The table; a time for a recipe that is gone is an error. */
export async function shippedTable(): Promise<string> {
  const gone = Object.keys(TIMES).filter((name) => !(name in shippedRecipes));
  if (gone.length > 0) throw new Error(`times of recipes that do not exist: ${gone.join(", ")}`);
  const rows = Object.entries(shippedRecipes).map(async ([name, load]) => {
    const { data, generator, discriminator, loss, techniques, schedule, steps, epochs } = (await load()).default;
    return [
      `\`${name}\``,
      dataOf(data),
      networksOf(generator, discriminator),
      loss.kind,
      techniques.map(({ kind }) => kind).join(", "),
      schedule === undefined || schedule.kind === "constant" ? "constant" : schedule.kind,
      steps?.toLocaleString("en") ?? `${epochs!.toLocaleString("en")} epochs`,
      TIMES[name] ?? "GPU",
    ];
  });
  const head = ["recipe", "data", "networks", "loss", "techniques", "rates", "steps", "time"];
  return pageTable(head, await Promise.all(rows));
}
