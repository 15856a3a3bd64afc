/** How Rspress builds the site from the pages that `build.js` has laid out. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "@rspress/core";

const here = import.meta.dirname;
const { nav, sidebar } = JSON.parse(readFileSync(join(here, ".pages/navigation.json"), "utf8"));

export default defineConfig({
  root: join(here, ".pages/docs"),
  outDir: process.env.GANTRY_SITE_OUT,
  title: "Gantry",
  description: "Training of GANs in TypeScript on libtorch",
  icon: "/icon.svg",
  globalStyles: join(here, "style.css"),
  markdown: { link: { checkDeadLinks: true, checkAnchors: true }, image: { checkDeadImages: true } },
  search: { codeBlocks: true },
  mediumZoom: true,
  themeConfig: { nav, sidebar, enableContentAnimation: false, lastUpdated: false },
  builderConfig: { output: { cleanDistPath: true }, performance: { printFileSize: false } },
});
