import { nodeJson } from './jsonNode.ts';
import { XmlNode, XmlNodeList } from './xml.ts';

/** What is written of a JSON node, of a node of XML or of a list of those, where bytes are wanted; null for what is none of them. */
export const documentText = (value: unknown): string | null => (value instanceof XmlNode || value instanceof XmlNodeList ? value.toString() : nodeJson(value));
