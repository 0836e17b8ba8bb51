import { camelBeanClasses, makeCamelBean } from '../core/beans/camelBeans.ts';
import { dataSetClasses, makeDataSet } from '../core/beans/dataSets.ts';
import { dataSourceClasses, makeDataSource } from '../core/beans/dataSources.ts';
import { kafkaFactoryClass, makeKafkaProducerFactory } from '../core/beans/kafkaProducerFactory.ts';
import type { Clock } from '../core/clock.ts';
import type { ExchangeScope } from '../core/exchange/exchange.ts';
import { Exchange } from '../core/exchange/exchange.ts';
import type { LanguageContext } from '../core/expression.ts';
import { makeTransactionBean, transactionClasses } from '../core/exchange/transaction.ts';
import { builtInStrategies, builtInStrategy } from '../core/graph/strategies.ts';
import { listenerClasses, makeConsumerListener } from '../core/state/pausing.ts';
import { makeRepository, repositoryClasses } from '../core/state/repositories.ts';
import { makeResumeStrategy, resumeClasses } from '../core/state/resuming.ts';
import { makeSagaService, sagaServiceClass } from '../core/state/sagas.ts';
import type { StateStore } from '../core/state/store.ts';
import type { BeanFactories } from './beans.ts';
import { kameletClasses, makeKameletClass } from './kameletClasses.ts';

/** The Java classes that beans of YAML may name: what stands for each here. */
export function standardBeans({ store, clock, baseDir, languages, scope }: { store: StateStore; clock: Clock; baseDir: string; languages: LanguageContext; scope: ExchangeScope }): BeanFactories {
  return {
    create: (className, args, properties) =>
      builtInStrategy(className, args, properties) ??
      makeRepository(className, args, properties, store, clock) ??
      makeDataSet(className, args, baseDir) ??
      makeSagaService(className) ??
      makeDataSource(className) ??
      makeTransactionBean(className, args) ??
      makeKafkaProducerFactory(className, args) ??
      makeKameletClass(className, { simple: (source) => languages.expression('simple', source), now: () => clock.now() }) ??
      makeResumeStrategy(className, args, properties, store) ??
      makeConsumerListener(className) ??
      makeCamelBean(className, args, properties),
    names: () => [...builtInStrategies, ...repositoryClasses, ...dataSetClasses, sagaServiceClass, ...dataSourceClasses, ...transactionClasses, kafkaFactoryClass, ...kameletClasses, ...resumeClasses, ...listenerClasses, ...camelBeanClasses],
    script: (language, source) => languages.expression(language, source)(new Exchange(scope)),
  };
}
