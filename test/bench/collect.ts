/** Preloaded by the soak into the processes that it measures: they collect all garbage when told to by SIGUSR2. */
process.on('SIGUSR2', () => {
  // What finalizers and weak references held goes with the second one.
  globalThis.gc?.();
  globalThis.gc?.();
});
