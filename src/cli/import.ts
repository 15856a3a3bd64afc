/** `gantry import`: makes a run of a generator that another project trained, or of a hub folder, to sample from and to evaluate. */
import { statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { counted } from "../base/counted.ts";
import { sizeInWords } from "../base/image-size.ts";
import { visible } from "../base/visible.ts";
import { defineCommand } from "./command.ts";
import { UsageError } from "./errors.ts";
import { flag, valuesOf } from "./flags.ts";
import { refuseOccupied } from "./occupied.ts";
import { programName, quoted } from "./program.ts";

const args = {
  file: {
    type: "positional",
    required: true,
    description:
      "weights of a generator, .pth or .safetensors: of torch_mimicry (netG_<steps>_steps.pth) or of BigGAN-PyTorch (G.pth, G_ema.pth); or a folder of `gantry export --to hub`",
  },
  entry: flag(
    "NAME",
    "the generator inside a training state, such as g_ema; default: averaged weights, or else the first",
  ),
  discriminator: flag("FILE", "the file of the discriminator, where it is not in the generator's"),
  out: flag("DIR", "the run folder, which must be new; default: runs/<name of the file>"),
  set: flag("KEY=VALUE", "change a key of the run's recipe, such as data.path=...; may be repeated"),
  json: { type: "boolean", description: "print the result as JSON" },
} as const;

/** The command, for the shell to mount. */
export const importCommand = defineCommand({
  meta: {
    name: "import",
    description: "Makes a run of a generator that another project trained, which it recognises, or of a hub folder.",
  },
  args,
  examples: [
    { line: "gantry import netG_100000_steps.pth --out runs/sngan", does: "a ResNet generator of torch_mimicry" },
    { line: "gantry import state.pt --entry g_ema", does: "the averaged generator of a whole training state" },
    { line: "gantry import digits-hub --out runs/digits", does: "a folder that gantry export --to hub wrote" },
    { line: "gantry sample runs/sngan", does: "64 images of it" },
  ],
  async run({ args: flags, rawArgs }) {
    const { entry, discriminator } = flags;
    const isFolder = statSync(flags.file, { throwIfNoEntry: false })?.isDirectory() ?? false;
    const named = basename(resolve(flags.file));
    const directory = flags.out ?? join("runs", isFolder ? named : named.replace(/\.\w+$/, ""));
    refuseOccupied(directory);
    if (isFolder) {
      if ((entry ?? discriminator) !== undefined) {
        throw new UsageError("--entry and --discriminator are for files of weights, and this is a folder");
      }
      await importFolder(flags.file, directory, valuesOf(rawArgs, args, "set"), flags.json === true);
      return;
    }
    const { importRun } = await import("../training/index.ts");
    const result = importRun(flags.file, directory, valuesOf(rawArgs, args, "set"), { entry, discriminator });
    if (flags.json) {
      process.stdout.write(`${JSON.stringify(result)}\n`);
      return;
    }
    const { layout, kind, image, classes, parameters } = result;
    const of = classes > 0 ? counted(classes, "class", "classes") : "no classes";
    const notes = [
      ...(result.place === "" ? [] : [`taken from \`${result.place}\``]),
      ...(result.otherPlaces.length === 0
        ? []
        : [
            `other generators there, which --entry chooses: ${result.otherPlaces.map((one) => `\`${one}\``).join(", ")}`,
          ]),
      ...(result.skipped.length === 0 ? [] : [`passed over: ${result.skipped.join(", ")}`]),
      result.discriminator ? "the discriminator is the file's, too" : "the discriminator has new weights",
    ];
    process.stdout.write(
      `${kind} of ${layout}: ${sizeInWords(image.size)}, ${of}, ${(parameters / 1e6).toFixed(2)} million parameters\n` +
        notes.map((note) => `${note}\n`).join("") +
        `${directory}: sample from it with \`${programName()} sample ${quoted(directory)}\`\n`,
    );
  },
});

/** Makes a run of a hub folder, and says what it holds. */
async function importFolder(folder: string, out: string, changes: readonly string[], json: boolean): Promise<void> {
  const { importHub } = await import("../export/index.ts");
  const result = await importHub(folder, out, changes);
  if (json) {
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return;
  }
  const { directory, kind, version, step, data, parameters } = result;
  const form = "size" in data.sample ? sizeInWords(data.sample.size) : `vectors of ${data.sample.features} numbers`;
  process.stdout.write(
    `${visible(kind)} of Gantry ${visible(version)}: ${form}, trained on ${visible(data.name)} for ${step} steps, ${(parameters / 1e6).toFixed(2)} million parameters\n` +
      "the discriminator has new weights\n" +
      `${directory}: sample from it with \`${programName()} sample ${quoted(directory)}\`\n`,
  );
}
