// Finds and compiles the views of mails: `views/mail/<name>.<kind>.ejs` inside `views/mail/layout.<kind>.ejs`.
// A brand's own file of the same name wins: views/brands/<slug>/mail/<name>.<kind>.ejs.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ejs, { type TemplateFunction } from 'ejs';

type Kind = 'html' | 'text';

/** What every view of a mail sees; all of it is escaped where it becomes HTML. */
interface Frame {
  mail: string;
  brand: { slug: string };
}

export function createMailViews({ folder, cache }: { folder: string; cache: boolean }) {
  const compiled = new Map<string, TemplateFunction>();
  let files = listMailViews(folder);

  function template(slug: string, view: string, kind: Kind): TemplateFunction {
    const file = [`brands/${slug}/mail/${view}`, `mail/${view}`].map((path) => `${path}.${kind}.ejs`).find((path) => files.has(path));
    if (!file) throw new Error(`there is no view of a mail ${view}.${kind}`);
    const known = compiled.get(file);
    if (known) return known;
    const made = ejs.compile(readFileSync(join(folder, file), 'utf8'), { ...options[kind], filename: file, compileDebug: !cache });
    compiled.set(file, made);
    return made;
  }

  function draw(frame: Frame, kind: Kind): string {
    if (!cache) {
      files = listMailViews(folder);
      compiled.clear();
    }
    const drawView = (view: string, given: object): string => {
      // No prototype, and our own `include`: as for pages.
      const data = Object.assign(Object.create(null), given);
      data.include = (part: string, more: object = {}) => drawView(part === frame.mail ? part : `partials/${part}`, { ...data, ...more });
      return template(frame.brand.slug, view, kind)(data);
    };
    return drawView('layout', frame);
  }

  return {
    html: (frame: Frame) => draw(frame, 'html'),
    text: (frame: Frame) =>
      `${draw(frame, 'text')
        .replace(/[ \t]+$/gm, '')
        .replace(/\n{3,}/g, '\n\n')
        .trim()}\n`,
  };
}

const options = {
  html: { rmWhitespace: true },
  // Nothing is escaped in plain text: people would read &#39;.
  text: { escape: String },
} as const;

function listMailViews(folder: string): ReadonlySet<string> {
  const all = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return new Set(all.filter((file) => /(^|\/)mail\/.*\.(html|text)\.ejs$/.test(file)));
}
