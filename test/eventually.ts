/** Tries `check` again, and waits for it where it is asynchronous, until it throws nothing any more. Throws its last complaint when the time is over. */
export async function eventually<T>(check: () => T | Promise<T>, timeoutMillis = 5000): Promise<T> {
  const end = performance.now() + timeoutMillis;
  for (;;) {
    try {
      return await check();
    } catch (thrown) {
      if (performance.now() > end) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
