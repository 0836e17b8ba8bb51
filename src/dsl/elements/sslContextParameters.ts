import { field } from '../../core/field.ts';
import { defineElement } from '../model.ts';

const noJavaProviders = 'TLS comes from Node.js, which has no security providers';

export const sslContextParameters = defineElement({
  name: 'sslContextParameters',
  summary: 'Keys, certificates and ciphers that endpoints refer to for TLS.',
  options: {
    id: field.string('Name by which endpoints refer to it.'),
    keyStore: field.string('File with the own key and certificate (PKCS#12 or PEM).'),
    keystorePassword: field.string('Password of that file.').secret(),
    keyStoreType: field.string('Kind of that file: `PKCS12` or `PEM`.').ignored('the file itself shows what it is'),
    keyStoreProvider: field.string('Provider of the key store.').ignored(noJavaProviders),
    trustStore: field.string('File with the certificates that are trusted (PEM).'),
    trustStorePassword: field.string('Password of that file.').secret(),
    trustAllCertificates: field.boolean('Trusts every certificate: only for tests.'),
    certAlias: field.string('Which entry of the key store is used.').ignored('a file has one key here'),
    clientAuthentication: field.enum('Whether clients of a server must show a certificate.', ['NONE', 'WANT', 'REQUIRE']).ignored('no endpoint here serves TLS'),
    secureSocketProtocol: field.string('Lowest version of TLS, such as `TLSv1.2`.'),
    cipherSuites: field.string('Ciphers that may be used, with commas between them.'),
    cipherSuitesInclude: field.string('Patterns of ciphers that may be used.').ignored('name those that may be used in `cipherSuites`'),
    cipherSuitesExclude: field.string('Patterns of ciphers that may not be used.').ignored('name those that may be used in `cipherSuites`'),
    namedGroups: field.string('Key exchange groups that may be used.'),
    namedGroupsInclude: field.string('Patterns of such groups that may be used.').ignored('name those that may be used in `namedGroups`'),
    namedGroupsExclude: field.string('Patterns of such groups that may not be used.').ignored('name those that may be used in `namedGroups`'),
    signatureSchemes: field.string('Signature schemes that may be used.'),
    signatureSchemesInclude: field.string('Patterns of such schemes that may be used.').ignored('name those that may be used in `signatureSchemes`'),
    signatureSchemesExclude: field.string('Patterns of such schemes that may not be used.').ignored('name those that may be used in `signatureSchemes`'),
    sessionTimeout: field.string('How long a TLS session may be taken up again, in seconds.').ignored('Node.js decides'),
    keyManagerAlgorithm: field.string('Algorithm of the key manager.').ignored(noJavaProviders),
    keyManagerProvider: field.string('Provider of the key manager.').ignored(noJavaProviders),
    secureRandomAlgorithm: field.string('Algorithm for random numbers.').ignored(noJavaProviders),
    secureRandomProvider: field.string('Provider of random numbers.').ignored(noJavaProviders),
    provider: field.string('Provider of the TLS context.').ignored(noJavaProviders),
  },
});
