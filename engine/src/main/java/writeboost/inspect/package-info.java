/**
 * What lies on a cache device, for people and for checks: {@link CacheContents} and {@link
 * SegmentContents} show it, {@link Check} judges it. Any generation's caches, one segment in memory
 * at a time.
 *
 * <p>Nothing in here writes. The rules of resume are written down here a second time, on purpose: a
 * judge that asked the judged would find nothing.
 */
@NullMarked
package writeboost.inspect;

import org.jspecify.annotations.NullMarked;
