/** Of the memory that the process may use: the rest is the program, and what was read and is to be sent. */
const HEAP = 0.4;

/**
 * Options of Node.js for a bridge in a container. By itself, Node takes the whole of a container's memory for its heap
 * (measured with 24.21: 259 MiB of 256), and new objects' part of it grows with the load, so that a bridge that is
 * copying would be killed before it ever collects garbage.
 * @param memory limit of the container, MiB
 */
export function nodeFlags(memory: number): string[] {
  return [`--max-old-space-size=${Math.floor(memory * HEAP)}`, "--max-semi-space-size=8"];
}
