export { makeRepository, repositoryClasses } from '../core/repositories.ts';
