/** Where models of the hub come from, if not from the hub itself. */

/** Another hub than the real one: on this machine only, under the page's own address, for trying and for tests. */
export function hubAddress(): string | undefined {
  const path = new URLSearchParams(location.search).get("hub");
  const isHere = /^(localhost|127\.0\.0\.1)$/.test(location.hostname);
  return isHere && path !== null && /^\/[\w-]+$/.test(path) ? location.origin + path : undefined;
}
