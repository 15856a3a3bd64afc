/** Text in XML. */
import { visible } from "../base/visible.ts";

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text escaped for an element or an attribute. Controls, which XML does not take, become visible. */
export function escapeXml(text: string): string {
  return visible(text).replace(/[&<>"]/g, (letter) => ENTITIES[letter]!);
}
