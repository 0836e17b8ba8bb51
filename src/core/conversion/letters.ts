/** How many letters are in a text, or a part of it: a pair of surrogates is one. */
export function lettersIn(text: string, from = 0, to = text.length): number {
  let count = to - from;
  for (let at = from + 1; at < to; at++) if ((text.charCodeAt(at) & 0xfc00) === 0xdc00 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800) count--;
  return count;
}
