// Everything we know about a person, as one file for them.
import { exportFileName } from '../../../domain/data-export.ts';
import { exportAccount } from '../../../flows/export-account.ts';
import { sourceOf } from '../../source.ts';
import { type AccountPage, accountTarget, showAccount } from './visit.ts';

export const data: AccountPage = {
  fresh: true,

  async show(visit) {
    showAccount(visit, 'account-data', accountTarget(visit, 'data'));
  },

  /** The answer is a file: the browser stays where it is, and a second press is a second file. */
  async submit({ drawing, ctx, account }) {
    const { brand } = ctx.state;
    const document = await exportAccount(drawing.services, brand, { accountId: account.id, source: sourceOf(ctx) });
    ctx.attachment(exportFileName(brand.slug, document));
    ctx.type = 'application/json; charset=utf-8';
    ctx.body = `${JSON.stringify(document, null, 2)}\n`;
  },
};
