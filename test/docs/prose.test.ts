/** Every page has one title, lines of prose that fit a screen, code in fences, and links and pictures that are there. */
import { describe, expect, it } from "vitest";
import { allPages } from "./pages.ts";
import { fenceFaults, linkFaults, pictureFaults, titleFaults, widthFaults } from "./prose.ts";

const pages = allPages();

describe("pages", () => {
  it("have links to what exists", () => expect(pages.flatMap(linkFaults)).toEqual([]));
  it("have pictures with a text", () => expect(pages.flatMap(pictureFaults)).toEqual([]));
  it("have one title", () => expect(pages.flatMap(titleFaults)).toEqual([]));
  it("are not wider than a screen", () => expect(pages.flatMap(widthFaults)).toEqual([]));
  it("have their code in fences", () => expect(pages.flatMap(fenceFaults)).toEqual([]));
});
