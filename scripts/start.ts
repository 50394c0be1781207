/** `npm start`: builds the page as it would be published, serves it on this machine and prints its address. */
import { build, preview } from "vite";

console.log("Building Decoscope ...");
await build({ logLevel: "warn" });
const server = await preview();
const address = server.resolvedUrls?.local[0];
if (address === undefined)
  throw new Error("The page was built but no local address could be opened. Is every port in use?");
console.log(`\n  Decoscope is at  ${address}\n`);
console.log(
  "  Open it in a browser with WebGPU (Chrome, Edge, Safari 26, Firefox 141 or later). Ctrl+C stops it.\n",
);
