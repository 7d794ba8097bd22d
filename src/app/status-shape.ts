/** What the control API tells of a pxed, for its clients: types alone, so that pxectl loads nothing of the server. */
export type { Change, Service, Status } from '../server/control/service-routes.ts';
