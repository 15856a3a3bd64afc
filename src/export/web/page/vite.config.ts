/** How an exported page is built: scripts, a style sheet, and the WebAssembly of onnxruntime-web. */
import { defineConfig } from "vite";

/** Names without a digest, so that an export again replaces the files of the one before. */
const output = {
  entryFileNames: "assets/[name].js",
  chunkFileNames: "assets/[name].js",
  assetFileNames: "assets/[name][extname]",
};

export default defineConfig({
  // Addresses are relative: the folder works below any address.
  base: "./",
  worker: { format: "es", rolldownOptions: { output } },
  build: {
    target: "es2022",
    emptyOutDir: true,
    reportCompressedSize: false,
    assetsInlineLimit: 0,
    rolldownOptions: { output },
  },
});
