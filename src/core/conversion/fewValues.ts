/** Whether a value has at most so many values in it, a text counted by its length: says so without looking at more. */
export function hasFewValues(value: unknown, most: number): boolean {
  let left = most;
  const fits = (one: unknown): boolean => {
    if (--left < 0) return false;
    if (typeof one === 'string') left -= one.length >> 8;
    if (typeof one !== 'object' || one === null || one instanceof Uint8Array) return true;
    if (Array.isArray(one)) return one.length <= left && one.every(fits);
    if (one instanceof Set || one instanceof Map) return one.size <= left && [...one.values()].every(fits);
    for (const key in one) if (!fits((one as Record<string, unknown>)[key])) return false;
    return true;
  };
  return fits(value);
}
