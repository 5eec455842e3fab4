// A real browser on a busy machine hangs now and then. A second try tells that from a fault of ours, which fails twice;
// the first failure is printed all the same. Nothing but the browser's tests gets one.
import { expect, jest } from '@jest/globals';

if (expect.getState().testPath?.includes('/test/browser/')) jest.retryTimes(1, { logErrorsBeforeRetry: true });
