/** Why a file was not had: `not-found`, or `read-error, EIO`. The errno of a missing file says nothing more than "not found". */
export function because(event: { readonly failure: string; readonly detail?: string }): string {
  return event.detail && event.detail !== 'ENOENT' ? `${event.failure}, ${event.detail}` : event.failure;
}
