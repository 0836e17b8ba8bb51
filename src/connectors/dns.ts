import type { Endpoint, Producer } from '../core/connector.ts';
import { defineConnector } from '../core/connector.ts';
import { toText } from '../core/conversion/convert.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';

const kinds = ['A', 'AAAA', 'ANY', 'CAA', 'CNAME', 'MX', 'NAPTR', 'NS', 'PTR', 'SOA', 'SRV', 'TXT'];

const header = (exchange: Exchange, name: string): string | null => toText(exchange.headers.get(`CamelDns${name}`) ?? exchange.headers.get(`dns.${name.toLowerCase()}`) ?? null);

async function producer({ options }: Endpoint<typeof dnsOptions>): Promise<Producer> {
  const { promises } = await import('node:dns');
  return {
    send: async (exchange) => {
      const { dnsType } = options;
      const name = header(exchange, dnsType === 'ip' ? 'Domain' : 'Name');
      if (name === null || name.trim() === '') throw new ExchangeError('java.lang.IllegalArgumentException', `dns:${dnsType} needs the header ${dnsType === 'ip' ? 'CamelDnsDomain (dns.domain)' : 'CamelDnsName (dns.name)'}`);
      const type = (header(exchange, 'Type') ?? 'A').toUpperCase();
      if (!kinds.includes(type)) throw new ExchangeError('java.lang.IllegalArgumentException', `there is no DNS type \`${type}\`: it is one of ${kinds.join(', ')}`);
      try {
        if (dnsType === 'ip') exchange.body = (await promises.lookup(name)).address;
        else {
          const resolver = new promises.Resolver();
          const server = header(exchange, 'Server');
          if (dnsType === 'dig' && server !== null) resolver.setServers([(await promises.lookup(server)).address]);
          exchange.body = await resolver.resolve(name, type);
        }
      } catch (thrown) {
        throw new ExchangeError('java.net.UnknownHostException', `${name}: ${(thrown as Error).message}`, { cause: thrown });
      }
    },
  };
}

const dnsOptions = {
  dnsType: field.enum('ip: the address of a name. lookup: records of a name. dig: records, from a server.', ['ip', 'lookup', 'dig']).required().inPath(),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('there is nothing to start'),
};

export const dns = defineConnector({
  scheme: 'dns',
  syntax: 'dns:dnsType',
  summary: 'Asks the domain name system.',
  isRemote: true,
  options: dnsOptions,
  headers: {
    CamelDnsDomain: 'Name whose address `dns:ip` gives (or `dns.domain`).',
    CamelDnsName: 'Name whose records are looked up (or `dns.name`).',
    CamelDnsType: 'Type of the records: A, MX, TXT, ... (or `dns.type`).',
    CamelDnsServer: 'Server that `dns:dig` asks (or `dns.server`).',
  },
  producer,
});
