/**
 * The two ways in which a file device gets its I/O done, side by side. Knows only the engine's
 * devices.
 */
@NullMarked
package writeboost.bench.device;

import org.jspecify.annotations.NullMarked;
