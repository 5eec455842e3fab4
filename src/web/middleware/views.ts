// Draws a page: `views/pages/<name>.ejs` inside `views/layouts/page.ejs`. A brand's own file of the same name wins:
// views/brands/<slug>/{layouts,pages,partials}/<name>.ejs. Locals are data only; no value of a request ever becomes an option of ejs.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ejs, { type TemplateFunction } from 'ejs';
import type { PageFrame, PageName, Pages } from '../page-locals.ts';

export interface Views {
  /** @returns a whole HTML document. */
  render<Name extends PageName>(name: Name, locals: PageFrame & Pages[Name]): string;
}

/** `folder` is the absolute path of views/; with `cache` files are listed and compiled once, else for every page. */
export function createViews({ folder, cache }: { folder: string; cache: boolean }): Views {
  let files = listTemplates(folder);
  const compiled = new Map<string, TemplateFunction>();

  function template(slug: string, name: string): TemplateFunction {
    const file = [`brands/${slug}/${name}`, name].map((path) => `${path}.ejs`).find((path) => files.has(path));
    if (!file) throw new Error(`there is no view ${name}`);
    const known = compiled.get(file);
    if (known) return known;
    const text = readFileSync(join(folder, file), 'utf8');
    const made = ejs.compile(text, { rmWhitespace: true, filename: file, compileDebug: !cache });
    compiled.set(file, made);
    return made;
  }

  return {
    render(page, locals) {
      if (!cache) {
        files = listTemplates(folder);
        compiled.clear();
      }
      const draw = (name: string, given: object): string => {
        // No prototype: neither a polluted Object.prototype nor `constructor` may become a local.
        const data = Object.assign(Object.create(null), given);
        // As a local it stands before ejs's own `include`, which knows files but no brands.
        data.include = (partial: string, more: object = {}) =>
          draw(partial === page ? `pages/${page}` : `partials/${partial}`, { ...data, ...more });
        return template(locals.brand.slug, name)(data);
      };
      return draw('layouts/page', { ...locals, page });
    },
  };
}

function listTemplates(folder: string): ReadonlySet<string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return new Set(files.filter((file) => file.endsWith('.ejs')));
}
