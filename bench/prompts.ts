/** Ten openings of stories, written for this project; the benchmarks and the greedy-equality test decode from them. */
export const prompts: readonly string[] = [
  "Once upon a time, there was a little",
  "One day, a girl named Lily went to",
  "Tom and his dog Max liked to play",
  "The old tree in the park was very",
  "Mia had a red ball. She",
  "In a small house near the sea lived",
  '"Can I have a cookie?" asked',
  "The bird was sad because",
  "Ben and Sara were best friends. They",
  "It was a cold day and the cat",
];
