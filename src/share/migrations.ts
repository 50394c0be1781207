/**
 * Old links in new pages. Each version bump appends one function and adds a frozen link to tests/fixtures/links.
 * A bump is due when a field changes its meaning, and also when a default changes: links hold only what differs from
 * the defaults of their time, so the migration writes the old default into links that left it out.
 */

/** What a link says, before anything of it was checked. */
export type RawLink = Readonly<Record<string, unknown>>;

/** Makes of a link of one version the same link in the next one. Gets unchecked values and must keep strange ones. */
export type Migration = (link: RawLink) => RawLink;

/** Entry k takes version k + 1 to version k + 2. */
export const MIGRATIONS: readonly Migration[] = [];

/** The version that links are written in. */
export const LINK_VERSION = MIGRATIONS.length + 1;

/** The link as one of the newest version. `from` is at least 1. */
export const migrate = (link: RawLink, from: number, migrations = MIGRATIONS): RawLink =>
  migrations.slice(from - 1).reduce((raw, next) => next(raw), link);
