/**
 * Makes a site that Rspress built for `/` work in any folder of a server: the pages ask for their files relative to themselves,
 * and the program finds the address of the site by the page that it is in.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where the site's program has its address: in its settings, and for the files that it loads. It also runs while a page is built. */
const ADDRESSES = [/(?<=\bbase:)"\/"/g, /(?<=\b\w\.p=)"\/"/g];
const ADDRESS = '("undefined"==typeof window?"/":window.__site)';

/** A page that is opened as a file says that its search needs a server. */
const ON_DISK = `if(location.protocol==="file:")addEventListener("load",()=>document.body.insertAdjacentHTML("afterbegin",'<p style="margin:0;padding:8px 16px;background:#fd8;color:#000">Opened as a file: search needs a server. <code>npm run docs</code> starts one.</p>'))`;

/**
 * The text of a page whose addresses are relative.
 * @param {string} html
 * @param {number} depth how many folders the page lies below the site's
 */
export function relocatedPage(html, depth) {
  const up = depth === 0 ? "./" : "../".repeat(depth);
  const script = `<script>window.__site=new URL("${up}",location.href).pathname;${ON_DISK}</script>`;
  return html
    .replace("<head>", `<head>${script}`)
    .replace(
      /(\s(?:href|src)=")\/(?!\/)([^"]*)/g,
      (_, before, path) => `${before}${up}${path === "" ? "index.html" : path}`,
    );
}

/**
 * @param {string} folder of the built site
 * @throws Error when the site is not as this program knows it, as a new version of Rspress could make it.
 */
export function relocate(folder) {
  const found = ADDRESSES.map(() => 0);
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const file = join(folder, name);
    if (name.endsWith(".html")) {
      const depth = name.replaceAll("\\", "/").split("/").length - 1;
      writeFileSync(file, relocatedPage(readFileSync(file, "utf8"), depth));
    } else if (name.endsWith(".js")) {
      const text = readFileSync(file, "utf8");
      let changed = text;
      for (const [i, address] of ADDRESSES.entries()) {
        changed = changed.replace(address, () => {
          found[i] = (found[i] ?? 0) + 1;
          return ADDRESS;
        });
      }
      if (changed !== text) writeFileSync(file, changed);
    }
  }
  if (found.some((count) => count !== 1))
    throw new Error(
      `the site's program names its address ${found.join(" and ")} times, not once each; see site/relocate.js`,
    );
}
