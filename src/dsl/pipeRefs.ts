import type { PropertyLookup } from './placeholders.ts';

/** What `ref` of a Pipe names. */
export interface PipeRef {
  readonly kind: string;
  readonly apiVersion: string;
  readonly name: string;
}

/** The endpoint that a reference stands for; `isEvent`: what takes it wants CloudEvents. */
export interface RefTarget {
  readonly uri: string;
  readonly isEvent: boolean;
}

/** Why a reference leads nowhere, and what to write instead. */
export interface RefProblem {
  readonly message: string;
  readonly help: string;
}

const knative: Readonly<Record<string, string>> = { Broker: 'broker', Channel: 'channel', InMemoryChannel: 'channel', KafkaChannel: 'channel' };

/** The part of the property's name that says which resource of Knative is meant; null when it is none of Knative's. */
function knativeType({ kind, apiVersion }: PipeRef): string | null {
  if (kind === 'Service') return apiVersion.startsWith('serving.knative.dev/') ? 'endpoint' : null;
  return knative[kind] ?? null;
}

/**
 * There is no cluster to ask where a resource is served, so the properties say it: `knative.channel.NAME.url` is where to send, `knative.channel.NAME.path`
 * the path of this runtime that the events come to.
 */
export function resolveRef(ref: PipeRef, isSource: boolean, properties: PropertyLookup): RefTarget | RefProblem {
  const { kind, name } = ref;
  if (kind === 'Kamelet') return { uri: `kamelet:${name}`, isEvent: false };
  if (kind === 'KafkaTopic') return { uri: `kafka:${name}`, isEvent: false };
  const type = knativeType(ref);
  if (type === null) return { message: `nothing is known of a \`${kind}\` that is named \`${name}\``, help: insteadOfRef(ref, isSource) };
  const key = `knative.${type}.${name}.${isSource ? 'path' : 'url'}`;
  const value = properties.get(key);
  if (value !== undefined && value.trim() !== '') return { uri: isSource ? `platform-http:${value.trim()}?httpMethodRestrict=POST` : value.trim(), isEvent: !isSource };
  return {
    message: `no property says where the ${kind} \`${name}\` of Knative ${isSource ? 'sends its events to' : 'takes events'}`,
    help: isSource ? `set the property \`${key}\` to the path that its subscription posts to, such as \`/events\`` : `set the property \`${key}\` to its address, such as \`http://...\`, or to \`{{env:K_SINK}}\` where a SinkBinding gives it`,
  };
}

function insteadOfRef({ kind, name }: PipeRef, isSource: boolean): string {
  if (isSource) return 'write `uri: ...` with the connector that reads it, such as `uri: platform-http:/events`';
  return kind === 'Service' ? `write \`uri: http://${name}\` with its port and path` : 'write `uri: ...` with the connector that writes it, such as `uri: http://...`';
}
