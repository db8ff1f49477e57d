/**
 * The one seam to disks: {@link BlockDevice} and {@link Request}, and the devices behind it.
 *
 * <p>The volume, the devices under it and the NBD server all speak this interface. Nothing in here
 * knows of segments, logs, caches or protocols. {@link writeboost.device.Posix} is the only class
 * of the project that calls foreign functions.
 */
@NullMarked
package writeboost.device;

import org.jspecify.annotations.NullMarked;
