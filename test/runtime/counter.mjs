/** A bean with a state of its own. */
export default class Counter {
  step = 1;
  value = 0;

  next() {
    this.value += Number(this.step);
    return this.value;
  }
}
