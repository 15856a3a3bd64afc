/** The files of the page, read once. A request names one of them; no path is made of it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../../base/errors.ts";

/** A file of the page. */
export interface PageFile {
  readonly bytes: Buffer;
  readonly type: string;
  readonly cache: string;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** The page as it was built, next to this file in dist/. */
export const builtPage = (): string => fileURLToPath(new URL("../page", import.meta.url));

/**
 * The files of a built page by the path of their address.
 * @throws UserError when there is none.
 */
export function readPage(folder: string): ReadonlyMap<string, PageFile> {
  if (!existsSync(join(folder, "index.html"))) {
    throw new UserError(`the studio's page is not built: ${folder} has no index.html; run \`npm run build\``);
  }
  const files = new Map<string, PageFile>();
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    // The names of assets hold a digest of their contents.
    const cache = name.startsWith("assets") ? "max-age=31536000, immutable" : "no-cache";
    files.set(`/${name.replaceAll("\\", "/")}`, { bytes: readFileSync(join(folder, name)), type, cache });
  }
  files.set("/", files.get("/index.html")!);
  return files;
}
