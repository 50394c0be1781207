enable f16;
// What `real` means: activations and caches in half precision; sums stay in f32.
alias real = f16;
