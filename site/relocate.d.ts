/** Types for the tests, which are TypeScript. */
export function relocatedPage(html: string, depth: number): string;
export function relocate(folder: string): void;
