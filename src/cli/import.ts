/** `gantry import`: writes a generator that another project trained as a run, to sample from and to evaluate. */
import { basename, join } from "node:path";
import { counted } from "../base/counted.ts";
import { sizeInWords } from "../base/image-size.ts";
import { defineCommand } from "./command.ts";
import { flag, valuesOf } from "./flags.ts";
import { programName, quoted } from "./program.ts";

const args = {
  file: {
    type: "positional",
    required: true,
    description:
      "weights of a generator, .pth or .safetensors: of torch_mimicry (netG_<steps>_steps.pth) or of BigGAN-PyTorch (G.pth, G_ema.pth)",
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
  meta: { name: "import", description: "Recognises a generator that another project trained, and writes it as a run." },
  args,
  examples: [
    { line: "gantry import netG_100000_steps.pth --out runs/sngan", does: "a ResNet generator of torch_mimicry" },
    { line: "gantry import state.pt --entry g_ema", does: "the averaged generator of a whole training state" },
    { line: "gantry sample runs/sngan", does: "64 images of it" },
  ],
  async run({ args: flags, rawArgs }) {
    const { importRun } = await import("../training/index.ts");
    const directory = flags.out ?? join("runs", basename(flags.file).replace(/\.\w+$/, ""));
    const { entry, discriminator } = flags;
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
