/** Elements of the page. Text is always set as text, so that a name in the data cannot become markup. */

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** A new element with attributes (true: present, false and undefined: absent) and children. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children);
  return made;
}

/** The element of an id. */
export const byId = (id: string): HTMLElement => document.getElementById(id)!;

let made = 0;

/** A control with its label above it, and next to the label what the control says. */
export function labelled<T extends HTMLElement>(text: string, control: T, ...says: readonly Node[]): HTMLElement {
  control.id ||= `control-${made++}`;
  const label = element("label", { for: control.id }, text);
  return element("div", { class: "control" }, element("div", { class: "label" }, label, ...says), control);
}
