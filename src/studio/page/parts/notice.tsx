/** A sentence in the place of what cannot be shown. */
import type { ComponentChildren } from "preact";

export function Notice({
  children,
  kind = "plain",
}: {
  readonly children: ComponentChildren;
  readonly kind?: "plain" | "problem";
}) {
  return (
    <p class={`notice ${kind}`} role={kind === "problem" ? "alert" : "status"}>
      {children}
    </p>
  );
}
