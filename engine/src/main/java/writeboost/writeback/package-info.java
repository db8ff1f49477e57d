/**
 * Write-back: copying dirty lines of closed, durable segments to the backing device, oldest
 * segments first.
 *
 * <p>{@link writeboost.writeback.WritebackPlan} says what is written, sorted and merged; {@link
 * writeboost.writeback.Writeback} carries it out; {@link writeboost.writeback.Recorder} keeps the
 * record of it on the cache device. Part of the passive core, called under its lock. Client
 * requests stay out.
 */
@NullMarked
package writeboost.writeback;

import org.jspecify.annotations.NullMarked;
