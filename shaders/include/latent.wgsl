// Rows of a recurrent model and where their latents lie: by position of the text, or by row. Uses the binding rows and
// `layouts`; the shader declares the override BY_POSITION. The words of `starts` are those of src/kernels/latents.ts.

const START_WORDS = 8u;
const START_KIND = 0u;
const START_SOURCE = 1u;
const START_NOISE = 2u;
const START_OLD = 3u;
const START_NEW = 4u;
const START_STEP = 5u;
const START_KEEP = 6u;

fn latent_of(row: u32) -> u32 {
  return select(row, rows[row * ROW_WORDS + ROW_POSITION], BY_POSITION == 1u);
}

// Idle rows have none.
fn has_latent(row: u32) -> bool {
  return rows[row * ROW_WORDS + ROW_SLOT] != NONE;
}
