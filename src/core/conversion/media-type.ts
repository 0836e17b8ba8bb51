/** The media type of a `Content-Type` or one entry of `Accept`, in lower case, without parameters. */
export function mediaTypeOf(value: string): string {
  const end = value.indexOf(';');
  return (end < 0 ? value : value.slice(0, end)).trim().toLowerCase();
}

/** The `charset` parameter of a content type, in lower case; null when it has none. */
export function charsetOf(contentType: string): string | null {
  return writtenCharsetOf(contentType)?.toLowerCase() ?? null;
}

/** As it is written. */
export const writtenCharsetOf = (contentType: string): string | null => /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType)?.[1] ?? null;

/** A comma separated list of media types; null when it is empty or allows everything. */
export function mediaTypes(list: string | undefined): readonly string[] | null {
  if (list === undefined) return null;
  const types = list
    .split(',')
    .map(mediaTypeOf)
    .filter((type) => type !== '');
  return types.length === 0 || types.includes('*/*') || types.includes('*') ? null : types;
}

/** Whether two media types go together, `*` standing for anything on either side. */
export function areCompatible(one: string, other: string): boolean {
  if (one === other || one === '*/*' || other === '*/*' || one === '*' || other === '*') return true;
  const cutOne = one.indexOf('/');
  const cutOther = other.indexOf('/');
  if (one.slice(0, cutOne) !== other.slice(0, cutOther)) return false;
  return one.endsWith('/*') || other.endsWith('/*');
}

/** Whether one of `types` is among what an `Accept` header wants; an empty header wants anything. */
export function isAccepted(accept: string, types: readonly string[]): boolean {
  if (accept.trim() === '') return true;
  return accept.split(',').some((wanted) => types.some((type) => areCompatible(mediaTypeOf(wanted), type)));
}

/** What JSON goes by: `application/json`, `application/problem+json`, `text/json`. */
export const isJsonType = (mediaType: string): boolean => /[/+]json$/.test(mediaType);
