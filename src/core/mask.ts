/** Parts of names that tell of a secret: what stands behind them is never logged. */
const secrets = 'passphrase|password|secret|token|access_?-?key|api_?-?key|private_?-?key|shared_?-?key|auth_?-?key|credential|sassignature|connection_?-?string';

/** Parts of names that tell who or where somebody is: kept out of the log too, in the one form that the text has. */
const identities =
  'user|account_?-?key|accountsid|awsaccountid|authorization|client_?-?id|consumerkey|emailaddress|functionkey|hostkey|kerberosauthticket|knownhosts|p12filename|publickeyid|publishkey|realm|' +
  'saslpassword|sasljaasconfig|securerandom|serviceinstanceid|subscribekey|subscriptionid|systemid|verificationcode';

const keyed = (names: string): RegExp => new RegExp(`(\\w*(?:${names})\\w*\\s*=\\s*['"]?)[^'",]+`, 'gi');
const element = (names: string): RegExp => new RegExp(`(<(\\w*(?:${names})\\w*)(?:\\s[^>]*)?>\\s*)[^<\\s][^<]*?(\\s*</\\2>)`, 'gi');
const inText = keyed(`${secrets}|${identities}`);
const secretInText = keyed(secrets);
const secretInJson = new RegExp(`("[\\w-]*(?:${secrets})[\\w-]*"\\s*:\\s*)"(?:[^"\\\\]|\\\\.)*"`, 'gi');
const identityInJson = new RegExp(`("(?:${identities}|proxyuser|proxyusername|apiuser|apiusername|username|oauthclientid|azureclientid)"\\s*:\\s*)"(?:[^"\\\\]|\\\\.)*"`, 'gi');
const inXml = element(`${secrets}|${identities}`);
const secretInXml = element(secrets);
const inAuthority = /([a-z][\w+.-]*:\/\/[^/@\s"':]*:)[^@\s"']+(@)/gi;

/**
 * A text fit for logs: what stands behind names such as `password` or `user` becomes `xxxxx`. Which of `key=value`, JSON or XML the text is, its
 * first character tells, as in Camel; secrets are found in the other forms, too.
 */
export function maskSecrets(text: string): string {
  const masked = text.replace(secretInJson, '$1"xxxxx"').replace(inAuthority, '$1xxxxx$2');
  if (text.startsWith('<')) return masked.replace(inXml, '$1xxxxx$3');
  const safe = masked.replace(secretInXml, '$1xxxxx$3');
  if (text.startsWith('{') || text.startsWith('[')) return safe.replace(identityInJson, '$1"xxxxx"').replace(secretInText, '$1xxxxx');
  return safe.replace(inText, '$1xxxxx');
}

const inQuery = new RegExp(`([?&]\\w*?(?:${secrets})\\w*=)[^&]*`, 'gi');

/** A URI fit for logs: the values of secret options and the password before the host become `xxxxxx`. */
export const maskUri = (uri: string): string => uri.replace(inQuery, '$1xxxxxx').replace(/(\/\/[^/?#:@]*:)[^/?#@]+@/, '$1xxxxxx@');
