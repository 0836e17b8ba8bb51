/** A partition as a fetch brings it, as far as transactions are concerned. */
export interface FetchedPartition {
  abortedTransactions?: readonly { readonly producerId: string; readonly firstOffset: string }[] | null;
  readonly messages: readonly FetchedMessage[];
}

export interface FetchedMessage {
  readonly offset: string;
  readonly key: Buffer | null;
  isControlRecord?: boolean;
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean };
}

/** Of the key of a control record: version, then the kind. */
const isAbortMarker = ({ isControlRecord, key }: FetchedMessage): boolean => isControlRecord === true && key !== null && key.length >= 4 && key.readInt16BE(2) === 0;

/**
 * Marks what belongs to aborted transactions as not meant for readers (as control records, so that offsets go on over it). The library's own
 * filter lets such records through where two transactions overlap: it takes the broker's list as sorted, and at most one entry a record.
 */
export function hideAborted(partition: FetchedPartition): void {
  const { abortedTransactions: listed, messages } = partition;
  if (listed === undefined || listed === null || listed.length === 0) return;
  const begins = listed.map(({ producerId, firstOffset }) => ({ producerId, first: Number(firstOffset) })).sort((a, b) => a.first - b.first);
  const aborted = new Set<string>();
  let next = 0;
  for (const message of messages) {
    const offset = Number(message.offset);
    while (next < begins.length && begins[next]!.first <= offset) aborted.add(begins[next++]!.producerId);
    const { producerId, inTransaction } = message.batchContext;
    if (isAbortMarker(message)) aborted.delete(producerId);
    else if (inTransaction && aborted.has(producerId)) message.isControlRecord = true;
  }
  partition.abortedTransactions = [];
}
