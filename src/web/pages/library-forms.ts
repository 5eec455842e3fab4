// oidc-provider hands its forms over as HTML. Only where they go and what they carry is taken; our views draw them.

const entities: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&#x27;': "'" };

export function openingTag(html: string): { action: string } {
  const action = /<form[^>]*\baction="([^"]*)"/.exec(html)?.[1];
  if (action === undefined) throw new Error('oidc-provider gave a page without a form');
  return { action: decode(action) };
}

/** Hidden inputs by name. */
export function inputsOf(html: string): Record<string, string> {
  const inputs: Record<string, string> = Object.create(null);
  for (const [, name, value] of html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)) {
    inputs[decode(name ?? '')] = decode(value ?? '');
  }
  return inputs;
}

function decode(text: string): string {
  return text.replace(/&(?:amp|lt|gt|quot|#39|#x27);/g, (entity) => entities[entity] ?? entity);
}
