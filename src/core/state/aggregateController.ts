/** What an aggregate step lets others do with its groups. Keys: null = all. Each gives how many groups it concerned. */
export interface AggregateControl {
  force(key: string | null): number;
  discard(key: string | null): number;
  openGroups(): number;
}

/** What an `aggregateController` bean must have; `onStart` may come again, with the newer step, after a reload. */
export interface AggregateController {
  onStart(control: AggregateControl): void;
  onStop(control: AggregateControl): void;
}

/** Camel's DefaultAggregateController: completes or drops groups for code that has the bean. */
export class DefaultAggregateController implements AggregateController {
  private readonly controls: AggregateControl[] = [];

  onStart(control: AggregateControl): void {
    this.controls.push(control);
  }

  onStop(control: AggregateControl): void {
    const at = this.controls.indexOf(control);
    if (at >= 0) this.controls.splice(at, 1);
  }

  forceCompletionOfGroup(key: string): number {
    return this.control?.force(key) ?? 0;
  }

  forceCompletionOfAllGroups(): number {
    return this.control?.force(null) ?? 0;
  }

  forceDiscardingOfGroup(key: string): number {
    return this.control?.discard(key) ?? 0;
  }

  forceDiscardingOfAllGroups(): number {
    return this.control?.discard(null) ?? 0;
  }

  openGroups(): number {
    return this.control?.openGroups() ?? 0;
  }

  private get control(): AggregateControl | undefined {
    return this.controls[this.controls.length - 1];
  }
}
