/** Recognises, in what apt, pip or npm wrote, that there is no network, which then is all that there is to say. */

/**
 * @param {string} messages in English (LC_ALL=C)
 */
export function isOffline(messages) {
  const resolver =
    /Temporary failure resolving|Could not resolve|Name or service not known|No address associated|name resolution/i;
  const connection =
    /Could not connect|Cannot initiate the connection|Network is unreachable|Failed to establish a new connection|Connection (refused|timed out)/i;
  const codes = /\b(EAI_AGAIN|ENOTFOUND|ENETUNREACH|EHOSTUNREACH|ECONNREFUSED|ETIMEDOUT)\b/;
  return [resolver, connection, codes].some((pattern) => pattern.test(messages));
}
