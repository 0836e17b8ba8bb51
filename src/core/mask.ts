/** Parts of names that tell of a secret: what stands behind them is never logged. */
const secrets = 'passphrase|password|secret|token|access_?-?key|api_?-?key|private_?-?key|shared_?-?key|auth_?-?key|credential|sassignature|connection_?-?string';

/** Parts of names that tell who or where somebody is: kept out of the log too, in the one form that the text has. */
const identities =
  'user|account_?-?key|accountsid|awsaccountid|authorization|client_?-?id|consumerkey|emailaddress|functionkey|hostkey|kerberosauthticket|knownhosts|p12filename|publickeyid|publishkey|realm|' +
  'saslpassword|sasljaasconfig|securerandom|serviceinstanceid|subscribekey|subscriptionid|systemid|verificationcode';

/** Tells of a name whether it is that of something secret; only its end is looked at where it is longer than any honest name. */
const telling = (names: string): ((name: string) => boolean) => {
  const pattern = new RegExp(`(?:${names})\\w*$`, 'i');
  return (name) => pattern.test(name.length > 300 ? name.slice(-300) : name);
};

const isSecret = telling(secrets);
const isPrivate = telling(`${secrets}|${identities}`);
const identityInJson = new RegExp(`^(?:${identities}|proxyuser|proxyusername|apiuser|apiusername|username|oauthclientid|azureclientid)$`, 'i');
const secretInJson = new RegExp(`(?:${secrets})[\\w-]*$`, 'i');
const isSecretInJson = (name: string): boolean => secretInJson.test(name.slice(-300));
const isPrivateInJson = (name: string): boolean => isSecretInJson(name) || identityInJson.test(name.slice(-300));

/** The patterns find where a name ends; what is behind is gone through by hand: no text is so made that it takes long. */
const keys = /(?<![\w-])([\w-]+)\s*=\s*['"]?/g;
const keysInJson = /"([\w-]+)"\s*:\s*"/g;
const tags = /<([\w-]+)(?:\s[^<>]*)?>/g;
/** The run behind a user's colon is taken whole, whether an `@` ends it or not: each letter is looked at once. */
const authorities = /([\w+.-]:\/\/[^/@\s"':]{0,300}:)[^@\s"']+(@?)/g;

const untilEnd = /[^'",]+/y;
const untilQuote = /[^"\\]*(?:\\.[^"\\]*)*(?=")/y;

/** Puts `xxxxx` in the place of what stands behind the names that tell, as far as `value` takes it. */
function masked(text: string, names: RegExp, tells: (name: string) => boolean, value: RegExp): string {
  let result = '';
  let done = 0;
  names.lastIndex = 0;
  for (let found = names.exec(text); found !== null; found = names.exec(text)) {
    if (!tells(found[1]!)) continue;
    value.lastIndex = names.lastIndex;
    if (!value.test(text)) continue;
    result += `${text.slice(done, names.lastIndex)}xxxxx`;
    done = names.lastIndex = value.lastIndex;
  }
  return done === 0 ? text : result + text.slice(done);
}

/** The same for the content of elements, which ends with their own end tag. */
function maskedElements(text: string, tells: (name: string) => boolean): string {
  let result = '';
  let done = 0;
  tags.lastIndex = 0;
  for (let found = tags.exec(text); found !== null; found = tags.exec(text)) {
    const [, name] = found as unknown as [string, string];
    if (!tells(name)) continue;
    const start = tags.lastIndex;
    const end = text.indexOf('<', start);
    if (end < 0) break;
    const content = text.slice(start, end);
    const bare = content.trim();
    if (bare === '' || text.slice(end, end + name.length + 3).toLowerCase() !== `</${name.toLowerCase()}>`) continue;
    const from = start + content.indexOf(bare);
    result += `${text.slice(done, from)}xxxxx`;
    done = from + bare.length;
  }
  return done === 0 ? text : result + text.slice(done);
}

/**
 * A text fit for logs: what stands behind names such as `password` or `user` becomes `xxxxx`. Which of `key=value`, JSON or XML the text is, its
 * first character tells, as in Camel; secrets are found in the other forms, too.
 */
export function maskSecrets(text: string): string {
  const isJson = text.startsWith('{') || text.startsWith('[');
  const safe = masked(text, keysInJson, isJson ? isPrivateInJson : isSecretInJson, untilQuote).replace(authorities, (all, head: string, at: string) => (at === '' ? all : `${head}xxxxx@`));
  if (text.startsWith('<')) return maskedElements(safe, isPrivate);
  return masked(maskedElements(safe, isSecret), keys, isJson ? isSecret : isPrivate, untilEnd);
}

const inQuery = /([?&]([\w-]+)=)[^&]*/g;
const secretInQuery = new RegExp(secrets, 'i');

/** A URI fit for logs: the values of secret options and the password before the host become `xxxxxx`. */
export const maskUri = (uri: string): string =>
  uri.replace(inQuery, (option, head: string, name: string) => (secretInQuery.test(name.slice(-300)) ? `${head}xxxxxx` : option)).replace(/(\/\/[^/?#:@]*:)[^/?#@]+@/, '$1xxxxxx@');
