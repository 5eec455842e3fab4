// Languages of the hosted pages as discovery announces them.
export const availableLocales = ['en', 'de'];
