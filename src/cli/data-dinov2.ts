/** `gantry data dinov2`: brings DINOv2's weights, for FD-DINOv2 and other scores of its features. */
import { defineCommand } from "./command.ts";

/** `gantry data dinov2 FILE` */
export const dinov2Command = defineCommand({
  meta: { name: "dinov2", description: "get DINOv2's weights for scores from a file that you have downloaded" },
  args: {
    file: {
      type: "positional",
      required: true,
      description: "dinov2_vitb14_pretrain.pth, or that of S or L (without registers), or a converted .safetensors",
    },
    json: { type: "boolean", description: "print one JSON object instead of text" },
  },
  examples: [
    { line: "gantry data dinov2 ~/dinov2_vitb14_pretrain.pth", does: "check and convert the weights" },
    { line: "gantry evaluate runs/x --features dinov2 --metrics fid", does: "FD-DINOv2" },
  ],
  async run({ args }) {
    // The engine is loaded when the command runs, not for its help.
    const { importDinov2 } = await import("../metrics/index.ts");
    const imported = await importDinov2(args.file);
    const { path, hash, width, depth } = imported;
    const text = `DINOv2's weights (SHA-256 ${hash}): ${width} features, ${depth} blocks\nin ${path}\n`;
    process.stdout.write(args.json ? `${JSON.stringify({ path, hash, width, depth })}\n` : text);
  },
});
