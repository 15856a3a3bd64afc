/** How the page is built: into one script and one style sheet that the studio's server sends. */
import { defineConfig } from "vite";

export default defineConfig({
  // Addresses are relative, so the page needs nothing of the place that it is served from.
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: { target: "es2022", emptyOutDir: true, reportCompressedSize: false },
});
