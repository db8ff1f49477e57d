/**
 * The bytes on the cache device and nothing else: {@link Geometry} says where things are, {@link
 * Superblock}, {@link RecordSector} and {@link SegmentHeader} say what is there (in the layout of
 * 2013: {@link LapSuperblock}, {@link LapHeader}), {@link Formatter} and {@link FormatDecision} say
 * when it is put there first.
 *
 * <p>All integers are little-endian. The device begins with a superblock region of 1 MiB; segments
 * follow back to back:
 *
 * <pre>
 *   0        4 KiB               1 MiB - 4 KiB    1 MiB                    + 2^order sectors
 *   +--------+-------------------+----------------+------------------------+------------------------+- - -
 *   | super- |      zeroes       | record, in the | slot 0                 | slot 1                 |
 *   | block  |                   | last sector    | header, line 0, 1, ... | header, line 0, 1, ... |
 *   +--------+-------------------+----------------+------------------------+------------------------+- - -
 * </pre>
 *
 * <p>Nothing in here knows what a write is, holds state between calls or starts I/O of its own, but
 * for the formatter.
 */
@NullMarked
package writeboost.layout;

import org.jspecify.annotations.NullMarked;
