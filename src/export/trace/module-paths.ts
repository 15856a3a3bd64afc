/** Which module is running: the path of the innermost one whose forward was called and has not returned. */
import type { Module } from "../../nn/index.ts";

/**
 * Runs `body` with the path of the running module at hand. Paths are those of the state dict, after the name of the
 * network where there are several.
 */
export function withModulePaths<T>(networks: Readonly<Record<string, Module>>, body: (path: () => string) => T): T {
  const several = Object.keys(networks).length > 1;
  const running: string[] = [];
  const undo: (() => void)[] = [];
  for (const [network, root] of Object.entries(networks)) {
    for (const [inner, module] of root.namedModules()) {
      const path = several ? [network, inner].filter((part) => part !== "").join(".") : inner;
      const own = module as { forward?: (...given: unknown[]) => unknown };
      const forward = own.forward;
      if (typeof forward !== "function" || Object.hasOwn(own, "forward")) continue;
      own.forward = function (this: unknown, ...given: unknown[]) {
        running.push(path);
        try {
          return forward.apply(this, given);
        } finally {
          running.pop();
        }
      };
      undo.push(() => {
        delete own.forward;
      });
    }
  }
  try {
    return body(() => running.at(-1) ?? "");
  } finally {
    for (const restore of undo) restore();
  }
}
