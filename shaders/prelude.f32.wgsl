// What `real` means: activations and caches in single precision.
alias real = f32;
