/** What tests use of the bindings that a package carries. */
export { bindingPath, hashSources } from "../setup/binding-cache.js";
export { factsOf, hasPrebuilt, placePrebuilt } from "../setup/prebuilt.js";
export { whyNotUsable } from "../setup/try-binding.js";
export { newerSymbol, refuseUnguardedVectors } from "./portable.js";
export { writeBinding } from "./write-bindings.js";
