/** Types for the tests, which are TypeScript. */
export interface Item {
  text: string;
  link?: string;
  items?: Item[];
  collapsible?: boolean;
  collapsed?: boolean;
}
export const sections: readonly {
  readonly title: string;
  readonly folder: string;
  readonly group?: string;
  readonly first: readonly string[];
}[];
export const project: readonly string[];
