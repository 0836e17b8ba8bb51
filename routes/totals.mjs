/** What the example has sold, by the desk that handles it: a bean in JavaScript. */
export default class Totals {
  desks = new Map();

  add({ desk, total }) {
    const { orders, amount } = this.desks.get(desk) ?? { orders: 0, amount: 0 };
    this.desks.set(desk, { orders: orders + 1, amount: amount + total });
  }

  report() {
    if (this.desks.size === 0) return 'nothing sold yet';
    return [...this.desks].map(([desk, { orders, amount }]) => `${desk}: ${orders} orders, ${amount.toFixed(2)}`).join('; ');
  }
}
