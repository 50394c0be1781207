/** How long a link may be where people put links. Only limits that those who set them have published. */

interface Limit {
  /** As in "too long for …". */
  readonly name: string;
  /** Characters at most. */
  readonly most: number;
}

/**
 * Messages: Discord (Create Message: content up to 2,000 characters), Telegram (sendMessage: 1 to 4,096 characters), Slack
 * (chat.postMessage cuts text after 40,000 characters).
 */
const MESSAGES: readonly Limit[] = [
  { name: "a message on Discord", most: 2000 },
  { name: "one on Telegram", most: 4096 },
  { name: "one on Slack", most: 40_000 },
];

/**
 * Addresses: Firefox (network.standard-url.max-length), Chrome (kMaxURLChars of url/url_constants.h). Longer ones open nothing.
 */
const BROWSERS: readonly Limit[] = [
  { name: "Firefox", most: 2 ** 20 },
  { name: "Chrome and Edge", most: 2 ** 21 },
];

/** Names of what a link of `length` characters does not fit. */
export interface TooLong {
  readonly messages: readonly string[];
  readonly browsers: readonly string[];
}

const exceeded = (limits: readonly Limit[], length: number): readonly string[] =>
  limits.filter(({ most }) => length > most).map(({ name }) => name);

export const tooLongFor = (length: number): TooLong => ({
  messages: exceeded(MESSAGES, length),
  browsers: exceeded(BROWSERS, length),
});
