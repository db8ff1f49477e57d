/**
 * What is in the cache: {@link LineTable}, an entry per cache line, and {@link BlockIndex}, from a
 * backing block to its newest line.
 *
 * <p>Off heap and of fixed size, 17.5 bytes per line. Both belong to the core and are touched under
 * its lock only. Nothing in here knows of devices, segments or time.
 */
@NullMarked
package writeboost.index;

import org.jspecify.annotations.NullMarked;
