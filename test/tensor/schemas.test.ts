import { expect, it } from "vitest";
import "../../src/tensor/index.ts";
import { binding } from "../../src/tensor/native.ts";
import { declaredOperators, parseDeclaration } from "../../src/tensor/operator.ts";

it("declares the operators of the typed methods", () => {
  expect(declaredOperators.length).toBeGreaterThan(150);
  expect(new Set(declaredOperators).size).toBe(declaredOperators.length);
});

// Every typed method passes its values by position: each declared name must be the live schema's name at that place,
// and the marshaller must know every type that is passed.
it.each(declaredOperators)("%s stands so in the live schema", (declaration) => {
  const { name, overload, parameters } = parseDeclaration(declaration);
  const live = binding().operator(name, overload);
  expect(live, "the operator exists").not.toBeNull();
  expect(live!.parameters.slice(0, parameters.length).map((parameter) => parameter.name)).toEqual(parameters);
  const UNSUPPORTED = 16;
  for (const parameter of live!.parameters.slice(0, parameters.length)) {
    expect(parameter.kind, `${parameter.name}: ${parameter.type}`).not.toBe(UNSUPPORTED);
  }
  const rest = live!.parameters.slice(parameters.length);
  expect(rest.filter((parameter) => parameter.required).map((parameter) => parameter.name)).toEqual([]);
});
