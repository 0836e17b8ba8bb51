import { readFileSync, statSync } from 'node:fs';
import type { Diagnostics } from '../core/diagnostics.ts';
import { shown } from './files.ts';

/** What routes look like in other languages, by the ends of names. */
const foreignRoutes: readonly (readonly [end: RegExp, language: string, routes: RegExp])[] = [
  [/\.java$/, 'Java', /\bextends\s+(?:\w+\.)*(?:Endpoint)?RouteBuilder\b/],
  [/\.xml$/, 'XML', /<(?:\w+:)?(?:camelContext|routes|route|routeTemplates?|rests?|blueprint)\b(?=[\s\S]*(?:camel|<from\b))/],
  [/\.groovy$/, 'Groovy', /\bfrom\s*\(?\s*['"]/],
  [/\.kts$/, 'Kotlin', /\bfrom\s*\(\s*['"]/],
];

/** The language of a file that holds routes in another one than YAML; null for others. */
export const languageOfRoutes = (name: string, text: string): string | null => foreignRoutes.find(([end, , routes]) => end.test(name) && routes.test(text))?.[1] ?? null;

/** As many files beside the routes are looked into, and so many of them are named. */
const mostOthers = 200;
const mostNamed = 3;
const largestLookedInto = 1024 * 1024;

/** Says which files hold routes in another language than YAML: nothing runs them. */
export function sayForeign(files: readonly string[], base: string, problems: Diagnostics): void {
  const found = files.slice(0, mostOthers).flatMap((file) => {
    try {
      const language = statSync(file).size > largestLookedInto ? null : languageOfRoutes(file, readFileSync(file, 'utf8'));
      return language === null ? [] : [{ language, name: shown(file, base) }];
    } catch {
      return [];
    }
  });
  if (found.length === 0) return;
  const named = found.slice(0, mostNamed).map(({ name }) => `\`${name}\``).join(', ');
  problems.report('M0713', `routes in ${[...new Set(found.map(({ language }) => language))].join(', ')} do not run: ${named}${found.length > mostNamed ? ` and ${found.length - mostNamed} more` : ''}`, null, {
    severity: 'warning',
    help: 'write them in YAML: `camel transform route --format=yaml` of Camel JBang makes a first draft',
    values: { files: found.map(({ name }) => name) },
  });
}
