/** Every part that a command line can name can be imported from "gantry", too. */
import { describe, expect, it } from "vitest";
import { kindsOf, type Role } from "../../src/base/descriptor.ts";
import * as gantry from "../../src/index.ts";

const exported: Readonly<Record<string, unknown>> = gantry;
const partsOf = (roles: readonly Role[]) => roles.flatMap((role) => kindsOf(role).map((kind) => [role, kind] as const));

describe("what `gantry` exports", () => {
  it.each(partsOf(["data", "loss", "technique", "optimizer", "schedule", "metric"]))("has the %s %s", (_, kind) => {
    expect(exported[kind]).toBeTypeOf("function");
  });

  it.each(partsOf(["generator", "discriminator"]))("has the %s %s", (role, kind) => {
    expect((exported[kind] as Partial<Record<Role, unknown>> | undefined)?.[role]).toBeTypeOf("function");
  });
});
