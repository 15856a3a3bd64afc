/** Types for the tests, which are TypeScript. */
interface Entry {
  routePath: string;
  content: string;
  toc: { charIndex: number }[];
}
export function smallIndex(entries: readonly Entry[]): Entry[];
export function quickenSearch(folder: string): void;
