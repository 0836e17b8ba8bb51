const resources = /^["']?kind["']?:\s*["']?(?:Integration|Kamelet|Pipe|KameletBinding)(?:List)?\b/m;
/** A list of resources, Camel's among them. */
const list = /^["']?kind["']?:\s*["']?List\b/m;
const listed = /^\s+(?:-\s+)?["']?apiVersion["']?:\s*["']?camel\.apache\.org\//m;
const camelVersion = /^["']?apiVersion["']?:\s*["']?camel\.apache\.org\//m;

/** Keys that elements of routes have: a mapping with one at its top is a file of routes that somebody wrote without its dashes. */
const elementKey =
  /^["']?(?:from|route|rest|restConfiguration|routeTemplate|templatedRoute|routeConfiguration|beans|errorHandler|onException|onCompletion|intercept|interceptFrom|interceptSendToEndpoint|dataFormats|sslContextParameters)["']?\s*:/m;

const manifest = /^["']?apiVersion["']?:/m;

/**
 * Whether a source of a route stands at some depth: `from:` with an address (no version, as images have it) or a `uri:` within the two hundred characters behind it. The key
 * over it may be written wrong (`rout:`).
 */
function hasSource(text: string): boolean {
  for (const { index } of text.matchAll(/(?<=^|[\s{,"'])from["']?[ \t]{0,9}:/g))
    if (/^from["']?[ \t]*:[ \t]*(?:["']?[a-z][\w+.-]*:(?!\d)\S|(?:\{\s*|(?:#.*)?\n[^{}]*?\s|\{[^{}]*?[\s,])["']?uri["']?\s*:)/.test(text.slice(index, index + 200))) return true;
  return false;
}

/**
 * Whether YAML that lies in a folder with routes belongs to something else: a manifest of Kubernetes, an OpenAPI document, a file for Docker or CI, a list of texts. Told
 * by what its lines look like, without reading it: what may be meant for routes is not foreign, and is complained about.
 */
export function isForeign(text: string): boolean {
  if ((resources.test(text) && camelVersion.test(text)) || (list.test(text) && listed.test(text))) return false;
  // A manifest may hold routes as a text.
  if (!manifest.test(text) && hasSource(text)) return false;
  const first = /^(?!\s*(?:#|$|---\s*$|---\s*#|%YAML\b))\s*(\S.*)$/m.exec(text)?.[1];
  // A file that holds nothing is complained about.
  if (first === undefined) return false;
  // A list of texts: nothing in it is a key with a value.
  if (/^-(?:\s|$)/.test(first)) return !/:(?:\s|$)/m.test(text);
  if (/^[[{]/.test(first)) return first.startsWith('{') && !/["']?(?:from|route|kind)["']?\s*:/.test(text);
  // A resource of Camel K that somebody wrote without its kind.
  if (camelVersion.test(text) && !/^["']?kind["']?\s*:/m.test(text)) return false;
  // Only what has keys at its top.
  if (!/^["']?[\w./ $-]+["']?\s*:(?:\s|$)/.test(first)) return false;
  return !elementKey.test(text);
}
