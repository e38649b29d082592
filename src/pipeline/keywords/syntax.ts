export const isExpression = (text: string): boolean => text.trim() !== "";
export const isPattern = (text: string): boolean => looksLikePattern(text);
export const looksLikePattern = (text: string): boolean => /^\/.*\/[ismU]*$/.test(text);
