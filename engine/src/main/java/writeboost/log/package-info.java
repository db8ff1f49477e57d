/**
 * The log: segments, groups, barriers, and what a start makes of them.
 *
 * <p>Reading order: {@link writeboost.log.SegmentBuffer} (one segment in RAM), {@link
 * writeboost.log.SegmentRing} (the slots of the cache device), {@link writeboost.log.Log} (where
 * the next line goes), {@link writeboost.log.SegmentWriter} (frozen groups to the device), {@link
 * writeboost.log.Barriers} (what is durable), {@link writeboost.log.Recovery} (resume). Everything
 * but Recovery is part of the passive core and is called under its lock. Requests, reads and
 * write-back policy stay out.
 */
@NullMarked
package writeboost.log;

import org.jspecify.annotations.NullMarked;
