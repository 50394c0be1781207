/** First characters of a file that holds a race of several runs, by which it is told from a single run. */
export const RACE_MARK = '{"decoscopeRace":';
