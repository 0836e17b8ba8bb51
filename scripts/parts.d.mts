/** See parts.mjs. */
export interface Layout {
  /** By module. */
  readonly partOf: Map<string, string>;
  /** By module: what each of its imports means. */
  readonly targets: Map<string, Map<string, string>>;
}

interface Import {
  readonly path: string;
  readonly kind: string;
  readonly original?: string;
  readonly external?: boolean;
}

/** What `layOut` reads of esbuild's metafile. */
export interface Built {
  readonly inputs: Readonly<Record<string, { readonly imports: readonly Import[] }>>;
  readonly outputs: Readonly<Record<string, { readonly entryPoint?: string; readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }>>;
}

export function layOut(built: Built): Layout;
export function takenBy(code: string): { readonly from: string; readonly names: readonly string[] }[];
