/**
 * The cached volume. Start at {@link writeboost.volume.Volume}: it opens the two devices, drives
 * the core, and is itself a {@link writeboost.device.BlockDevice}.
 *
 * <p>{@link writeboost.volume.Core} is the passive core: the one lock and its entry points. {@link
 * writeboost.volume.WritePath} and {@link writeboost.volume.ReadPath} are what happens to a request
 * inside it. Only Volume and Driver may know threads, time and waiting; no protocol and no command
 * line may enter.
 */
@NullMarked
package writeboost.volume;

import org.jspecify.annotations.NullMarked;
