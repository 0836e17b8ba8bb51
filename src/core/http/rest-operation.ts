export type BindingMode = 'off' | 'auto' | 'json' | 'xml' | 'json_xml';

/** What one verb of a `rest` service does besides calling its route: plain data, part of the endpoint that the verb stands for. */
export interface RestOperation {
  readonly method: string;
  readonly consumes: string | null;
  readonly produces: string | null;
  readonly bindingMode: BindingMode;
  /** Replies with a status from 300 on keep the body that the route gave them. */
  readonly skipBindingOnErrorCode: boolean;
  readonly enableNoContentResponse: boolean;
  readonly clientRequestValidation: boolean;
  readonly clientResponseValidation: boolean;
  /** How bodies are written. */
  readonly jsonStyle: { readonly isPretty?: boolean; readonly skipsNull?: boolean; readonly skipsEmpty?: boolean };
  /** Options of the data format `json` that reads bodies, and of the one that writes them; empty: nothing but plain JSON and `jsonStyle`. */
  readonly jsonIn: Readonly<Record<string, string>>;
  readonly jsonOut: Readonly<Record<string, string>>;
  /** XML becomes maps and lists; else it stays what it is. */
  readonly bindsXml: boolean;
  readonly isXmlPretty: boolean;
  /** A request with OPTIONS is answered, also where CORS is off. */
  readonly answersOptions: boolean;
  /** Name, value, name, value; null without CORS. */
  readonly corsHeaders: readonly string[] | null;
  /** Values of parameters that a request may leave out. */
  readonly defaults: Readonly<Record<string, string>>;
  readonly requiredQuery: readonly string[];
  readonly requiredHeaders: readonly string[];
  readonly requiresBody: boolean;
  readonly allowed: Readonly<Record<string, readonly string[]>>;
  /** Parameters with several values: each of them must be allowed. */
  readonly lists: readonly string[];
  /** Content types of replies by status, also `2XX` and `default`; empty = not said. */
  readonly replyTypes: Readonly<Record<string, string>>;
  /** Headers that all replies must have. */
  readonly replyHeaders: readonly string[];
  /** Headers that replies must have by status, the same way. */
  readonly headersOfReplies: Readonly<Record<string, readonly string[]>>;
  /** It is an operation of an OpenAPI document: its types are checked where requests are. */
  readonly isOfContract: boolean;
  /** The document whose operation this is, where schemas of it are checked. */
  readonly contract: ContractOperation | null;
  /** What answers in the place of a route, where a contract's operation has none. */
  readonly standIn: StandIn | null;
}

/** An operation in an OpenAPI document: a verb of it names the document, since what its schemas refer to may be all of that. */
export interface ContractOperation {
  /** The document, as resources are named. */
  readonly document: string;
  /** Of its text: a verb of another text is another one. */
  readonly hash: string;
  readonly method: string;
  readonly path: string;
}

/** Answers with a file, an example, or what came. */
export interface StandIn {
  /** What file names begin with: the path of a request, below `under`, and `.json` or `.xml` come behind it. */
  readonly files: readonly string[];
  readonly under: string;
  /** Examples of the document by media type; null: what came is sent back. */
  readonly examples: Readonly<Record<string, string>> | null;
}

export const plainOperation: RestOperation = {
  method: 'GET',
  consumes: null,
  produces: null,
  bindingMode: 'off',
  skipBindingOnErrorCode: true,
  enableNoContentResponse: false,
  clientRequestValidation: false,
  clientResponseValidation: false,
  jsonStyle: {},
  jsonIn: {},
  jsonOut: {},
  bindsXml: false,
  isXmlPretty: false,
  answersOptions: false,
  corsHeaders: null,
  defaults: {},
  requiredQuery: [],
  requiredHeaders: [],
  requiresBody: false,
  allowed: {},
  lists: [],
  replyTypes: {},
  replyHeaders: [],
  headersOfReplies: {},
  isOfContract: false,
  contract: null,
  standIn: null,
};

/** What is said for a status, else for its class (`2XX`), else for all (`default`). */
export const forStatus = <T>(said: Readonly<Record<string, T>>, status: string): T | undefined => said[status] ?? said[`${status[0] ?? ''}XX`] ?? said['default'];

/** Paths put together, one slash between two and none at the end; a `*` at the end stays. */
export function joinPaths(...parts: readonly (string | null | undefined)[]): string {
  const segments = parts.flatMap((part) => (part ?? '').split('/')).filter((segment) => segment !== '');
  return `/${segments.join('/')}`;
}

/** A file as Camel serves it: each line, the last one, too, ends with a line feed. */
export const asLines = (text: string): string => (text === '' ? '' : `${text.replace(/\r\n?/g, '\n').replace(/\n$/, '')}\n`);
