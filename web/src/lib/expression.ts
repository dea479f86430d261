/** Errors of what was typed into the filter box: they stand under it, and the list stays as it was. */

/** The code says that an expression is wrong or too dear. */
export const isOfExpression = (code: string): boolean => code.startsWith('query_') || code === 'select_syntax'
