/** Finds a name that a user typed among names. */

/**
 * The place of a name: of the one that is exactly it, else of the only one that differs in its Unicode form (a composed
 * letter, or a letter and its accent) or, with `anyCase`, in upper and lower case. Undefined when there is none, or
 * several are as like.
 *
 * @example
 * findName("cat", ["Cat", "dog"], { anyCase: true }); // 0
 * findName("cat", ["Cat", "CAT"], { anyCase: true }); // undefined
 */
export function findName(
  wanted: string,
  names: readonly string[],
  { anyCase = false }: { readonly anyCase?: boolean } = {},
): number | undefined {
  const exact = names.indexOf(wanted);
  if (exact >= 0) return exact;
  const forms = [(name: string) => name.normalize("NFC"), ...(anyCase ? [folded] : [])];
  for (const form of forms) {
    const like = names.flatMap((name, i) => (form(name) === form(wanted) ? [i] : []));
    if (like.length > 0) return like.length === 1 ? like[0] : undefined;
  }
  return undefined;
}

const folded = (name: string): string => name.normalize("NFC").toLowerCase();
