/** What the tests of this ring use of the rig: labs of namespaces, processes in them, captures, needs. */
export { type Capture, startCapture } from '../rig/capture.ts';
export { createLab, type Host, type Lab, type Plug } from '../rig/lab.ts';
export { addLossyLink } from '../rig/lossy-link.ts';
export { type Command, type Finished, must, type Running, run, start } from '../rig/process.ts';
export { command, file, namespaces, ring, root, tun } from '../rig/requirement.ts';
export { startServer } from '../rig/server.ts';
export { useSite } from '../rig/site.ts';
