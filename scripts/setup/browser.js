/** The browser that the tests of the studio drive: a Chromium on PATH, else Debian's, installed as root. */
import { canInstallPackages, installPackages } from "./debian.js";
import { findProgram } from "./host.js";
import { SetupError, say } from "./say.js";

/** @typedef {import("./types.d.ts").Host} Host */

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/**
 * The path of a Chromium, or undefined.
 * @param {Host} host
 */
export function findBrowser(host) {
  for (const name of names) {
    const found = findProgram(host, name);
    if (found) return found;
  }
  return undefined;
}

/**
 * Installs a Chromium where there is none and it can be. Where it cannot, the tests that need it are skipped.
 * @param {Host} host
 */
export function ensureBrowser(host) {
  if (findBrowser(host)) return;
  try {
    if (!canInstallPackages(host)) throw new SetupError("there is no Chromium, and it cannot be installed from here");
    installPackages(host, ["chromium"], "the tests of the studio's page need a browser");
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`${error.message}; the tests of the studio's page are skipped. Put \`chromium\` on PATH to run them.`);
  }
}
