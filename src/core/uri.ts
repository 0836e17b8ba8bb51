/** `direct:a` as Camel shows it: `direct://a`. */
export const camelUri = (uri: string): string => uri.replace(/^([\w.+-]+):(?!\/\/)/, '$1://');
