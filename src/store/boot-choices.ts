import type { BootChoice } from '../boot/choice.ts';
import type { Mac } from '../lib/mac.ts';

/** Operators choose, not the network: it is a bound that nobody meets. The oldest go. */
const MOST = 10_000;

/** What was chosen for which machine; `changed` is told of each that is to be saved. */
export function createChoiceMap(changed: (mac: Mac) => void) {
  const choices = new Map<Mac, BootChoice>();
  return {
    choiceOf: (mac: Mac): BootChoice | undefined => (choices.size === 0 ? undefined : choices.get(mac)),
    choose(mac: Mac, choice: BootChoice | undefined): void {
      if (choice === undefined) {
        if (choices.delete(mac)) changed(mac);
        return;
      }
      choices.delete(mac);
      choices.set(mac, choice);
      changed(mac);
      const [oldest] = choices.keys();
      if (choices.size <= MOST || oldest === undefined) return;
      choices.delete(oldest);
      changed(oldest);
    },
    choices: (): Iterable<readonly [Mac, BootChoice]> => choices.entries(),
    /** As it was kept: nothing is to be saved. */
    load: (mac: Mac, choice: BootChoice): void => void choices.set(mac, choice),
  };
}
