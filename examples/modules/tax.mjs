/** For a `bean` step: its methods are called by name. */
export const rate = 0.2;

export const gross = (amount) => Math.round(amount * (1 + rate) * 100) / 100;
