import { XmlNode } from './xml.ts';

/** What is nested deeper, or holds itself, is nothing for a writer, which says so. */
const deepest = 1000;

/** Whether a value has at most so many values in it, a text counted by its length: says so without looking at more. */
export function hasFewValues(value: unknown, most: number): boolean {
  let left = most;
  const fits = (one: unknown, depth: number): boolean => {
    if (--left < 0) return false;
    if (typeof one === 'string') left -= one.length >> 8;
    if (typeof one !== 'object' || one === null || one instanceof Uint8Array || depth > deepest) return true;
    if (one instanceof XmlNode) return (left -= one.last - one.order) >= 0;
    if (Array.isArray(one)) return one.length <= left && one.every((item) => fits(item, depth + 1));
    if (one instanceof Set || one instanceof Map) return one.size <= left && [...one.values()].every((item) => fits(item, depth + 1));
    for (const key in one) if (!fits((one as Record<string, unknown>)[key], depth + 1)) return false;
    return true;
  };
  return fits(value, 0);
}
