/** Where a database is, as Java's data sources say it. `sql:` endpoints take one by reference. */
export class DataSource {
  url: string | undefined = undefined;
  jdbcUrl: string | undefined = undefined;
  username: string | undefined = undefined;
  password: string | undefined = undefined;
  driverClassName: string | undefined = undefined;
  initialSize: unknown = undefined;
  maxTotal: unknown = undefined;
  minIdle: unknown = undefined;
  maxIdle: unknown = undefined;
  maximumPoolSize: unknown = undefined;
}

const classes = ['org.apache.commons.dbcp2.BasicDataSource', 'com.zaxxer.hikari.HikariDataSource', 'org.sqlite.SQLiteDataSource', 'org.springframework.jdbc.datasource.DriverManagerDataSource'];

export const dataSourceClasses: readonly string[] = classes;

export const makeDataSource = (className: string): DataSource | undefined => (classes.includes(className) ? new DataSource() : undefined);

/** The URL that a bean stands for: a text, or what has `url` or `jdbcUrl`. @throws Error for a bean that is none */
export function databaseUrl(bean: unknown, name: string): string {
  if (typeof bean === 'string') return bean;
  const { url, jdbcUrl } = (bean ?? {}) as { url?: unknown; jdbcUrl?: unknown };
  const found = url ?? jdbcUrl;
  if (typeof found !== 'string' || found === '') throw new Error(`\`${name}\` is no data source: it needs \`url\`, such as jdbc:sqlite:orders.db`);
  return found;
}
