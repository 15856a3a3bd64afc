/** `gantry data inception`: brings the weights of the network that published scores are computed with. */
import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { download } from "../data/index.ts";
import { makeFolder } from "../formats/index.ts";
import { defineCommand } from "./command.ts";
import { UsageError } from "./errors.ts";
import { StatusLine, showDownloads } from "./progress.ts";

/** `gantry data inception [FILE]` */
export const inceptionCommand = defineCommand({
  meta: { name: "inception", description: "get Inception's weights for scores: from a file, or downloaded (96 MB)" },
  args: {
    file: {
      type: "positional",
      required: false,
      description:
        "pt_inception-2015-12-05-6726825d.pth, a converted .safetensors, or with --any-hash NVIDIA's TorchScript file inception-2015-12-05.pt (default: download the first)",
    },
    anyHash: {
      type: "boolean",
      description: "take other weights than the published ones: their scores compare with nobody's",
    },
    json: { type: "boolean", description: "print one JSON object instead of text" },
  },
  examples: [
    { line: "gantry data inception", does: "download, verify and convert the weights" },
    { line: "gantry data inception ~/pt_inception-2015-12-05-6726825d.pth", does: "the same without internet" },
    {
      line: "gantry data inception ~/inception-2015-12-05.pt --any-hash",
      does: "NVIDIA's TorchScript file, whose sum Gantry does not know",
    },
  ],
  async run({ args }) {
    // The engine is loaded when the command runs, not for its help.
    const { importInception, inceptionPath, presentInception } = await import("../metrics/index.ts");
    const status = new StatusLine(process.stderr);
    const anyHash = args.anyHash ?? false;
    if (anyHash && args.file === undefined)
      throw new UsageError("--any-hash needs a FILE: what is downloaded has one hash");
    const target = inceptionPath();
    const imported =
      args.file === undefined
        ? (presentInception(target) ?? (await fetched(target, status, (file) => importInception(file, { target }))))
        : await importInception(args.file, { target, anyHash });
    status.end();
    if (!imported.official) {
      status.print(
        `warning: these are not the published weights: scores will carry the hash ${imported.hash} and compare only with ` +
          "scores from the same file",
      );
    }
    const text = `Inception's weights (SHA-256 ${imported.hash})\nverified, in ${imported.path}\n`;
    process.stdout.write(args.json ? `${JSON.stringify(imported)}\n` : text);
  },
});

/** Downloads the published file to the target's folder, hands it over, and deletes it when it has been converted. */
async function fetched<T>(target: string, status: StatusLine, use: (file: string) => Promise<T>): Promise<T> {
  const { inceptionFile } = await import("../metrics/index.ts");
  const folder = dirname(target);
  makeFolder(folder);
  const file = join(folder, inceptionFile.name);
  const show = showDownloads(status);
  const remedy = `fetch ${inceptionFile.urls[0]} on another machine and run \`gantry data inception FILE\` with it`;
  const result = await download(inceptionFile, file, {
    remedy,
    onProgress: (done, total) => show(inceptionFile.name, done, total),
    onRetry: (reason) => status.print(`trying again: ${reason}`),
  });
  const imported = await use(file);
  // Only what this call downloaded: a file that a user put there stays.
  if (result === "downloaded") rmSync(file);
  return imported;
}
