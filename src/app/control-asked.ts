import { ControlError } from '../server/control/control-error.ts';
import { ControlProblem } from './control-client.ts';

/** Operations that are done in this process answer as those of a pxed do: with ControlProblem where they cannot be done. */
export async function asked<T>(act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    const { code, message, status, details } = error;
    throw new ControlProblem(code, message, { status, details });
  }
}
