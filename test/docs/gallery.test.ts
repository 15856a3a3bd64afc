/** The gallery's page is what its entries give (`npm run gallery` writes both), and every picture of an entry is there. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { galleryPage, pictures } from "../../scripts/gallery/page.js";

const gallery = join(import.meta.dirname, "../../docs/gallery");

it("has the page that the entries give", async () => {
  await expect(galleryPage()).toMatchFileSnapshot(join(gallery, "README.md"));
});

it("has every picture", () => {
  expect(pictures.filter((file) => !existsSync(join(gallery, file)))).toEqual([]);
});
