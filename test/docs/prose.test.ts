/** Every page has one title, lines of prose that fit a screen, code in fences, and links and pictures that are there. */
import { describe, expect, it } from "vitest";
import { oldPages } from "./old-pages.ts";
import { allPages } from "./pages.ts";
import { fenceFaults, linkFaults, pictureFaults, titleFaults, widthFaults } from "./prose.ts";

const pages = allPages();
const rewritten = pages.filter(({ path }) => !oldPages.includes(path));

describe("pages", () => {
  it("have links to what exists", () => expect(pages.flatMap(linkFaults)).toEqual([]));
  it("have pictures with a text", () => expect(rewritten.flatMap(pictureFaults)).toEqual([]));
  it("have one title", () => expect(pages.flatMap(titleFaults)).toEqual([]));
  it("are not wider than a screen", () => expect(rewritten.flatMap(widthFaults)).toEqual([]));
  it("have their code in fences", () => expect(rewritten.flatMap(fenceFaults)).toEqual([]));
});
