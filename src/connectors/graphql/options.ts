import { field } from '../../core/field.ts';

export const graphqlOptions = {
  httpUri: field.string('URL of the GraphQL server.').required().inPath(),
  query: field.string('The query.'),
  queryFile: field.string('Resource that holds it.'),
  queryHeader: field.string('Header that holds it.'),
  operationName: field.string('Which operation of the query.'),
  variables: field.string('Variables of the query, as JSON.'),
  variablesHeader: field.string('Header with the variables; by default a body that is a map has them.'),
  throwExceptionOnFailure: field.boolean('Fails for a status that is no success.').default(true),
  accessToken: field.string('Token of the Authorization header.').secret(),
  jwtAuthorizationType: field.string('Kind of that token.').default('Bearer'),
  username: field.string('User of Basic authentication.').secret(),
  password: field.string('Password of Basic authentication.').secret(),
  proxyHost: field.string('Proxy, as host:port.'),
  headerFilterStrategy: field.string('Bean that filters headers.').ignored("Camel's own headers never leave"),
  httpClient: field.string('Bean that is the client.').ignored('there is one client'),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('it connects with the first message'),
};
