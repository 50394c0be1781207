/** `npm run bench:index`: writes public/benchmarks/index.json anew, such as when a model was trained further after it was measured. */
import { writeIndex } from "./result";

await writeIndex();
