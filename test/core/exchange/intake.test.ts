import { expect } from 'chai';
import { Intake } from '../../../src/core/exchange/intake.ts';
import { Surroundings, TestRoute } from '../../contract/connector.ts';

const untold = { wouldLose: true, settle: () => undefined };

describe('intake', () => {
  const opened = (credit: number): { intake: Intake; route: TestRoute; told: boolean[]; take: (...bodies: unknown[]) => void; entered: () => unknown[] } => {
    const told: boolean[] = [];
    const intake = new Intake(credit, (isFull) => told.push(isFull));
    const route = new TestRoute(new Surroundings().scope);
    route.isHolding = true;
    intake.start(route);
    const take = (...bodies: unknown[]): void => {
      for (const body of bodies) intake.take(route.exchange(body), untold);
    };
    return { intake, route, told, take, entered: () => route.received.map(({ body }) => body) };
  };

  it('lets in as many as there is credit for, and the others in their order', () => {
    const { entered, intake, route, take } = opened(2);
    take('a', 'b', 'c', 'd', 'e');
    expect(entered()).to.deep.equal(['a', 'b']);
    route.release();
    expect(entered()).to.deep.equal(['a', 'b', 'c']);
    intake.setCredit(3);
    expect(entered()).to.deep.equal(['a', 'b', 'c', 'd']);
    route.releaseAll();
    expect(entered()).to.deep.equal(['a', 'b', 'c', 'd', 'e']);
    expect(route.most).to.equal(3);
  });

  it('says once that it is full, and once that there is room again', () => {
    const { intake, route, told, take } = opened(2);
    take('a');
    expect([intake.isFull, told]).to.deep.equal([false, []]);
    take('b', 'c', 'd');
    expect([intake.isFull, told]).to.deep.equal([true, [true]]);
    route.release();
    route.release();
    expect(told).to.deep.equal([true]);
    route.release();
    expect([intake.isFull, told]).to.deep.equal([false, [true, false]]);
    route.isHolding = false;
    take('e');
    expect(told).to.deep.equal([true, false]);
  });

  it('lets nothing in while it is suspended', () => {
    const { entered, intake, told, take } = opened(2);
    intake.suspend();
    take('a');
    expect([entered(), intake.isFull, told]).to.deep.equal([[], true, [true]]);
    intake.resume();
    expect([entered(), intake.isFull, told]).to.deep.equal([['a'], false, [true, false]]);
  });

  it('drops what waits when it stops, and begins anew, neither suspended nor with more credit than there is', () => {
    const { entered, intake, route, take } = opened(1);
    take('a', 'b');
    intake.suspend();
    intake.stop();
    take('c');
    intake.start(route);
    take('d');
    expect(entered()).to.deep.equal(['a']);
    route.release();
    expect(entered()).to.deep.equal(['a', 'd']);
  });

  it('does not grow the stack, however many wait for a route that is done at once', () => {
    const { intake, route, take } = opened(1);
    intake.suspend();
    route.isHolding = false;
    take(...Array.from({ length: 20_000 }, (_, i) => i));
    intake.resume();
    expect(route.received).to.have.length(20_000);
    expect(route.most).to.equal(1);
  });
});
