/** Which weights a result was measured with. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { findModel } from "../../src/models/catalog";

async function sha256(id: string): Promise<string> {
  const path = `${findModel(id) ? `public/models/${id}` : id}/model.safetensors`;
  return createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
}

/** A note of a result: numbers hold for these weights and no others. */
export async function stampOf(models: readonly string[]): Promise<{ method: null; text: string }> {
  const stamped = await Promise.all(models.map(async (id) => `${id} ${(await sha256(id)).slice(0, 12)}`));
  return { method: null, text: `Weights, by the start of their SHA-256: ${stamped.join(", ")}.` };
}
