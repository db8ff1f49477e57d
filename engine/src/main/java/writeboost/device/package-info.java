/**
 * The one seam to disks: {@link BlockDevice} and {@link Request}, and the devices behind it.
 *
 * <p>The volume, the devices under it and the NBD server all speak this interface. Nothing in here
 * knows of segments, logs, caches or protocols. {@link writeboost.device.Posix} is the one place
 * that binds foreign functions; beside it only AnonymousMemory and IoUring call any.
 */
@NullMarked
package writeboost.device;

import org.jspecify.annotations.NullMarked;
