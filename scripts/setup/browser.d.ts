import type { Host } from "./types.d.ts";

/** The path of a Chromium, or undefined. */
export function findBrowser(host: Host): string | undefined;

/** Installs a Chromium where there is none and it can be; where it cannot, says that tests are skipped. */
export function ensureBrowser(host: Host): void;
