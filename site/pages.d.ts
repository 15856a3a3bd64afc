/** Types for the tests, which are TypeScript. */
import type { Item } from "./navigation.js";

export function markdownFiles(root: string): string[];
export function pageOf(file: string): string;
export function withLinks(file: string, text: string, pageFor: (target: string) => string | undefined): string;
export function sitePages(root: string): { pages: Map<string, string>; pictures: Map<string, string> };
export function titleOf(text: string): string;
export function navigation(pages: ReadonlyMap<string, string>): {
  nav: Item[];
  sidebar: Record<string, Item[]>;
  shown: string[];
};
export function apiSidebars(docs: string): { top: Item; ofEntry: Record<string, Item[]> };
