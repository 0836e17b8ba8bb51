/** A template that can't be rendered. */
export class TemplateError extends Error {}
