// weights: the bytes of weights.f32, four columns at a time: fewer, longer steps, for adapters whose loops are slow.
// @use f32_units
