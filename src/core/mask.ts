/** Names whose values are kept out of logs; they may be part of a longer name (`dbPassword`). */
const secretNames = 'passphrase|password|secretkey|secret|accesstoken|refreshtoken|clientsecret|authorizationtoken|sastoken|accesskey|apikey|privatekey|token|credentials';

const inText = new RegExp(`((?:\\w*?(?:${secretNames})\\w*)\\s*=\\s*)[^,\\n]+`, 'gi');
const inJson = new RegExp(`("\\w*?(?:${secretNames})\\w*"\\s*:\\s*)(?:"(?:[^"\\\\]|\\\\.)*"|[^\\s,}\\]"]+)`, 'gi');
const inXml = new RegExp(`(<(?:\\w*?(?:${secretNames})\\w*)>)[^<]*`, 'gi');

/** A text fit for logs: what stands behind names such as `password`, in `key=value`, JSON or XML, becomes `xxxxx`. */
export const maskSecrets = (text: string): string => text.replace(inJson, '$1"xxxxx"').replace(inXml, '$1xxxxx').replace(inText, '$1xxxxx');

const inQuery = new RegExp(`([?&]\\w*?(?:${secretNames})\\w*=)[^&]*`, 'gi');

/** A URI fit for logs: the values of secret options and the password before the host become `xxxxxx`. */
export const maskUri = (uri: string): string => uri.replace(inQuery, '$1xxxxxx').replace(/(\/\/[^/?#:@]*:)[^/?#@]+@/, '$1xxxxxx@');
