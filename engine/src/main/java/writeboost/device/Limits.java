package writeboost.device;

/**
 * What a device can do.
 *
 * @param readOnly writes are answered {@link Errno#EPERM}
 * @param alignment bytes; offset and length of every request must be a multiple of it (at least
 *     512). A device takes memory at any address; memory at a multiple of 4096 may save it a copy
 * @param preferred bytes; the request size from which on nothing is lost (4096 for most)
 * @param canZero WRITE_ZEROES is carried out, and reads back as zeroes
 * @param canTrim TRIM is carried out; what a trimmed range reads as is not said
 */
public record Limits(
    boolean readOnly, int alignment, int preferred, boolean canZero, boolean canTrim) {}
